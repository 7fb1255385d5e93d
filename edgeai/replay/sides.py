"""Two runs side by side, as figures: what the scheduler asked for, and what that gave and took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum

from edgeai.power.boards import Board
from edgeai.recording.notes import Decision
from edgeai.schedule.commands import Drop, Job, Run
from edgeai.schedule.events import JobDone
from edgeai.schedule.workload import Workload

__all__ = ["Side", "sides"]

_MISSED = ("superseded", "late", "fault")


@dataclass(frozen=True, slots=True)
class Side:
    """A stage in a run: results, those in time a second, misses over offered, the mean accuracy of offered frames
    (0 where missed), joules above the idle board by the board's table, and how often the variant changed.
    """

    stage: str
    results: int
    rate: float
    miss_rate: float
    accuracy: float
    joules: float
    switches: int


def sides(decisions: Iterable[Decision], workload: Workload, board: Board) -> list[Side]:
    """Return the figures of each stage of a run."""
    counted = {load.name: _Count() for load in workload.stages}
    points = {load.name: load.points for load in workload.stages}
    jobs: dict[int, tuple[Job, int]] = {}
    first = last = None
    for decision in decisions:
        event = decision.event
        first, last = event.t if first is None else first, event.t
        if isinstance(event, JobDone) and event.job in jobs:
            job, aboard = jobs.pop(event.job)
            point = points[job.stage][job.point]
            joules = board.core.value * point.threads * event.wall * 1e-9 / aboard
            late = not event.ok or (job.deadline is not None and event.published > job.deadline)
            counted[job.stage].done(job.point, 0.0 if late else point.accuracy, joules, late=late)
        for command in decision.commands:
            if isinstance(command, Run):
                jobs |= {job.id: (job, len(command.jobs)) for job in command.jobs}
            elif isinstance(command, Drop) and command.cause in _MISSED:
                counted[command.stage].drops[command.cause] += 1
    seconds = max(1e-9, ((last or 0) - (first or 0)) * 1e-9)
    return [count.side(stage, seconds) for stage, count in counted.items()]


class _Count:
    def __init__(self) -> None:
        self.scores: list[float] = []
        self.joules: list[float] = []
        self.late = 0
        self.switches = 0
        self.drops: Counter[str] = Counter()
        self._last: int | None = None

    def done(self, point: int, score: float, joules: float, *, late: bool) -> None:
        self.scores.append(score)
        self.joules.append(joules)
        self.late += late
        self.switches += self._last is not None and self._last != point
        self._last = point

    def side(self, stage: str, seconds: float) -> Side:
        dropped = self.drops.total()
        offered = max(1, len(self.scores) + dropped)
        return Side(
            stage,
            len(self.scores),
            (len(self.scores) - self.late) / seconds,
            (self.late + dropped) / offered,
            fsum(self.scores) / offered,
            fsum(self.joules),
            self.switches,
        )
