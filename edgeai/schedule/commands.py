"""What the scheduler tells the engine to do. Frozen values that can be logged and replayed.

What there is one of for each frame is a named tuple: it takes a fifth of a frozen dataclass's time to make.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

__all__ = ["Announce", "Cause", "Command", "Drop", "Job", "Load", "Run", "Unload", "WakeAt"]

Cause = Literal["superseded", "rate", "late", "gated", "fault", "paused", "unpaired", "shutdown"]


class Job(NamedTuple):
    """One run of a stage on the item (origin, seq): a frame of a source, or a result of the stage it is chained to.

    `point` indexes the stage's operating points; `deadline` is absolute in ns, None when there is none.
    """

    id: int
    stage: str
    origin: str
    seq: int
    stamp: int
    point: int
    lane: int
    deadline: int | None


class Run(NamedTuple):
    """Run this job on its lane now, and in the same invocation those of other stages that share its model.

    Each of them ends with a JobDone of its own; the lane is free after the last.
    """

    job: Job
    company: tuple[Job, ...] = ()

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs, the most urgent first."""
        return (self.job, *self.company)


class Drop(NamedTuple):
    """The stage will not look at the item (origin, seq)."""

    stage: str
    origin: str
    seq: int
    cause: Cause


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Send a Tick at this time (ns)."""

    t: int


@dataclass(frozen=True, slots=True)
class Load:
    """Make an operating point of a stage ready to run, without delaying a job, and send Loaded or LoadFailed."""

    stage: str
    point: int


@dataclass(frozen=True, slots=True)
class Unload:
    """Let go of an operating point: no job will use it, and its memory is wanted for what is loaded next."""

    stage: str
    point: int


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell people: the state of a stage (or of the whole, when `stage` is empty), and why."""

    stage: str
    state: str
    why: str


Command = Run | Drop | WakeAt | Load | Unload | Announce
