"""`edgeai compare`: models side by side, as a table and as a page."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeai.cli import screen
from edgeai.cli.options import AllowCode, AsJson, require_place
from edgeai.errors import ConfigError, Problem

if TYPE_CHECKING:
    from edgeai.workbench.compare import Comparison

__all__ = ["compare"]


def compare(
    models: Annotated[list[str], typer.Argument(metavar="MODEL…", help="Two model files or more, or a graph.")],
    data: Annotated[Path, typer.Option(help="A dataset; one without truth gives all but the accuracy.")],
    metric: Annotated[list[str] | None, typer.Option(help="A metric of this data; repeatable.")] = None,
    seconds: Annotated[float, typer.Option(help="Of measuring, for each model.", min=0.1)] = 2.0,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write a page with plots: report.html.")] = None,
    as_json: AsJson = False,
    allow_code: AllowCode = False,
) -> None:
    """Compare models: accuracy, latency on one thread, size, memory, and how far they agree.

    Example: edgeai compare small.tflite large.tflite --data photos/ -o report.html
    """
    from edgeai.workbench.compare import compare as work
    from edgeai.workbench.datasets import open_dataset
    from edgeai.workbench.evaluate import models as load

    dataset = open_dataset(data)
    if output is not None:
        require_place(output)
    chosen = load(models, allow_code=allow_code)
    with screen.progress_bar() as progress:
        found = work(chosen, dataset, seconds=seconds, metrics=metric or (), progress=progress)
    if output is not None:
        _write(output, found)
    if as_json:
        screen.print_json(asdict(found))
    else:
        _print(found)


def _write(path: Path, found: Comparison) -> None:
    from edgeai.workbench.compare_page import page

    try:
        path.write_text(page(found), "utf-8")
    except OSError as error:
        expected = "a file that may be written"
        raise ConfigError(Problem("--output", f"{path} ({error.strerror})", expected)) from error
    screen.note(f"{path} is written")


def _print(found: Comparison) -> None:
    from edgeai.workbench.compare_page import columns

    headings, rows = columns(found)
    table = screen.table(*headings, left=headings[:1], whole=headings)
    for row in rows:
        table.add_row(*row)
    console = screen.console(width=160)
    console.print(table)
    console.print(f"\n{found.samples} inputs of {found.dataset}; one thread; {found.machine}", soft_wrap=True)
    for warning in found.warnings:
        console.print(f"[bold]warning[/bold]: {warning}", soft_wrap=True)
