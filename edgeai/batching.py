"""Stages that share a model: whether one invocation may serve several of them, and what that gains on this machine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from edgeai.clock import NS, Clock, SystemClock
from edgeai.errors import ModelError
from edgeai.points import Point
from edgeai.runtime.program import INVOKED
from edgeai.runtime.together import Together
from edgeai.schedule.batch import LEAST_GAIN
from edgeai.schedule.events import Batching

if TYPE_CHECKING:
    from edgeai.perception.batch import Batch
    from edgeai.perception.model import Model

__all__ = ["Batched", "Timing", "batched", "compare", "sharing"]

MOST = 8
"""Stages to a batch: dense models gain little beyond, and a row is computed whether its stage has an item or not."""

_TIMED = 0.1
"""Seconds of rounds, a single job and a batch in turn: the ratio of their medians settles long before."""

_ROUNDS = 11
"""Rounds at least, where the first ones do not show that nothing is gained."""

_AT_MOST = 1.0
"""Seconds after which so many rounds are not waited for."""

_STEPS = ["preprocessed", INVOKED, "decoded"]

Member = tuple[str, int]
"""A stage and one of its operating points."""


@dataclass(frozen=True, slots=True, eq=False)
class Batched:
    """What was found of stages that share a model, and for each lane what runs them together, if they do."""

    batching: Batching
    lanes: tuple[Together, ...] = ()


@dataclass(frozen=True, slots=True)
class Timing:
    """Durations of single jobs and of batches of so many rows, ns, taken in turn."""

    rows: int
    single: tuple[int, ...]
    several: tuple[int, ...]

    @property
    def stretch(self) -> float:
        """How much longer a batch takes: by the medians, and by the quickest, whichever says less for batching.

        A disturbed round must not pass for a gain.
        """
        return max(median(self.several) / median(self.single), min(self.several) / min(self.single))

    @property
    def gain(self) -> float:
        """How many times more a batch does in a time."""
        return self.rows / self.stretch


def sharing(points: Mapping[Member, Point]) -> list[tuple[Member, ...]]:
    """Return the operating points of different stages that have one model, MOST at a time.

    A stage whose program does anything else than one invocation a job is left out.
    """
    found: dict[int, dict[str, Member]] = {}
    for member, point in points.items():
        if point.model is not None and [step.mark for step in point.program(point.model)][:3] == _STEPS:
            found.setdefault(id(point.model), {}).setdefault(member[0], member)
    groups = (tuple(members.values()) for members in found.values())
    chunks = (group[i : i + MOST] for group in groups for i in range(0, len(group), MOST))
    return [chunk for chunk in chunks if len(chunk) > 1]


def batched(points: Mapping[Member, Point], lanes: int) -> Iterator[Batched]:
    """Probe and time the models that stages share, on this machine; yields one for each group of stages."""
    from edgeai.perception.batch import Batch, NotBatched

    for members in sharing(points):
        model = points[members[0]].model
        assert model is not None
        try:
            opened = [Batch.open(model, len(members))]
            timing = compare(model, opened[0], SystemClock())
            if timing.gain <= LEAST_GAIN:
                raise NotBatched(f"{timing.gain:.2f}x at {len(members)}")
            opened += [Batch.open(model, len(members)) for _ in range(1, lanes)]
        except NotBatched as refusal:
            yield Batched(Batching(members, None, str(refusal)))
        else:
            together = tuple(_together(points, members, batch) for batch in opened)
            yield Batched(Batching(members, timing.stretch), together)


def _together(points: Mapping[Member, Point], members: Sequence[Member], batch: Batch) -> Together:
    programs = {member[0]: points[member].program(row) for member, row in zip(members, batch.rows, strict=True)}
    return Together(programs, batch.invoke)


def compare(model: Model, batch: Batch, clock: Clock) -> Timing:
    """Time single jobs and a batch in turn, each from preprocessing to decoding."""
    from edgeai.perception.timing import time_job

    single: list[int] = []
    several: list[int] = []
    began = clock.now()
    while True:
        single.append(time_job(model, clock)[0])
        several.append(_time_batch(batch, clock))
        timing = Timing(len(batch.rows), tuple(single), tuple(several))
        spent = (clock.now() - began) / NS
        if spent > _TIMED and (len(single) >= _ROUNDS or timing.gain <= LEAST_GAIN or spent > _AT_MOST):
            return timing


def _time_batch(batch: Batch, clock: Clock) -> int:
    from edgeai.perception.timing import give_input

    began = clock.now()
    for row in batch.rows:
        give_input(row)
        row.invoke()
    batch.invoke()
    for row in batch.rows:
        with contextlib.suppress(ModelError):
            row.decode()
    return clock.now() - began
