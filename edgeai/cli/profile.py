"""`edgeai profile`: measure models on this machine, and write what the scheduler loads."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeai.cli import screen
from edgeai.cli.options import AllowCode, AsJson, require_place
from edgeai.errors import ConfigError, Problem

if TYPE_CHECKING:
    from rich.table import Table

    from edgeai.perception.profile import MachineProfile, Measured, ModelProfile
    from edgeai.workbench.profile import Candidate
    from edgeai.workbench.profile_dominated import Dominated

__all__ = ["profile"]


def profile(
    models: Annotated[
        list[str], typer.Argument(metavar="MODEL…", help="Model files, or a graph: the ladders of all its stages.")
    ],
    threads: Annotated[str, typer.Option(help="Numbers of threads: 1,2,4, or auto.")] = "auto",
    seconds: Annotated[float, typer.Option(help="Of measuring, for each model and number of threads.", min=0.1)] = 5.0,
    meter: Annotated[
        str | None, typer.Option(help="What measures power: hwmon_ina, serial_meter:/dev/ttyUSB0 …")
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write the profile to this YAML file.")] = None,
    as_json: AsJson = False,
    allow_code: AllowCode = False,
) -> None:
    """Measure how long models take here, what memory and energy they need, and which of them nobody needs.

    A job is what a lane does for a frame: a 640x480 picture is preprocessed, the model invoked, its output decoded.

    Example: edgeai profile rover.yaml --threads 1,2,4 -o board.yaml
    """
    from edgeai.perception.profile import save_profile
    from edgeai.workbench.profile import candidates, ladders
    from edgeai.workbench.profile_dominated import dominated

    numbers = _threads(threads)
    chosen = candidates(models, allow_code=allow_code)
    if output is not None:
        require_place(output)
    measured = _measure(chosen, numbers, seconds, meter)
    found = {name: (members, dominated(members)) for name, members in ladders(measured, chosen).items()}
    if output is not None:
        save_profile(measured, output)
    if as_json:
        needless = {name: [asdict(each) for each in by] for name, (_, by) in found.items()}
        screen.print_json({**asdict(measured), "dominated": needless})
    else:
        _print(measured, found)
        if output is not None:
            typer.echo(f"\n{output} is written; name it in a graph: schedule: {{profile: {output.name}}}")


def _threads(text: str) -> tuple[int, ...]:
    """Return the numbers of threads, none for auto. Raises ConfigError."""
    if text == "auto":
        return ()
    try:
        numbers = tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        numbers = (0,)
    if not all(1 <= number <= 64 for number in numbers):
        raise ConfigError(Problem("--threads", repr(text), "auto, or numbers from 1 to 64, such as 1,2,4"))
    return numbers


def _measure(chosen: list[Candidate], numbers: tuple[int, ...], seconds: float, meter: str | None) -> MachineProfile:
    """Measure behind a progress bar on standard error."""
    from edgeai.workbench.profile import profile as measure
    from edgeai.workbench.profile_energy import make_meter

    made = None if meter is None else make_meter(meter)
    with screen.progress_bar() as progress:
        return measure(chosen, threads=numbers, seconds=seconds, meter=made, progress=progress)


def _print(measured: MachineProfile, found: dict[str, tuple[list[ModelProfile], tuple[Dominated, ...]]]) -> None:
    console = screen.console()
    console.print(
        f"{measured.machine}, {measured.cores} cores, board {measured.board}; {measured.runtime} {measured.version}; "
        f"a job: {measured.frame} picture preprocessed, invoked, decoded"
    )
    for name, (members, needless) in found.items():
        console.print()
        console.print(_table(name, members, {each.name for each in needless}))
        for each in needless:
            console.print(f"{each}: leave it out", soft_wrap=True)
    source = f"{measured.meter} (of the {measured.measures})" if measured.meter else f"the table of {measured.board}"
    console.print(f"\nidle {measured.idle:g} W, {measured.basis}: {source}; mJ and W are above idle", soft_wrap=True)
    for warning in measured.warnings:
        console.print(f"[bold]warning[/bold]: {warning}", soft_wrap=True)


def _table(name: str, members: list[ModelProfile], needless: set[str]) -> Table:
    from rich.table import Table

    table = Table(title=name or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for heading in (
        "model",
        "accuracy",
        "threads",
        "p50 ms",
        "p90",
        "p99",
        "p99.9",
        "invoke p50",
        "jobs",
        "MB",
        "W",
        "mJ",
        "",
    ):
        table.add_column(heading, justify="left" if heading in ("model", "") else "right", no_wrap=True)
    for model in members:
        best = model.best()
        for i, row in enumerate(model.rows):
            first = (model.name, "-" if model.accuracy is None else f"{model.accuracy:g}") if i == 0 else ("", "")
            notes = [
                word for word, holds in (("quickest", row is best), ("dominated", model.name in needless)) if holds
            ]
            table.add_row(*first, *_cells(row), f"{row.basis}{''.join(f', {note}' for note in notes)}")
    return table


def _cells(row: Measured) -> list[str]:
    job = row.job
    ms = (job.p50, job.p90, job.p99, job.p999, row.invoke.p50)
    return [
        str(row.threads),
        *("-" if value is None else f"{value:.3g}" for value in ms),
        str(row.runs),
        "-" if row.mb is None else f"{row.mb:.1f}",
        "-" if row.watts is None else f"{row.watts:.2f}",
        "-" if row.mj is None else f"{row.mj:.3g}",
    ]
