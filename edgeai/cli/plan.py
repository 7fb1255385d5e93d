"""`edgeai plan`: what a pipeline can do on a board, and at what price."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeai.cli import screen
from edgeai.cli.options import (
    Accuracy,
    AllowCode,
    AsJson,
    BoardName,
    Budget,
    Lasting,
    Measured,
    MissRate,
    Policy,
    Workload,
)
from edgeai.cli.scenario import scenario_of
from edgeai.graph.asked import told

if TYPE_CHECKING:
    from rich.console import Console

    from edgeai.workbench.plan import Option, Plan, StagePlan

__all__ = ["plan"]

_SHOWN = 0.005
"""The least share of the runs that is named: less would read 0 %."""


def plan(
    file: Workload = None,
    board: BoardName = None,
    policy: Policy = None,
    budget: Budget = None,
    miss_rate: MissRate = None,
    accuracy: Accuracy = None,
    last: Lasting = None,
    profile: Measured = None,
    as_json: AsJson = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Draw the frontier: plan.png, .svg or .pdf (extra `plot`).")
    ] = None,
    allow_code: AllowCode = False,
) -> None:
    """Print which operating points are feasible for a pipeline on a board: rate, latency, watts, accuracy, age.

    Each variant and number of threads stands at the highest rate that the camera, the graph, the admission test and the
    budget allow, or with what it breaks: deadline, utilisation or budget. Below stands what the policy runs.

    Example: edgeai plan workload.yaml --board pi4 --budget 2.6W -o frontier.png
    """
    from edgeai.workbench.plan import make_plan

    if output is not None:
        from edgeai.workbench.drawing import check_picture

        check_picture(output)
    said = {"policy": policy, "budget": budget, "miss_rate": miss_rate, "accuracy": accuracy, "hours": last}
    scenario = scenario_of(file, board, said, profile, allow_code=allow_code)
    made = make_plan(scenario, frontier=as_json or output is not None)
    if output is not None:
        from edgeai.workbench.plan_plot import plot_plan

        plot_plan(made, output)
    if as_json:
        screen.print_json(_plain(made))
    else:
        _show(made)


def _plain(made: Plan) -> dict[str, Any]:
    return {
        "scenario": made.scenario.name,
        "board": made.scenario.board.name,
        "policy": {"name": made.scenario.schedule.policy, **made.scenario.schedule.asked()},
        "admission": str(made.refusal) if made.refusal else "admitted",
        "watts": round(made.watts, 6),
        "stages": {stage.stage.name: _plain_stage(stage) for stage in made.stages},
    }


def _plain_stage(stage: StagePlan) -> dict[str, Any]:
    choice = stage.choice
    return {
        "highest_rate_hz": stage.top,
        "options": [_plain_option(option) for option in stage.options],
        "policy": {
            "shares": [{**asdict(point), "share_of_runs": round(share, 6)} for point, share in choice.shares],
            "rate_hz": round(choice.rate, 6),
            "miss_rate": round(choice.miss_rate, 6),
            "accuracy": round(choice.accuracy, 6),
        },
        "frontier": [[round(w, 6), round(a, 6)] for w, a in stage.frontier.reached] if stage.frontier else None,
    }


def _plain_option(option: Option) -> dict[str, Any]:
    return {
        "variant": option.point.variant,
        "threads": option.point.threads,
        "accuracy": None if option.figures.accuracy is None else round(option.figures.accuracy, 6),
        "rate_hz": round(option.rate, 6),
        "latency_p50_ms": round(option.figures.median / 1e6, 6),
        "latency_p99_ms": round(1e3 * option.latency, 6),
        "age_at_use_ms": round(1e3 * option.age, 6),
        "watts": round(option.watts, 6),
        "joules_above_idle_a_result": round(option.joules, 6),
        "miss_rate": round(option.risk, 6),
        "feasible": option.feasible,
        "verdict": option.verdict,
        "why": option.why,
        "basis": option.figures.basis,
        "source": option.figures.source,
        "watts_basis": option.figures.watts_basis,
    }


def _show(made: Plan) -> None:
    console = screen.console()
    scenario = made.scenario
    policy = ", ".join(filter(None, (scenario.schedule.policy.replace("_", "-"), told(scenario.schedule.asked()))))
    console.print(f"[bold]{scenario.name} on {scenario.board.title}[/bold]")
    console.print(f"policy {policy}")
    console.print("admitted" if made.refusal is None else f"not admitted: {made.refusal}")
    for stage in made.stages:
        _show_stage(console, stage)
    console.print(f"\nThe board then takes {made.watts:.2f} W.")


def _show_stage(console: Console, stage: StagePlan) -> None:
    deadline = "" if stage.stage.deadline is None else f", deadline {stage.stage.deadline / 1e6:g} ms"
    console.print(f"\n[bold]{stage.stage.name}[/bold], at most {stage.top:g} fps{deadline}")
    headings = ("variant", "thr", "fps", "p99 ms", "W", "J", "acc %", "age ms", "")
    table = screen.table(*headings, left=("variant", ""))
    for option in sorted(stage.options, key=lambda o: (o.point.accuracy, o.point.threads)):
        style = {"frontier": "bold", "dominated": "dim"}.get(option.verdict, "red")
        table.add_row(*_row(option), style=style)
    console.print(table)
    for said in dict.fromkeys(f"{o.figures.basis}: {o.figures.source}" for o in stage.options):
        console.print(f"[dim]durations {said}[/dim]")
    for option in _examples(stage):
        console.print(f"[dim]{option.verdict}: {option.point.variant} ({option.point.threads}): {option.why}[/dim]")
    choice = stage.choice
    runs = ", ".join(
        f"{point.variant} ({point.threads}) {100 * share:.0f} %" for point, share in choice.shares if share >= _SHOWN
    )
    known = all(option.figures.accuracy is not None for option in stage.options)
    accuracy = f", accuracy {100 * choice.accuracy:.1f} %" if known else ""
    console.print(
        f"The policy settles at {runs or 'nothing'}: {choice.rate:.3g} results a second on time, "
        f"{100 * choice.miss_rate:.2g} % late{accuracy}."
    )


def _examples(stage: StagePlan) -> list[Option]:
    """Return one point for each thing that is broken, the quickest."""
    first: dict[str, Option] = {}
    for option in sorted(stage.options, key=lambda o: o.figures.median):
        if not option.feasible:
            first.setdefault(option.verdict, option)
    return list(first.values())


def _row(option: Option) -> tuple[str, ...]:
    return (
        option.point.variant,
        str(option.point.threads),
        f"{option.rate:.3g}",
        f"{1e3 * option.latency:.1f}",
        f"{option.watts:.2f}",
        f"{option.joules:.3f}",
        "?" if option.figures.accuracy is None else f"{100 * option.figures.accuracy:.1f}",
        f"{1e3 * option.age:.0f}",
        option.verdict,
    )
