"""`edgeai doctor`: examine this machine, and say what would mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from edgeai.cli import screen
from edgeai.cli.options import AsJson

if TYPE_CHECKING:
    from edgeai.workbench.doctor import Finding

__all__ = ["doctor"]

_MARKS = {"good": "●", "mind": "◐", "bad": "✗", "absent": "○"}


def doctor(
    seconds: Annotated[float, typer.Option(help="How long the self-test runs; 0 for none.", min=0, max=600)] = 5.0,
    as_json: AsJson = False,
) -> None:
    """Examine board, heat, software and permissions, then drive the simulated rover for 5 s.

    The report can be pasted where one asks for help: it names no user, host, address or serial number. Exit code 3
    where something does not work.

    Example: edgeai doctor --seconds 0
    """
    from edgeai.workbench.doctor import examine

    with screen.progress_bar("examining") as show:
        found = []
        for finding in examine(seconds):
            found.append(finding)
            show(f"{finding.topic}: {finding.name}", None)
    if as_json:
        screen.print_json([asdict(finding) for finding in found])
    else:
        _print(found)
    if any(finding.verdict == "bad" for finding in found):
        raise typer.Exit(3)


def _print(found: Iterable[Finding]) -> None:
    from rich.markup import escape
    from rich.table import Table

    console = screen.console()
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    topic = ""
    for finding in found:
        if finding.topic != topic:
            topic = finding.topic
            table.add_row("", f"[bold]{topic}[/bold]", "")
        cure = f"\n-> {escape(finding.do)}" if finding.do else ""
        table.add_row(_MARKS[finding.verdict], escape(finding.name), escape(finding.says) + cure)
    console.print(table)
    console.print("\n● as it should be   ◐ works, could be better   ✗ does not work   ○ not on this machine")
