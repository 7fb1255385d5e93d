"""What a simulation keeps: every run of every stage, and the board second by second."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field

from edgeai.runtime.taps import Tap
from edgeai.schedule.commands import Announce, Drop, Job

__all__ = ["BoardLog", "Recorder", "StageLog"]


@dataclass(slots=True)
class StageLog:
    """Columns, a row a run: stamp, begin and end (ns), operating point, whether it was late.

    lost: items that were dropped, by cause.
    """

    stamp: array[int] = field(default_factory=lambda: array("q"))
    began: array[int] = field(default_factory=lambda: array("q"))
    ended: array[int] = field(default_factory=lambda: array("q"))
    point: array[int] = field(default_factory=lambda: array("h"))
    late: array[int] = field(default_factory=lambda: array("b"))
    lost: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class BoardLog:
    """Columns, a row a second: watts at the input, deg C, share of the clock, the slowdown, joules left (or none)."""

    watts: array[float] = field(default_factory=lambda: array("d"))
    celsius: array[float] = field(default_factory=lambda: array("d"))
    clock: array[float] = field(default_factory=lambda: array("d"))
    slowdown: array[float] = field(default_factory=lambda: array("d"))
    battery: array[float] = field(default_factory=lambda: array("d"))


class Recorder(Tap):
    """Notes runs, drops and announcements."""

    def __init__(self, stages: tuple[str, ...]) -> None:
        self.stages = {name: StageLog() for name in stages}
        self.board = BoardLog()
        self.said: list[Announce] = []

    def ran(self, job: Job, began: int, ended: int) -> None:
        """Note a job that begins, and when it will end."""
        log = self.stages[job.stage]
        log.stamp.append(job.stamp)
        log.began.append(began)
        log.ended.append(ended)
        log.point.append(job.point)
        log.late.append(job.deadline is not None and ended > job.deadline)

    def dropped(self, drop: Drop) -> None:
        """Count an item that was not looked at."""
        self.stages[drop.stage].lost[drop.cause] += 1

    def announced(self, announce: Announce) -> None:
        """Keep what the scheduler says."""
        self.said.append(announce)
