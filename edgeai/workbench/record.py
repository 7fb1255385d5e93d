"""What a simulation keeps: every run of every stage, and the board second by second."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from edgeai.schedule.commands import Job

__all__ = ["BoardLog", "Recorder", "StageLog"]


@dataclass(slots=True)
class StageLog:
    """Columns, a row a run: stamp, begin and end (ns), operating point, whether it was late."""

    stamp: array[int] = field(default_factory=lambda: array("q"))
    began: array[int] = field(default_factory=lambda: array("q"))
    ended: array[int] = field(default_factory=lambda: array("q"))
    point: array[int] = field(default_factory=lambda: array("h"))
    late: array[int] = field(default_factory=lambda: array("b"))


@dataclass(slots=True)
class BoardLog:
    """Columns, a row a second: watts at the input, deg C, the slowdown, joules left in the battery (or none)."""

    watts: array[float] = field(default_factory=lambda: array("d"))
    celsius: array[float] = field(default_factory=lambda: array("d"))
    slowdown: array[float] = field(default_factory=lambda: array("d"))
    battery: array[float] = field(default_factory=lambda: array("d"))


class Recorder:
    """The logs of the board and of all stages."""

    def __init__(self, stages: tuple[str, ...]) -> None:
        self.stages = {name: StageLog() for name in stages}
        self.board = BoardLog()

    def ran(self, job: Job, began: int, ended: int) -> None:
        """Note a job that begins, and when it will end."""
        log = self.stages[job.stage]
        log.stamp.append(job.stamp)
        log.began.append(began)
        log.ended.append(ended)
        log.point.append(job.point)
        log.late.append(job.deadline is not None and ended > job.deadline)
