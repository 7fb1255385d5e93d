"""The trade of a stage as a picture: rate x latency x watts, a line for each operating point."""

from __future__ import annotations

from math import log10
from typing import Any

from edgeai.workbench.drawing import INK, WARNING, limit, quiet, shades
from edgeai.workbench.plan import Option, StagePlan

__all__ = ["draw_trade"]

_RATES = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
"""Hz: marked by dots on the lines."""

_NAMED = 0.1
"""Points with this share of the runs are named first."""

_APART = 0.055
"""Of the height: names that are closer cover each other."""

_NOTE: dict[str, Any] = {"textcoords": "offset points", "fontsize": 8}


def draw_trade(axes: Any, stage: StagePlan, idle: float, budget: float | None) -> None:
    """Draw the latency of each point over the watts it takes, from standing still (idle, W) to its highest rate."""
    quiet(axes, f"{stage.stage.name}: latency that 99 in 100 keep, ms (log); along a line the rate rises")
    axes.set_xlabel("power of the board, W", fontsize=9, color=INK)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda y, _: f"{y:g}")
    axes.yaxis.set_minor_formatter(lambda y, _: f"{y:g}" if f"{y:g}"[0] in "25" else "")
    axes.tick_params(axis="y", which="minor", labelsize=8, colors="#555555", length=0)
    order = sorted({option.point.accuracy for option in stage.options})
    colours = dict(zip(order, shades(len(order)), strict=True))
    for option in stage.options:
        _line(axes, option, idle, stage.top, colours[option.point.accuracy])
    ring: dict[str, Any] = {"s": 130, "facecolors": "none", "edgecolors": INK, "linewidths": 1.4}
    chosen = stage.chosen()
    axes.scatter([o.watts for o in chosen], [1e3 * o.latency for o in chosen], zorder=5, **ring)
    axes.margins(x=0.12, y=0.12)
    if stage.stage.deadline is not None:
        at = stage.stage.deadline / 1e6
        axes.axhline(at, color=WARNING, linewidth=1.2, linestyle=(0, (5, 3)))
        where = {"xycoords": ("axes fraction", "data"), "ha": "right", "color": WARNING}
        axes.annotate(f"deadline {at:g} ms", (1.0, at), (-2, 4), **where, **_NOTE)
    if budget is not None:
        limit(axes, budget, f"budget {budget:g} W")
    _names(axes, stage)


def _line(axes: Any, option: Option, idle: float, top: float, colour: Any) -> None:
    """Draw a line: whole as far as the rate fits, faint up to the highest rate asked for, dots at round rates."""
    each, latency = (option.watts - idle) / option.rate, 1e3 * option.latency
    fits = option.rate if option.feasible else 0.0
    end = idle + each * fits
    axes.plot([idle, idle + each * top], [latency] * 2, color=colour, linewidth=1.0, linestyle=(0, (1, 2)), zorder=2)
    axes.plot([idle, end], [latency] * 2, color=colour, linewidth=2.2, zorder=3)
    dots = [rate for rate in _RATES if rate < 0.95 * fits]
    axes.scatter([idle + each * rate for rate in dots], [latency] * len(dots), s=9, color=colour, zorder=4)
    if option.feasible:
        axes.scatter([end], [latency], s=30, color=colour, zorder=4)
        axes.annotate(f"{fits:.3g} fps", (end, latency), (8, 3), color=INK, **_NOTE)
    else:
        cross: dict[str, Any] = {"s": 22, "color": WARNING, "marker": "x", "linewidths": 1.2, "label": "not feasible"}
        axes.scatter([idle + each * top], [latency], zorder=4, **cross)


def _names(axes: Any, stage: StagePlan) -> None:
    """Name what the policy runs, then the frontier, then the rest, as far as there is room beside the lines."""
    low, high = (log10(y) for y in axes.get_ylim())
    best = sorted((o for o in stage.options if o.verdict == "frontier"), key=lambda o: -o.point.accuracy)
    heights: list[float] = []
    for option in (*stage.chosen(_NAMED), *best, *stage.options):
        at = (log10(1e3 * option.latency) - low) / (high - low)
        if any(abs(at - other) <= _APART for other in heights):
            continue
        heights.append(at)
        threads = option.point.threads
        text = f"{_brief(option.point.variant)}, {threads} thread{'s' if threads > 1 else ''}"
        where: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "va": "center", "annotation_clip": False}
        text = f"{text}: {100 * option.point.accuracy:.0f} %"
        axes.annotate(text, (1.012, 1e3 * option.latency), fontsize=8, color=INK, **where)


def _brief(variant: str) -> str:
    return variant if len(variant) <= 26 else variant[:25] + "…"
