"""What the scheduler remembers of one stage."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from edgeai.schedule.bank import AccuracyBank, MissBank
from edgeai.schedule.commands import Cause, Job
from edgeai.schedule.estimate import LatencyModel
from edgeai.schedule.guard import Guard
from edgeai.schedule.mixer import Mixer
from edgeai.schedule.policy import Aim, Choice
from edgeai.schedule.price import AccuracyPrice
from edgeai.schedule.rate import RateGate
from edgeai.schedule.workload import StageLoad

__all__ = ["Counts", "StageState", "Waiting"]

NO_DEADLINE = 1_000_000_000
"""Where a stage has no deadline, it queues as if it had one of a second: behind those that have one."""

_SMOOTHING = 16
"""The interval between items is averaged over about so many: steady against jitter, quick after a change of camera."""


@dataclass(slots=True)
class Waiting:
    """The item in a stage's slot: (origin, seq), captured at `stamp`, ready for this stage at `ready` (ns)."""

    origin: str
    seq: int
    stamp: int
    ready: int


@dataclass(slots=True)
class Counts:
    """What became of a stage's items. Always: ready = delivered + sum(dropped) + waiting + running.

    delivered: a model looked, or there was nothing to look at. Gated items count as dropped, though for each a result
    that was carried forward is published. offered: due at the chosen rate. missed: offered, and late, dropped late,
    superseded or faulted. batched: begun together with items of other stages.
    """

    ready: int = 0
    offered: int = 0
    delivered: int = 0
    late: int = 0
    missed: int = 0
    dropped: Counter[Cause] = field(default_factory=Counter)
    batched: int = 0


class StageState:
    """The newest-wins slot of a stage, its job in flight, its gate, its plan, its estimates and its counts."""

    def __init__(self, load: StageLoad, index: int) -> None:
        self.load = load
        self.index = index
        self.gate = RateGate(load.rate_max)
        self.choice = Choice(0, load.rate_max)
        self.mixer = Mixer()
        self.waiting: Waiting | None = None
        self.running: Job | None = None
        self.started = 0
        self.aboard = 1
        """Jobs in the run that the job in flight is part of."""
        self.stretch = 1.0
        """How much longer that run takes than one of its own would."""
        self.part = 1.0
        """What a run costs the lanes, as a share of one of its own: less than 1 where others are mostly aboard."""
        self.model = LatencyModel(len(load.points))
        self.bank = MissBank()
        self.accuracy = AccuracyBank()
        self.price = AccuracyPrice()
        self.guard = Guard()
        self.resident = tuple(range(len(load.points)))
        """The points that can run now, in order; the plan mixes no others."""
        self.nearby: tuple[int, ...] = ()
        """The points looked at until the next plan of all; none: all."""
        self.able = True
        """Whether the last plan keeps the miss rate and could reach the floor of accuracy."""
        self.watts = [0.0] * len(load.points)
        """Watts above idle that the table or a profile gives for the board while a point runs."""
        self.joules = 0.0
        """What the table gives for the runs since energy was last settled."""
        self.counts = Counts()
        self.late_in_a_row = 0
        self.infeasible = False
        self.transit = 0
        """Smallest recent delay from capture to readiness in ns: what even the freshest item has behind it."""
        self.interval = 0
        """Mean time between the items due, ns."""
        self.reserve = 0
        """Expected duration (ns) of the longest chain of stages behind this one."""
        self.runs_since_plan = 0
        self.announced = -1
        """The operating point last named to people."""
        self.basis: tuple[int, ...] = ()
        """Where the last plan's programme ended, and the next one begins."""
        self.planned_mu = 0.0
        self.planned_watts = 0.0
        """Watts above idle that the plan gives this stage."""
        self.allotted = 1.0
        """Share of the watts and the busy time given to this stage."""
        self.elastic: float | None = None
        """Rate (Hz) under overload; None while the rates asked for fit."""
        self.cap: int | None = None
        """Longest job (ns) that leaves the other stages on the lanes time to be in time; None: any."""
        self._last_due: int | None = None
        self.derive()

    def derive(self) -> None:
        """Work out what each dispatch needs of the load."""
        self.allowance = NO_DEADLINE if self.load.deadline is None else self.load.deadline
        """ns from an item's stamp to the deadline it queues by, earliest first."""

    def adopt(self, choice: Choice) -> None:
        """Follow a new choice; the gate keeps its grid unless the rate changed."""
        if choice.rate != self.choice.rate:
            self.gate = RateGate(choice.rate)
        self.choice = choice
        self.mixer.adopt(((self.stand_in(choice.point), 1.0),), 1.0)

    @property
    def known(self) -> bool:
        """Say whether every resident point has a profile or has run, and there is one."""
        return bool(self.resident) and all(self.model.points[point] is not None for point in self.resident)

    def stand_in(self, point: int) -> int:
        """Return the point itself, or the quickest resident one while it is not resident."""
        if point in self.resident or not self.resident:
            return point
        return min(self.resident, key=self.model.expected)

    def join(self, aboard: int, stretch: float) -> None:
        """Take it that the job in flight is one of so many in a run, which takes longer than its own by `stretch`."""
        self.aboard, self.stretch = aboard, stretch
        self.part += (stretch / aboard - self.part) / _SMOOTHING
        self.counts.batched += aboard > 1

    def ran(self, t: int) -> None:
        """Enter what its job in flight took since `started` up to t (ns): jobs that run together share it."""
        assert self.running is not None
        self.joules += self.watts[self.running.point] * (t - self.started) * 1e-9 / self.aboard
        self.started = t

    def used_by(self, t: int) -> float:
        """Return what the table gives for its runs since energy was last settled, up to t (ns), J."""
        job = self.running
        return self.joules + (0.0 if job is None else self.watts[job.point] * (t - self.started) * 1e-9 / self.aboard)

    def settle(self, aim: Aim | None, point: int | None, looked: bool = True) -> None:
        """Enter an offered item into the banks: the point that was on time, None for a miss.

        looked: False where no model ran, which says nothing of accuracy.
        """
        if aim is None:
            return
        self.bank.settle(aim.miss_rate, point is None)
        if aim.accuracy and (looked or point is None):
            score = 0.0 if point is None else self.load.points[point].accuracy
            self.accuracy.settle(aim.accuracy, score)
            self.price.settle(aim.accuracy, score)

    def slack(self) -> int | None:
        """Return what the deadline leaves (ns) for a run of the freshest item, None without a deadline."""
        deadline = self.load.deadline
        return None if deadline is None else deadline - self.transit - self.reserve

    def rate(self) -> float | None:
        """Return how many items are due in a second, None while that is not known."""
        if self.interval:
            return 1e9 / self.interval
        return self.load.rate_max

    def note_due(self, t: int) -> None:
        """Follow the interval between the items due."""
        if self._last_due is not None:
            step = t - self._last_due
            self.interval += (step - self.interval) // _SMOOTHING if self.interval else step
        self._last_due = t

    def forget_due(self) -> None:
        """Count no interval from the last item due to the next: nothing was due in between."""
        self._last_due = None

    def note_transit(self, transit: int) -> None:
        """Follow the smallest delay before readiness: down at once, up by a sixteenth."""
        if transit < self.transit or not self.transit:
            self.transit = transit
        else:
            self.transit += (transit - self.transit) // _SMOOTHING
