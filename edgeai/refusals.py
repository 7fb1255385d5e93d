"""What is refused before anything runs: workloads that cannot be kept, ladders that are none."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from edgeai.clock import NS
from edgeai.errors import ConfigError, Problem
from edgeai.graph.asked import told
from edgeai.schedule.admission import Refusal, admit
from edgeai.schedule.events import Profile
from edgeai.schedule.workload import Workload

if TYPE_CHECKING:
    from edgeai.graph import Graph, ScheduleSpec
    from edgeai.perception.model import Model
    from edgeai.power.boards import Board

__all__ = [
    "require_admission",
    "require_ladder",
    "require_memory",
    "require_memoryless",
    "require_possible",
    "require_room",
    "require_time",
    "warn_if_dead",
]

_log = logging.getLogger("edgeai")

_DAY = 86_400.0
"""Seconds."""


def require_admission(graph: Graph, workload: Workload, profiles: Iterable[Profile], *, timed: bool) -> None:
    """Refuse what cannot be kept even by the quickest variants at the least rates asked for. Raises ConfigError.

    Compared are medians: what is slower only now and then, or becomes slower later, is the scheduler's to live with. A
    stage whose duration is not known, or that promises no rate, is not refused; latency that was added for an
    experiment does not count. timed: whether the durations were taken just now, and so may be mistaken.
    """
    durations = {
        (profile.stage, profile.point): max(0, profile.p50 - round(graph.stages[profile.stage].added_latency * NS))
        for profile in profiles
    }
    refusal = admit(workload, durations)
    if refusal is None:
        return
    hint = "timed just now: `edgeai profile` on a machine at rest gives steadier figures" if timed else ""
    at, found = _found(graph, refusal)
    raise ConfigError(graph.problem(("stages", refusal.stage, at), found, f"what can be kept: {refusal.fits}", hint))


def _found(graph: Graph, refusal: Refusal) -> tuple[str, str]:
    """Return the key at fault, and what was found there."""
    if refusal.rate is None:
        return "deadline", f"a stage that {refusal.exceeds}"
    return "rate", f"{refusal.rate:g} fps at least, which {refusal.exceeds}"


def require_possible(
    problem: Callable[..., Problem], schedule: ScheduleSpec, workload: Workload, board: Board, started: float = 0.0
) -> None:
    """Refuse watts, hours and accuracies that no scheduler can reach. Raises ConfigError.

    problem: makes a Problem at a path of the document, as `Graph.problem` does. started: the time of day, in seconds
    after midnight; a virtual day begins at midnight.
    """
    asked, idle = schedule.asked(), board.idle.value
    machine = f"the board is taken for: {board.title}"
    if "budget" in asked and asked["budget"] <= idle:
        expected = f"more watts than the board takes when idle, {idle:g} W"
        raise ConfigError(problem(("schedule", "budget"), f"{asked['budget']:g} W", expected, machine))
    if "capacity" in asked and asked.keys() & {"hours", "until"}:
        _require_energy(problem, asked, idle, started, machine)
    for stage in workload.stages:
        best = max(stage.points, key=lambda point: point.accuracy)
        if best.accuracy < asked.get("accuracy", 0.0):
            expected = f"at most {best.accuracy:g}, which {best.variant} of stage {stage.name} reaches on time"
            raise ConfigError(problem(("schedule", "accuracy"), f"{asked['accuracy']:g}", expected))


def _require_energy(
    problem: Callable[..., Problem], asked: Mapping[str, Any], idle: float, started: float, machine: str
) -> None:
    """Refuse a time that not even the idle board would last. Raises ConfigError."""
    key = "hours" if "hours" in asked else "until"
    hours = asked["hours"] if key == "hours" else (asked["until"] - started) % _DAY / 3600.0
    left = max(0.0, asked["capacity"] - asked.get("reserve", 0.0))
    if left <= idle * hours:
        when = f"{told({key: asked[key]})}, which is " if key == "until" else ""
        expected = f"at most the {left / idle:.3g} h that the idle board would last, at {idle:g} W"
        raise ConfigError(problem(("schedule", key), f"{when}{hours:.3g} h from {left:g} Wh", expected, machine))


def require_memory(graph: Graph, workload: Workload) -> None:
    """Refuse a memory in which not even the smallest variant of each stage finds room. Raises ConfigError."""
    least = sum(min(point.memory for point in load.points) for load in workload.stages)
    if workload.memory is not None and least > workload.memory:
        expected = f"at least {least / 1e6:.3g}MB, which the smallest variant of every stage takes together"
        raise ConfigError(graph.problem(("schedule", "memory"), f"{workload.memory / 1e6:.3g}MB", expected))


def require_time(graph: Graph, stage: str, lossless: Collection[str]) -> None:
    """Refuse to join what has no time: a file that is read as fast as it goes. Raises ConfigError."""
    for other in sorted(graph.needs(stage) & set(lossless)):
        hint = "leave `lossless` out: the file is then read at its own pace"
        found = f"{other}, which is read as fast as it goes"
        raise ConfigError(graph.problem(("stages", stage, "sync"), found, "sources that keep time", hint))


def require_room(graph: Graph, stage: str, path: str, needed: int | None = None) -> None:
    """Refuse a model that does not fit into the memory by itself. Raises ConfigError, ModelError.

    needed: bytes it takes, where that is known better than by its file.
    """
    from edgeai.perception.footprint import file_footprint

    memory = graph.schedule.memory
    if memory is None:
        return
    if needed is None:
        needed = file_footprint(graph.resolve(path), graph.schedule.lanes)
    if needed > memory:
        found = f"{path}, which takes about {needed / 1e6:.3g} MB"
        expected = f"models within the schedule's memory, {memory / 1e6:.3g} MB"
        raise ConfigError(graph.problem(("stages", stage, "model"), found, expected))


def require_memoryless(graph: Graph, stage: str, model: Model) -> None:
    """Refuse a model with a state of its own beside other variants or lanes. Raises ConfigError."""
    if model.stateful and (graph.schedule.lanes > 1 or len(graph.stages[stage].model or ()) > 1):
        found = f"{model.name}, whose outputs are fed back to it, with other variants or lanes beside it"
        expected = "one lane and one variant: an interpreter remembers only what it saw itself"
        raise ConfigError(graph.problem(("stages", stage, "model"), found, expected))


def warn_if_dead(model: Model) -> None:
    """Warn of a model that gives the same outputs whatever it is shown."""
    from edgeai.perception.probe import responds

    if not responds(model):
        found = "the same outputs for black, white, noise and a ramp"
        _log.warning("%s gives %s, as if it were dead: convert it again, or use another file", model.path, found)


def require_ladder(graph: Graph, stage: str, models: Sequence[Model], member: int | None = None) -> None:
    """Refuse a ladder whose members are not variants of one task. Raises ConfigError that names both.

    member: the place of the last model where not all are at hand.
    """
    from edgeai.perception.ladder import mismatch

    wrong = mismatch(models)
    if wrong is not None:
        where = ("stages", stage, "model", wrong.member if member is None else member)
        raise ConfigError(graph.problem(where, wrong.found, wrong.expected))
    if len(models) > 1 and all(model.card is None or model.card.accuracy is None for model in models):
        _log.warning(
            "%s: no card of its ladder gives an accuracy, so all variants count as equally good and the quickest is "
            "preferred: write `accuracy: {metric: top-1, value: 0.67}` into the YAML file beside each model",
            stage,
        )
