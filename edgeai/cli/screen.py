"""What commands show: tables and JSON on standard output, notes and progress on standard error.

Colours follow `--no-color` and NO_COLOR; `--quiet` leaves out notes and progress, never results.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import typer

from edgeai.clock import NS, SystemClock

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["console", "note", "print_json", "progress_bar", "quiet", "settle", "table"]

_PATIENCE = 1.0
"""Seconds before a progress bar appears."""

_QUIET: ContextVar[bool] = ContextVar("QUIET", default=False)


def settle(*, quiet: bool, no_color: bool) -> None:
    """Take what the command line says of how to show things, once, before anything is shown."""
    _QUIET.set(quiet)
    if no_color:
        os.environ["NO_COLOR"] = "1"


def quiet() -> bool:
    """Say whether notes and progress are left out."""
    return _QUIET.get()


def console(*, width: int = 140, stderr: bool = False) -> Console:
    """Return where to print; `width` columns where that is no terminal."""
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False)
    if not made.is_terminal:
        made.width = width
    return made


def table(*headings: str, left: Sequence[str] = (), whole: Sequence[str] = ()) -> Table:
    """Return a plain table; columns are set right but for those `left`, and those `whole` are never wrapped."""
    from rich.table import Table

    made = Table(header_style="bold", box=None, pad_edge=False)
    for heading in headings:
        made.add_column(heading, justify="left" if heading in left else "right", no_wrap=heading in whole)
    return made


def print_json(value: Any) -> None:
    """Print a value of plain Python as JSON."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def note(text: str) -> None:
    """Say on standard error what is worth knowing and is no result."""
    if not quiet():
        typer.echo(text, err=True)


@contextmanager
def progress_bar(what: str = "loading") -> Iterator[Callable[[str, float | None], None]]:
    """Give a function of (what is done now, share done or None) that draws a bar once a second has gone by.

    Nothing is drawn where standard error is no terminal.
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    clock = SystemClock()
    began = clock.now()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console(stderr=True), transient=True)
    task = bar.add_task(what, total=1.0)
    wanted = bar.console.is_terminal and not quiet()
    shown = False

    def show(what: str, share: float | None) -> None:
        nonlocal shown
        bar.update(task, description=what, total=None if share is None else 1.0, completed=share)
        if wanted and not shown and clock.now() - began > _PATIENCE * NS:
            shown = True
            bar.start()

    try:
        yield show
    finally:
        if shown:
            bar.stop()
