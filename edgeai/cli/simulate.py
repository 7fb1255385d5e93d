"""`edgeai simulate`: a pipeline on a board, for hours, in virtual time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeai.cli import complete, screen
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
from edgeai.errors import ConfigError, Problem
from edgeai.quantities import Energy

__all__ = ["simulate"]


def simulate(
    file: Workload = None,
    board: BoardName = None,
    policy: Policy = None,
    budget: Budget = None,
    miss_rate: MissRate = None,
    accuracy: Accuracy = None,
    last: Lasting = None,
    profile: Measured = None,
    hours: Annotated[float | None, typer.Option(help="How long, in hours.", min=0.001, max=1000)] = None,
    seconds: Annotated[float | None, typer.Option(help="How long, in seconds; 600 by default.", min=2)] = None,
    ambient: Annotated[float, typer.Option(help="Temperature of the air, °C.", min=-40, max=85)] = 25.0,
    regime: Annotated[
        str,
        typer.Option(
            help="What slows the board down: calm, step, ramp, random, bursts, contention.",
            autocompletion=complete.regimes,
        ),
    ] = "calm",
    battery: Annotated[str | None, typer.Option(help="Energy of a battery: 20Wh. It ends when that is empty.")] = None,
    seed: Annotated[int, typer.Option(help="Another number is another day.")] = 0,
    meter: Annotated[bool, typer.Option("--meter/--no-meter", help="Whether power is measured, or modelled.")] = True,
    as_json: AsJson = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Draw it over time: day.png, .svg or .pdf (extra `plot`).")
    ] = None,
    allow_code: AllowCode = False,
) -> None:
    """Run a pipeline on a board's table for hours, in seconds: misses, rate, accuracy, power, heat, battery.

    The engine and the scheduler are those that run live; only durations, watts and heat are simulated, by seed. No
    device is opened and no model is run. A workload that is not built yet is described by what is known of it:

    \b
        cameras: {front: 10fps}
        stages:
          objects:
            model: [mobilenet-v1-0.5-160, mobilenet-v2-1.0-224, efficientnet-lite1]
            deadline: 100ms
            rate: [2fps, 10fps]
        schedule: {policy: power, budget: 2.6W}

    Example: edgeai simulate workload.yaml --hours 24 --ambient 35 --regime random -o day.png
    """  # noqa: D301 - the \\b that keeps lines apart in the help
    from edgeai.workbench.simulate import Conditions
    from edgeai.workbench.simulate import simulate as run
    from edgeai.workbench.summary import summary
    from edgeai.workbench.world.slowdown import REGIMES

    if hours is not None and seconds is not None:
        raise ConfigError(Problem("--seconds", f"{seconds:g}, beside --hours {hours:g}", "one of them"))
    if regime not in REGIMES:
        raise ConfigError(Problem("--regime", repr(regime), f"one of {', '.join(REGIMES)}"))
    if output is not None:
        from edgeai.workbench.drawing import check_picture

        check_picture(output)
    said = {"policy": policy, "budget": budget, "miss_rate": miss_rate, "accuracy": accuracy, "hours": last}
    scenario = scenario_of(file, board, said, profile, allow_code=allow_code)
    span = hours * 3600.0 if hours is not None else 600.0 if seconds is None else seconds
    stored = None if battery is None else _energy(battery)
    conditions = Conditions(span, ambient, regime, stored, seed, meter)
    doing = f"simulating {scenario.name}"
    with screen.progress_bar(doing) as progress:
        done = run(scenario, conditions, lambda share: progress(doing, share))
    if output is not None:
        from edgeai.workbench.simulate_plot import plot

        plot(done, output)
    figures = summary(done)
    if as_json:
        screen.print_json(figures)
    else:
        from edgeai.cli.simulated import show

        show(figures, scenario.board)


def _energy(text: str) -> float:
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(Energy).validate_python(text)
    except ValidationError:
        raise ConfigError(Problem("--battery", repr(text), "an energy: watt-hours, such as 20Wh")) from None
