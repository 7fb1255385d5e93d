"""The page that `edgeai simulate` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from edgeai.cli import screen
from edgeai.graph.asked import told
from edgeai.power.boards import Board

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["show"]

_BASES = {"table": "by the board's table", "measured": "by the profile", "given": "as the file says"}

_RARE = 0.001
"""Points with a smaller share of the runs are not listed: a ladder may have dozens that are never run."""


def show(figures: dict[str, Any], board: Board) -> None:
    """Print a simulation's figures."""
    console = screen.console()
    console.print(f"[bold]{figures['scenario']} on {board.title}[/bold]")
    console.print(f"{_circumstances(figures)}\n")
    if figures["admission"] != "admitted":
        console.print(f"not admitted: {figures['admission']}\n")
    page = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    page.add_column(style="bold")
    page.add_column()
    for name, stage in figures["stages"].items():
        page.add_row(name, _stage(stage))
    for name, text in _board(figures["board_figures"], figures["conditions"]["celsius_a_watt"]):
        page.add_row(name, text)
    console.print(page)
    for name, stage in figures["stages"].items():
        console.print()
        _show_points(console, name, stage["points"])
    for name, source in figures["sources"].items():
        if source["basis"] == "assumed":
            console.print(f"\n{name} tells its rate only when it is open: {source['rate_hz']:g} fps is assumed")


def _circumstances(figures: dict[str, Any]) -> str:
    given, policy = figures["conditions"], dict(figures["policy"])
    name = policy.pop("name").replace("_", "-")
    words = [f"policy {name}", *filter(None, [told(policy)]), _span(figures["seconds"]), given["regime"]]
    words.append(f"{given['ambient_celsius']:g} °C")
    if given["battery_wh"] is not None:
        words.append(f"{given['battery_wh']:g} Wh")
    return "; ".join([*words, "metered" if given["meter"] else "no meter", f"seed {given['seed']}"])


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:g} s"
    return f"{seconds / 60:.4g} min" if seconds < 7200 else f"{seconds / 3600:.4g} h"


def _stage(stage: dict[str, Any]) -> str:
    lost = {cause: stage["dropped"].get(cause, 0) for cause in ("late", "superseded", "fault")}
    causes = [f"{stage['late']} late"] if stage["late"] else []
    causes += [f"{n} {'dropped late' if cause == 'late' else cause}" for cause, n in lost.items() if n]
    missed = f"{100 * stage['miss_rate']:.2f} % missed" + (f" ({', '.join(causes)})" if causes else "")
    lines = [f"{stage['rate_hz']:.2f} results a second on time, {missed}"]
    if stage["on_time"]:
        lines.append(
            f"accuracy {_percent(stage['accuracy'])}; latency {stage['latency_p50_ms']:.1f} ms, "
            f"p99 {stage['latency_p99_ms']:.1f} ms; age at use {stage['age_at_use_ms'] or 0:.0f} ms"
        )
        lines.append(
            f"{stage['switches_a_minute']:.0f} switches a minute between variants; "
            f"{stage['joules_above_idle_a_useful_result']:.3f} J above idle a result"
        )
    return "\n".join(lines)


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{100 * share:.1f} %"


def _board(board: dict[str, Any], resistance: float) -> list[tuple[str, str]]:
    worst = f"{board['watts_worst_minute']:.2f} W in the worst minute"
    if board["watts_budget"] is not None:
        worst += f", {100 * board['worst_minute_of_budget']:.1f} % of the budget"
    hottest = f"{board['celsius_max']:.1f} °C, {board['seconds_throttled']} s throttled"
    basis = _BASES.get(board["watts_basis"], "estimated")
    rows = [
        ("power", f"{board['watts_mean']:.2f} W in the mean, {worst}; {basis}"),
        ("heat", f"at most {hottest}; {resistance:g} °C a watt is assumed"),
    ]
    if board["joules_a_useful_result"] is not None:
        rows.append(
            ("energy", f"{board['energy_wh']:.2f} Wh; {board['joules_a_useful_result']:.3f} J a result on time")
        )
    if "battery" in board:
        battery = board["battery"]
        lasts = "empty after" if battery["empty"] else f"{battery['left_wh']:.2f} Wh left; it would last"
        rows.append(("battery", f"{lasts} {battery['hours']:.2f} h"))
    return rows


def _show_points(console: Console, stage: str, points: list[dict[str, Any]]) -> None:
    table = Table(header_style="bold", box=None, pad_edge=False)
    for i, heading in enumerate((stage, "threads", "runs %", "accuracy %", "p50 ms", "p99 ms", "W")):
        table.add_column(heading, justify="right" if i else "left")
    shown = [point for point in points if point["share_of_runs"] >= _RARE] if len(points) > 1 else points
    for point in shown:
        numbers = [f"{100 * point['share_of_runs']:.1f}", _percent(point["accuracy"]).removesuffix(" %")]
        numbers += [f"{point['p50_ms']:.1f}", f"{point['p99_ms']:.1f}", f"{point['watts']:.2f}"]
        table.add_row(point["variant"], str(point["threads"]), *numbers)
    console.print(table)
    if len(shown) < len(points):
        console.print(f"[dim]and {len(points) - len(shown)} that it never or hardly ever ran[/dim]")
    for said in dict.fromkeys(f"{point['basis']}: {point['source']}" for point in shown):
        console.print(f"[dim]durations {said}[/dim]")
