"""The plots of a comparison, as SVG that takes the colour of the text around it."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from typing import Any

from edgeai.driver import vendor
from edgeai.workbench.compare import Comparison

__all__ = ["plots"]

_INK = "#010203"
"""Stands for the page's own text colour, which the plots take in light and in dark."""
_BLUE = "#3b82c4"
_AWAY = (14, -22, 28, -36)
"""Points by which names stand above and below their discs, in turn, so that neighbours can be read."""
_QUANTILES = {"p50": 1.0, "p90": 0.5, "p99": 0.25}
"""How full each is drawn."""


def plots(found: Comparison) -> list[tuple[str, str]]:
    """Return (title, SVG) of each plot. Raises PluginError where matplotlib is not installed."""
    drawn = [("Latency, ms of a job on one thread", _svg(found, _latency, _height(found)))]
    if found.models[0].figures:
        main = found.models[0].figures[0].metric
        drawn.insert(0, (f"{main} against latency; the discs are the files' sizes", _svg(found, _trade, 4.2)))
    drawn.append((f"Agreement: {found.metric}", _svg(found, _agreement, _height(found) + 1.0)))
    return drawn


def _height(found: Comparison) -> float:
    return 1.2 + 0.5 * len(found.models)


def _svg(found: Comparison, draw: Callable[[Any, Comparison], None], height: float) -> str:
    matplotlib = vendor("matplotlib", "plot")
    inks = {f"{part}.color": _INK for part in ("text", "xtick", "ytick")}
    style = {
        **inks,
        "axes.edgecolor": _INK,
        "axes.labelcolor": _INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "font.size": 11,
        "svg.fonttype": "none",
        "svg.hashsalt": draw.__name__,
    }
    with matplotlib.rc_context(style):
        figure = vendor("matplotlib.figure", "plot").Figure(figsize=(7, height), layout="constrained")
        draw(figure.subplots(), found)
        text = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(text, format="svg", transparent=True, metadata=nothing)
    svg = text.getvalue()
    return svg[svg.index("<svg") :].replace(_INK, "currentColor")


def _trade(axes: Any, found: Comparison) -> None:
    largest = max(model.bytes for model in found.models)
    quickest_first = sorted(found.models, key=lambda model: model.measured.job.p50)
    for model, away in zip(quickest_first, itertools.cycle(_AWAY), strict=False):
        x, y = model.measured.job.p50, model.figures[0].value
        axes.scatter(x, y, s=40 + 400 * model.bytes / largest, color=_BLUE, alpha=0.6, linewidths=0)
        axes.annotate(model.name, (x, y), xytext=(0, away), textcoords="offset points", ha="center", fontsize=9)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.margins(0.25)
    axes.set_xlabel("ms of a job, median, on a logarithmic scale")
    axes.set_ylabel(found.models[0].figures[0].metric)


def _latency(axes: Any, found: Comparison) -> None:
    for row, model in enumerate(found.models):
        known = [(name, getattr(model.measured.job, name)) for name in _QUANTILES]
        ends = [(name, value) for name, value in known if value is not None]
        for name, value in reversed(ends):
            axes.barh(
                row, value, height=0.6, color=_BLUE, alpha={"p50": 1.0, "p90": 0.5, "p99": 0.25}[name], label=name
            )
        axes.annotate(f"{ends[-1][1]:.3g}", (ends[-1][1], row), xytext=(4, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(len(found.models)), [model.name for model in found.models])
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel("full: p50, pale: p90, palest: p99")


def _agreement(axes: Any, found: Comparison) -> None:
    axes.imshow(found.agreement, cmap="Blues", vmin=min(0.0, *map(min, found.agreement)), vmax=1.0)
    names = [model.name for model in found.models]
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
    axes.set_yticks(range(len(names)), names)
    for i, row in enumerate(found.agreement):
        for j, value in enumerate(row):
            colour = "white" if value > 0.6 else "black"
            axes.text(j, i, f"{value:.3f}", ha="center", va="center", color=colour, fontsize=9)
