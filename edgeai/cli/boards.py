"""`edgeai boards`: what is known of boards, and which of them this machine is."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeai.cli import complete, screen
from edgeai.cli.options import AsJson
from edgeai.power.boards import Board, board_names, load_board, running_board, slowdown
from edgeai.power.ladders import Ladder, load_ladder

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["boards"]

_UNITS = {
    "cores": "",
    "idle": " W",
    "stress": " W",
    "core": " W a busy core",
    "supply": " W",
    "throttle_soft": " °C",
    "throttle_hard": " °C",
}


def boards(
    name: Annotated[
        str | None,
        typer.Argument(
            help="A board, or a YAML file that describes one.", show_default=False, autocompletion=complete.boards
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the boards there are tables of, or show one with the source of each number. `*` marks this machine's.

    Example: edgeai boards pi4
    """
    here = running_board()
    shown = [load_board(name)] if name else [load_board(known) for known in board_names()]
    if as_json:
        screen.print_json([_plain(board, here) for board in shown])
    elif name:
        _show(shown[0], here)
    else:
        _list(shown, here)


def _plain(board: Board, here: Board) -> dict[str, Any]:
    return asdict(board) | {"here": board == here, "slowdown": _slowdown(board)}


def _slowdown(board: Board) -> float:
    return round(slowdown(board, load_board("pi4")), 3)


def _list(shown: list[Board], here: Board) -> None:
    source = "source of idle and stress"
    headings = ("", "board", "cores", "idle W", "stress W", "time, Pi 4 = 1", source)
    table = screen.table(*headings, left=("", "board", source))
    for board in shown:
        table.add_row(
            "*" if board == here else "",
            board.name,
            f"{board.cores.value:g}",
            f"{board.idle.value:g}",
            f"{board.stress.value:g}",
            f"{_slowdown(board):.2f}",
            _sources(board),
        )
    console = screen.console()
    console.print(table)
    console.print(f"\n* this machine: {here.title} ({here.name}). `edgeai boards NAME` gives every source.")


def _sources(board: Board) -> str:
    """Return where idle and stress come from, in few words: reasons for assumptions are in the detailed view."""
    found = ["assumed" if f.assumed else f.source.split(";")[0].split(",")[0] for f in (board.idle, board.stress)]
    return " / ".join(dict.fromkeys(found))


def _show(board: Board, here: Board) -> None:
    console = screen.console()
    machine = "; this machine" if board == here else ""
    console.print(f"[bold]{board.title}[/bold] ({board.name}{machine})\n")
    headings = ("figure", "value", "source")
    table = screen.table(*headings, left=headings)
    for row in _rows(board):
        table.add_row(*row)
    console.print(table)
    for ladder in board.ladders:
        _show_ladder(console, load_ladder(ladder))


def _rows(board: Board) -> list[tuple[str, str, str]]:
    rows = [(name, f"{figure.value:g}{_UNITS[name]}", figure.source) for name, figure in board.figures().items()]
    rows.append(("frequencies", _series(board.frequencies.values, 1e-6, "MHz"), board.frequencies.source))
    if board.volts:
        at = ", ".join(f"{volts:g} V at {hz / 1e6:g} MHz" for hz, volts in board.volts.items())
        rows.append(("core voltage", at, board.volts_source))
    if board.fan:
        rows.append(("fan steps", _series(board.fan.values, 1, "°C"), board.fan.source))
    times = ", ".join(f"{ms:g} ms on {threads}" for threads, ms in sorted(board.threads.ms.items()))
    rows.append(("threads", times, board.threads.source))
    return rows


def _series(values: tuple[float, ...], scale: float, unit: str) -> str:
    return f"{', '.join(f'{value * scale:g}' for value in values)} {unit}"


def _show_ladder(console: Console, ladder: Ladder) -> None:
    console.print(f"\n[bold]{ladder.title}[/bold] ({ladder.name}); {ladder.source}")
    console.print(ladder.conditions)
    table = screen.table("model", "top-1 %", "p50 ms", "p99 ms", "p99.9 ms", "mJ", left=("model",))
    for rung in ladder.rungs:
        numbers = (rung.top1, rung.p50_ms, rung.p99_ms, rung.p999_ms, rung.mj)
        table.add_row(rung.model, *(f"{number:.1f}" for number in numbers))
    console.print(table)
