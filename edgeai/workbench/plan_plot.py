"""A plan as a picture, a row a stage: accuracy over watts, and the trade of rate, latency and watts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgeai.workbench.drawing import GREY, INK, PALETTE, WARNING, limit, new_figure, quiet, save
from edgeai.workbench.plan import Option, Plan, StagePlan
from edgeai.workbench.plan_trade import draw_trade

__all__ = ["plot_plan"]

_NOTE = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "fontsize": 8}


def plot_plan(plan: Plan, path: Path) -> None:
    """Draw the frontier of every stage that has a choice. Raises ConfigError, PluginError."""
    stages = [stage for stage in plan.stages if len(stage.options) > 1] or list(plan.stages)
    size = 0.95 + 3.6 * len(stages)
    figure = new_figure(13.0, size)
    grid = figure.subplots(len(stages), 2, squeeze=False, gridspec_kw={"hspace": 0.36, "wspace": 0.14})
    figure.subplots_adjust(left=0.045, right=0.805, top=1.0 - 0.95 / size, bottom=0.52 / size)
    scenario = plan.scenario
    title = f"{scenario.name} on {scenario.board.title}"
    figure.text(0.018, 1.0 - 0.27 / size, title, fontsize=13, weight="bold", color=INK)
    policy = scenario.schedule.policy.replace("_", "-")
    about = f"one point a variant and number of threads, at the highest rate that fits; policy {policy} settles at"
    figure.text(0.018, 1.0 - 0.5 / size, f"{about} {plan.watts:.2f} W", fontsize=9, color="#555555")
    known: dict[str, Any] = {}
    for axes, stage in zip(grid, stages, strict=True):
        _watts(axes[0], plan, stage)
        draw_trade(axes[1], stage, plan.scenario.board.idle.value, plan.scenario.schedule.asked().get("budget"))
        for each in axes:
            known |= {label: handle for handle, label in zip(*each.get_legend_handles_labels(), strict=True)}
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
    budget = plan.scenario.schedule.asked().get("budget")
    if budget is not None:
        limit(axes, budget, f"budget {budget:g} W")
    axes.set_ylim(0.0, None)


def _worth(option: Option, top: float) -> float:
    return option.point.accuracy * (1.0 - option.risk) * option.rate / top


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
    ringed = stage.chosen()
    ring = {"s": 130, "facecolors": "none", "edgecolors": INK, "linewidths": 1.4}
    axes.scatter([x(o) for o in ringed], [y(o) for o in ringed], label="what the policy runs", zorder=4, **ring)
