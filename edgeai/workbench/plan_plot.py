"""A plan as a picture: accuracy over watts and over latency, a row a stage."""

from __future__ import annotations

from collections.abc import Callable
from math import log10
from pathlib import Path
from typing import Any

from edgeai.workbench.drawing import GREY, INK, PALETTE, WARNING, new_figure, quiet, save
from edgeai.workbench.plan import Option, Plan, StagePlan

__all__ = ["plot_plan"]

_RUN, _MAIN = 0.02, 0.1
"""Points with these shares of the runs are ringed, and named."""

_APART = 0.06
"""Of the height: names that are closer cover each other."""

_NOTE = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "fontsize": 8}


def plot_plan(plan: Plan, path: Path) -> None:
    """Draw the frontier of every stage that has a choice. Raises ConfigError, PluginError."""
    stages = [stage for stage in plan.stages if len(stage.options) > 1] or list(plan.stages)
    size = 0.95 + 3.6 * len(stages)
    figure = new_figure(11.0, size)
    grid = figure.subplots(len(stages), 2, squeeze=False, gridspec_kw={"hspace": 0.36, "wspace": 0.14})
    figure.subplots_adjust(left=0.055, right=0.975, top=1.0 - 0.95 / size, bottom=0.52 / size)
    scenario = plan.scenario
    title = f"{scenario.name} on {scenario.board.title}"
    figure.text(0.018, 1.0 - 0.27 / size, title, fontsize=13, weight="bold", color=INK)
    policy = scenario.schedule.policy.replace("_", "-")
    about = f"one point a variant and number of threads, at the highest rate that fits; policy {policy} settles at"
    figure.text(0.018, 1.0 - 0.5 / size, f"{about} {plan.watts:.2f} W", fontsize=9, color="#555555")
    known: dict[str, Any] = {}
    for axes, stage in zip(grid, stages, strict=True):
        _watts(axes[0], plan, stage)
        _latency(axes[1], stage)
        known |= {label: handle for handle, label in zip(*axes[1].get_legend_handles_labels(), strict=True)}
    place = {"loc": "upper right", "bbox_to_anchor": (0.985, 1.0)}
    look = {"fontsize": 8, "frameon": False, "ncols": len(known), "handletextpad": 0.2}
    figure.legend(known.values(), known.keys(), **place, **look)
    save(figure, path)


def _watts(axes: Any, plan: Plan, stage: StagePlan) -> None:
    quiet(axes, f"{stage.stage.name}: accuracy x share of the frames at {stage.top:g} fps")
    axes.set_xlabel("power of the board, W", fontsize=9, color=INK)
    if stage.frontier is not None:
        reached = stage.frontier.reached
        axes.plot(*zip(*reached, strict=True), color=PALETTE[0], linewidth=2.0, zorder=2)
        axes.annotate(
            "what the policy power reaches by mixing",
            reached[len(reached) // 3],
            (8, -16),
            textcoords="offset points",
            fontsize=8.5,
            color=PALETTE[0],
        )
    feasible = [option for option in stage.options if option.feasible]
    _points(axes, stage, feasible, lambda o: o.watts, lambda o: _worth(o, stage.top))
    idle = plan.scenario.board.idle.value
    axes.axvline(idle, color=GREY, linewidth=0.9, linestyle=(0, (1, 2)))
    axes.annotate(f"idle {idle:g} W", (idle, 0.02), (4, 0), color="#6d6d6d", **_NOTE)
    budget = plan.scenario.asked().get("budget")
    if budget is not None:
        _limit(axes, budget, f"budget {budget:g} W")
    axes.set_ylim(0.0, None)


def _worth(option: Option, top: float) -> float:
    return option.point.accuracy * (1.0 - option.risk) * option.rate / top


def _latency(axes: Any, stage: StagePlan) -> None:
    quiet(axes, f"{stage.stage.name}: accuracy")
    axes.set_xlabel("latency that 99 in 100 keep, ms (log)", fontsize=9, color=INK)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    axes.xaxis.set_minor_formatter(lambda x, _: f"{x:g}" if f"{x:g}"[0] in "25" else "")
    axes.tick_params(axis="x", which="minor", labelsize=8, colors="#555555", length=0)
    _points(axes, stage, stage.options, lambda o: 1e3 * o.latency, lambda o: o.point.accuracy)
    axes.margins(x=0.08, y=0.12)
    if stage.stage.deadline is not None:
        _limit(axes, stage.stage.deadline / 1e6, f"deadline {stage.stage.deadline / 1e6:g} ms")
    _names(axes, stage)


def _limit(axes: Any, x: float, text: str) -> None:
    axes.axvline(x, color=WARNING, linewidth=1.2, linestyle=(0, (5, 3)))
    axes.annotate(text, (x, 0.02), (-4, 0), color=WARNING, ha="right", **_NOTE)


def _points(
    axes: Any,
    stage: StagePlan,
    options: list[Option] | tuple[Option, ...],
    x: Callable[[Option], float],
    y: Callable[[Option], float],
) -> None:
    looks: tuple[tuple[str, Callable[[Option], bool], dict[str, Any]], ...] = (
        ("on the frontier", lambda o: o.verdict == "frontier", {"s": 42, "color": PALETTE[0], "linewidths": 0}),
        ("dominated", lambda o: o.verdict == "dominated", {"s": 16, "color": GREY, "linewidths": 0}),
        ("not feasible", lambda o: not o.feasible, {"s": 26, "color": WARNING, "marker": "x", "linewidths": 1.2}),
    )
    for label, belongs, look in looks:
        chosen = [option for option in options if belongs(option)]
        if chosen:
            axes.scatter([x(o) for o in chosen], [y(o) for o in chosen], label=label, zorder=3, **look)
    ringed = _chosen(stage, _RUN)
    ring = {"s": 130, "facecolors": "none", "edgecolors": INK, "linewidths": 1.4}
    axes.scatter([x(o) for o in ringed], [y(o) for o in ringed], label="what the policy runs", zorder=4, **ring)


def _chosen(stage: StagePlan, least: float) -> list[Option]:
    """Return the options that have at least this share of the policy's runs."""
    runs = {(point.variant, point.threads) for point, share in stage.choice.shares if share >= least}
    return [option for option in stage.options if (option.point.variant, option.point.threads) in runs]


def _names(axes: Any, stage: StagePlan) -> None:
    """Name what the policy runs, and the least and the most accurate point of the frontier."""
    from matplotlib.patheffects import withStroke

    best = sorted((o for o in stage.options if o.verdict == "frontier"), key=lambda o: o.point.accuracy)
    low, high = axes.get_ylim()
    left, right = (log10(x) for x in axes.get_xlim())
    heights: list[float] = []
    for option in (*_chosen(stage, _MAIN), *best[:1], *best[-1:]):
        at = (option.point.accuracy - low) / (high - low)
        if any(abs(at - other) <= _APART for other in heights):
            continue
        heights.append(at)
        side = 1 if log10(1e3 * option.latency) < left + 0.35 * (right - left) else -1
        threads = option.point.threads
        axes.annotate(
            f"{_brief(option.point.variant)}, {threads} thread{'s' if threads > 1 else ''}",
            (1e3 * option.latency, option.point.accuracy),
            (9 * side, 5),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            fontsize=8,
            color=INK,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
            zorder=5,
        )


def _brief(variant: str) -> str:
    return variant if len(variant) <= 26 else variant[:25] + "…"
