"""What really happens while the scheduler decides: how long each job takes, and what the board draws meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from edgeai.clock import VirtualClock
from edgeai.schedule.commands import Job
from edgeai.workbench.world.distribution import Distribution
from edgeai.workbench.world.slowdown import CELL

__all__ = ["Truth", "World"]


@dataclass(frozen=True, slots=True)
class Truth:
    """An operating point as it is: its durations on the idle, cool board, and the watts above idle while it runs."""

    durations: Distribution
    watts: float


class World:
    """Answers how long a job takes, and adds up what is drawn. `clock` and `power` are shares left by throttling."""

    def __init__(
        self,
        time: VirtualClock,
        truths: Mapping[tuple[str, int], Truth],
        noise: Mapping[str, Callable[[int], float]],
        slowdown: Sequence[float],
        ran: Callable[[Job, int, int], None] = lambda job, began, ended: None,
    ) -> None:
        """`noise`: for each stage the score of an item; `slowdown`: a factor for each CELL of time, the last for ever.

        `ran` is told of each job when it begins, and when it will end.
        """
        self.clock = 1.0
        self.power = 1.0
        self._time = time
        self._truths = truths
        self._noise = noise
        self._slowdown = slowdown
        self._last = len(slowdown) - 1
        self._ran = ran
        self._running: list[tuple[int, int, float]] = []
        self._settled = 0

    def duration(self, job: Job) -> int:
        """Begin a job, and return how long it takes, ns."""
        now = self._time.now()
        truth = self._truths[job.stage, job.point]
        factor = self._slowdown[min(self._last, now // CELL)] / self.clock
        ended = now + round(truth.durations.at(self._noise[job.stage](job.seq)) * factor)
        self._running.append((now, ended, truth.watts * self.power))
        self._ran(job, now, ended)
        return ended - now

    def slowdown(self, t: int) -> float:
        """Return the factor at time t (ns), that of throttling included."""
        return self._slowdown[min(self._last, t // CELL)] / self.clock

    def settle(self, t: int) -> float:
        """Return the joules above idle drawn since the last settlement, up to t (ns)."""
        spent = 0.0
        for began, ended, watts in self._running:
            spent += watts * max(0, min(ended, t) - max(began, self._settled)) * 1e-9
        self._running = [run for run in self._running if run[1] > t]
        self._settled = t
        return spent
