"""The page that `edgeai simulate` prints."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from edgeai.power.boards import Board

__all__ = ["show"]

_HEADINGS = (
    "stage",
    "on time /s",
    "missed %",
    "late",
    "dropped",
    "accuracy %",
    "p50 ms",
    "p99 ms",
    "age ms",
    "switches /min",
    "J a result",
)


def show(figures: dict[str, Any], board: Board) -> None:
    """Print a simulation's figures."""
    console = Console(highlight=False)
    console.print(f"[bold]{figures['scenario']} on {board.title}[/bold]: {_circumstances(figures)}\n")
    if figures["admission"] != "admitted":
        console.print(f"not admitted: {figures['admission']}\n")
    for lines in (_stages(figures), _board(figures), _points(figures)):
        console.print(lines)
        console.print()
    for name, source in figures["sources"].items():
        if source["basis"] == "assumed":
            console.print(f"{name} does not say its rate without being opened: {source['rate_hz']:g} fps is assumed")


def _circumstances(figures: dict[str, Any]) -> str:
    given, policy = figures["conditions"], dict(figures["policy"])
    name = policy.pop("name").replace("_", "-")
    asked = "".join(f", {key.replace('_', ' ')} {value:g}" for key, value in policy.items())
    words = [f"{name}{asked}", _span(figures["seconds"]), given["regime"], f"{given['ambient_celsius']:g} °C"]
    if given["battery_wh"] is not None:
        words.append(f"{given['battery_wh']:g} Wh")
    return "; ".join([*words, f"seed {given['seed']}"])


def _span(seconds: float) -> str:
    return (
        f"{seconds:g} s"
        if seconds < 120
        else f"{seconds / 60:.4g} min"
        if seconds < 7200
        else f"{seconds / 3600:.4g} h"
    )


def _table(*headings: str, left: int = 1) -> Table:
    table = Table(header_style="bold", box=None, pad_edge=False)
    for i, heading in enumerate(headings):
        table.add_column(heading, justify="left" if i < left else "right", overflow="fold")
    return table


def _stages(figures: dict[str, Any]) -> Table:
    table = _table(*_HEADINGS)
    for name, stage in figures["stages"].items():
        lost = sum(n for cause, n in stage["dropped"].items() if cause in ("late", "superseded"))
        table.add_row(
            name,
            f"{stage['rate_hz']:.2f}",
            f"{100 * stage['miss_rate']:.2f}",
            str(stage["late"]),
            str(lost),
            _number(stage["accuracy"], 100, ".1f"),
            _number(stage["latency_p50_ms"], 1, ".1f"),
            _number(stage["latency_p99_ms"], 1, ".1f"),
            _number(stage["age_at_use_ms"], 1, ".0f"),
            f"{stage['switches_a_minute']:.0f}",
            _number(stage["joules_above_idle_a_useful_result"], 1, ".3f"),
        )
    return table


def _number(value: float | None, scale: float, form: str) -> str:
    return "-" if value is None else format(value * scale, form)


def _board(figures: dict[str, Any]) -> Table:
    board = figures["board_figures"]
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    basis = {"table": "by the board's table", "measured": "by the profile"}.get(board["watts_basis"], "estimated")
    power = (
        f"{board['watts_mean']:.2f} W in the mean, {board['watts_worst_minute']:.2f} W in the worst minute ({basis})"
    )
    if board["watts_budget"] is not None:
        power += f": {100 * board['worst_minute_of_budget']:.1f} % of the budget of {board['watts_budget']:g} W"
    table.add_row("power", power)
    table.add_row("temperature", f"at most {board['celsius_max']:.1f} °C, {board['seconds_throttled']} s throttled")
    if board["joules_a_useful_result"] is not None:
        table.add_row(
            "energy", f"{board['energy_wh']:.2f} Wh; {board['joules_a_useful_result']:.3f} J a result on time"
        )
    if "battery" in board:
        battery = board["battery"]
        lasts = "empty after" if battery["empty"] else f"{battery['left_wh']:.2f} Wh left, would last"
        table.add_row("battery", f"{lasts} {battery['hours']:.2f} h")
    return table


def _points(figures: dict[str, Any]) -> Table:
    table = _table("stage", "variant", "threads", "runs %", "accuracy %", "p50 ms", "p99 ms", "W", "durations", left=2)
    table.columns[-1].justify = "left"
    for name, stage in figures["stages"].items():
        for point in stage["points"]:
            table.add_row(
                name,
                point["variant"],
                str(point["threads"]),
                f"{100 * point['share_of_runs']:.1f}",
                f"{100 * point['accuracy']:.1f}",
                f"{point['p50_ms']:.1f}",
                f"{point['p99_ms']:.1f}",
                f"{point['watts']:.2f}",
                f"{point['basis']}: {point['source']}",
            )
    return table
