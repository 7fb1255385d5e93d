"""The programs that lanes run: made when their operating point is loaded, let go when it is not wanted any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeai.clock import Clock
from edgeai.runtime.program import Batch, Execution, Program, execute
from edgeai.runtime.together import Together, execute_together
from edgeai.schedule.commands import Job

__all__ = ["Programs", "Ready"]


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """An operating point that can run: its program for each lane, and the model in it (None for a function)."""

    lanes: tuple[Program, ...]
    model: Any = None


class Programs:
    """The operating points of all stages, by (stage, point); those that are loaded have programs.

    Loading and looking up may happen on different threads; of one point, one after the other.
    """

    def __init__(self, makers: Mapping[tuple[str, int], Callable[[], Ready]]) -> None:
        """`makers` load a point, warm; each raises EdgeAIError when it cannot."""
        self._makers = dict(makers)
        self._ready: dict[tuple[str, int], Ready] = {}
        self._together: dict[tuple[str, int], Sequence[Together]] = {}

    def load(self, stage: str, point: int) -> None:
        """Make a point ready. Raises EdgeAIError."""
        self._ready[stage, point] = self._makers[stage, point]()

    def renew(self, stage: str, point: int) -> None:
        """Make a point anew, where an interpreter of it hangs; from now on it runs by itself. Raises EdgeAIError."""
        self._together.pop((stage, point), None)
        self.load(stage, point)

    def load_all(self) -> None:
        """Make every point ready. Raises EdgeAIError."""
        for stage, point in self._makers:
            self.load(stage, point)

    def unload(self, stage: str, point: int) -> None:
        """Let go of a point; its memory is free when no job of it runs any more."""
        del self._ready[stage, point]

    def of(self, job: Job) -> Program:
        """Return what a job's lane runs; its point is loaded."""
        return self._ready[job.stage, job.point].lanes[job.lane]

    def join(self, members: Sequence[tuple[str, int]], lanes: Sequence[Together]) -> None:
        """Let points of several stages, which share a model, run as one: on each lane by what is given for it."""
        self._together |= dict.fromkeys(members, lanes)

    def execute(self, batch: Batch, clock: Clock) -> list[Execution]:
        """Run the jobs of a batch on the calling thread, their lane's."""
        job = batch[0][0]
        together = self._together.get((job.stage, job.point)) if len(batch) > 1 else None
        if together is None:
            return [execute(self.of(job), work, clock) for job, work in batch]
        return execute_together(together[job.lane], [(job.stage, work) for job, work in batch], clock)

    @property
    def models(self) -> dict[tuple[str, int], Any]:
        """The models that are loaded, by (stage, point)."""
        return {key: ready.model for key, ready in self._ready.copy().items() if ready.model is not None}
