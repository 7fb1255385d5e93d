"""What the scheduler remembers of one stage."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from edgeai.schedule.commands import Cause, Job
from edgeai.schedule.estimate import DurationEstimate
from edgeai.schedule.policy import Choice
from edgeai.schedule.rate import RateGate
from edgeai.schedule.workload import StageLoad

__all__ = ["Counts", "StageState", "Waiting"]

NO_DEADLINE = 1_000_000_000
"""Where a stage has no deadline, it queues as if it had one of a second: behind those that have one."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The item in a stage's slot: (origin, seq), captured at `stamp`, ready for this stage at `ready` (ns)."""

    origin: str
    seq: int
    stamp: int
    ready: int


@dataclass(slots=True)
class Counts:
    """What became of a stage's items. Always: ready = delivered + sum(dropped) + waiting + running.

    offered: due at the chosen rate. missed: offered, and late, dropped late, superseded or faulted.
    """

    ready: int = 0
    offered: int = 0
    delivered: int = 0
    late: int = 0
    missed: int = 0
    dropped: Counter[Cause] = field(default_factory=Counter)


class StageState:
    """The newest-wins slot of a stage, its job in flight, its gate, its estimates and its counts."""

    def __init__(self, load: StageLoad) -> None:
        self.load = load
        self.gate = RateGate(load.rate_max)
        self.choice = Choice(0, load.rate_max)
        self.waiting: Waiting | None = None
        self.running: Job | None = None
        self.estimates = tuple(DurationEstimate() for _ in load.points)
        self.counts = Counts()
        self.late_in_a_row = 0
        self.infeasible = False
        self.transit = 0
        """Smallest recent delay from capture to readiness in ns: what even the freshest item has behind it."""

    def adopt(self, choice: Choice) -> None:
        """Follow a new choice; the gate keeps its grid unless the rate changed."""
        if choice.rate != self.choice.rate:
            self.gate = RateGate(choice.rate)
        self.choice = choice

    def urgency(self) -> int:
        """Return the absolute deadline of the waiting item, for earliest-deadline-first; only while one waits."""
        assert self.waiting is not None
        return self.waiting.stamp + (NO_DEADLINE if self.load.deadline is None else self.load.deadline)

    def predict(self) -> int:
        """Return the expected duration (ns) of the next job."""
        return self.estimates[self.choice.point].predict()

    def note_transit(self, transit: int) -> None:
        """Follow the smallest delay before readiness: down at once, up by a sixteenth."""
        self.transit = (
            transit if transit < self.transit or not self.transit else self.transit + (transit - self.transit) // 16
        )
