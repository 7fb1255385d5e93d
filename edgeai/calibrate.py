"""What a model costs on each number of threads: read from a profile, or timed now."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from edgeai.clock import NS, SystemClock
from edgeai.errors import ConfigError
from edgeai.perception.profile import MachineProfile, Quantiles, load_profile, runtime_version
from edgeai.perception.threads import cores, to_try
from edgeai.power.boards import Board, Figure, board_names, load_board, machine_name, running_board
from edgeai.schedule.events import Profile

if TYPE_CHECKING:
    from edgeai.graph import Graph
    from edgeai.perception.model import Model

__all__ = ["board_of", "check_runtime", "from_profile", "open_profile", "threads_to_try", "timed", "warm"]

_log = logging.getLogger("edgeai")

_TIMED = 0.15
"""Seconds spent on timing one number of threads: enough for a median, and a ladder loads in about a second."""

_AT_MOST = 2.0
"""Seconds after which five jobs are not waited for."""


def timed(model: Model, numbers: tuple[int, ...]) -> dict[int, tuple[Model, Profile]]:
    """Warm a model up and time its jobs on this machine, on each number of threads."""
    found = {}
    for threads in numbers:
        made = model if threads == model.threads else model.with_threads(threads)
        found[threads] = made, _timed(made)
    return found


def warm(model: Model) -> None:
    """Run a model a few times before it matters: the first runs allocate and fill caches."""
    from edgeai.perception.timing import warm_up

    warm_up(model, SystemClock())


def _timed(model: Model) -> Profile:
    from edgeai.perception.timing import time_job, warm_up

    clock = SystemClock()
    warm_up(model, clock)
    times: list[int] = []
    began = clock.now()
    while len(times) < 5 or clock.now() < began + _TIMED * NS:
        times.append(time_job(model, clock)[0])
        if len(times) >= 2 and clock.now() > began + _AT_MOST * NS:
            break
    model.reset()
    return _profile(Quantiles.of(times, cautious=False))


def _profile(job: Quantiles, watts: float | None = None) -> Profile:
    p50, p90, p95, p99, p999 = job.ns()
    return Profile("", 0, p50=p50, p99=p99, p90=p90, p95=p95, p999=p999, watts=watts)


# -- from a file ---------------------------------------------------------------------------------------------------


def open_profile(graph: Graph) -> MachineProfile | None:
    """Return the profile a graph names, None where it names none. Raises ConfigError."""
    return None if graph.profile is None else load_profile(graph.profile)


def board_of(known: MachineProfile | None, *, live: bool) -> Board:
    """Return the board that runs: live this machine's, in virtual time the profile's, or else the generic one.

    What it takes when idle is the profile's figure where that was measured at the board's input. Live, a profile of
    another machine is warned of: its figures are a start, from which the scheduler learns.
    """
    if known is None:
        return running_board() if live else load_board("generic")
    board = running_board() if live else load_board(known.board if known.board in board_names() else "generic")
    machine = machine_name()
    if live and (known.board != board.name or (board.name == "generic" and known.machine != machine)):
        _warn(f"it was measured on {known.machine} ({known.board}) and this is {machine} ({board.name})")
    if known.idle is not None and known.basis == "measured" and known.measures == "board":
        idle = Figure(value=known.idle, source=f"measured by {known.meter} with `edgeai profile`, {known.date}")
        return replace(board, idle=idle)
    return board


def _warn(what: str) -> None:
    _log.warning("the profile is foreign: %s; measure anew with `edgeai profile`", what)


def from_profile(
    graph: Graph, stage: str, model: Model, known: MachineProfile, numbers: tuple[int, ...] | None, lanes: int
) -> Mapping[int, Profile]:
    """Return what a profile tells of a model by threads; numbers: None for all that a lane's share of cores allows.

    Raises ConfigError where the profile does not know the bytes of this model, or not these threads.
    """
    spec = graph.stages[stage]
    found = known.find(model.sha256, spec.numerics)
    again = f"`edgeai profile {graph.file or 'MODEL …'} -o {graph.profile}` measures what runs"
    if found is None:
        same = any(other.name == model.name for other in known.models)
        why = "another file of that name was measured" if same else "it was not measured"
        what = f"no figures of {model.name} (sha256 {model.sha256[:12]}…, numerics {spec.numerics}): {why}"
        raise ConfigError(graph.problem(("schedule", "profile"), what, "a profile of the models that run", again))
    most = max(1, known.cores // lanes)
    rows = [row for row in found.rows if (row.threads <= most if numbers is None else row.threads in numbers)]
    if not rows:
        wanted = f"at most {most}" if numbers is None else ", ".join(map(str, numbers))
        what = f"no figures of {model.name} on {wanted} threads"
        raise ConfigError(graph.problem(("schedule", "profile"), what, "a profile of the threads that run", again))
    metered = known.basis == "measured" and known.measures == "board"
    return {row.threads: _profile(row.job, row.watts if metered and row.basis == "measured" else None) for row in rows}


def check_runtime(known: MachineProfile, runtime: str) -> None:
    """Warn of a profile that another runtime, or another version of it, was measured with."""
    version = runtime_version(runtime)
    if (known.runtime, known.version) != (runtime, version):
        _warn(f"it was measured with {known.runtime} {known.version} and {runtime} {version} runs")


def threads_to_try(lanes: int) -> tuple[int, ...]:
    """Return the numbers of threads to time for `threads: auto` on this machine."""
    return to_try(cores(), lanes)
