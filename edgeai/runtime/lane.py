"""A lane: a thread that runs jobs one after the other, and is replaced when one does not come back."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from edgeai.clock import NS, Clock
from edgeai.errors import EdgeAIError, StaleResult
from edgeai.runtime.program import Batch, Execution
from edgeai.runtime.programs import Programs
from edgeai.runtime.supervision import MOST_ABANDONED
from edgeai.schedule.commands import Job

__all__ = ["Lane"]

_log = logging.getLogger("edgeai")

OVERDUE = 0.5
HUNG = 5.0
"""Seconds after which a job is overdue, and hangs, at the least."""

_MANY = 4
_TOO_MANY = 20
"""How many times longer than ever before a job takes when it is overdue, and when it hangs."""


class Lane:
    """Runs jobs on the thread `edgeai-lane-N`.

    A job that is overdue is a fault of its stage; if it still comes back, that has recovered. One that hangs is dropped
    as `fault`: its thread is left behind, another goes on with new interpreters, and what the first may still find is
    discarded. After a few of them the stage is not run any more.
    """

    def __init__(
        self,
        number: int,
        programs: Programs,
        clock: Clock,
        done: Callable[[Batch, list[Execution]], None],
        rests: Callable[[], None],
        fault: Callable[[str, Exception], None],
    ) -> None:
        """`done` takes what came of jobs, `rests` is called when none waits, `fault` is told of a stage overdue."""
        self.threads: list[threading.Thread] = []
        self._name = f"edgeai-lane-{number}"
        self._programs, self._clock = programs, clock
        self._done, self._rests, self._fault = done, rests, fault
        self._jobs: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._running: tuple[Batch, int] | None = None
        self._lock = threading.Lock()
        self._longest: dict[tuple[str, int], int] = {}
        self._told = False
        self._over = False
        self._given_up: dict[str, Exception] = {}

    def start(self) -> None:
        """Start running jobs."""
        self._spawn(None)

    def put(self, batch: Batch) -> None:
        """Queue jobs that run as one."""
        self._jobs.put(batch)

    def end(self) -> None:
        """Run nothing more after what is queued."""
        self._jobs.put(None)

    def abandon(self) -> None:
        """Discard whatever may still come back."""
        self._over = True

    def check(self, now: int) -> None:
        """Find out whether a job is overdue or hangs; called every few milliseconds."""
        running = self._running
        if running is None:
            return
        batch, began = running
        job = batch[0][0]
        longest = self._longest.get((job.stage, job.point))
        overdue, hung = HUNG * NS, HUNG * NS
        if longest is not None:
            overdue, hung = max(OVERDUE * NS, _MANY * longest), max(hung, _TOO_MANY * longest)
        if now - began > overdue and not self._told:
            self._told = True
            for each, _ in batch:
                self._fault(each.stage, _late(each, (now - began) / NS))
        if now - began > hung:
            self._replace(batch, began)

    def forgive(self, ns: int) -> None:
        """Do not count a time during which the whole program stood still."""
        with self._lock:
            if self._running is not None:
                batch, began = self._running
                self._running = batch, began + ns

    # -- the thread --------------------------------------------------------------------------------------------

    def _spawn(self, hung: tuple[Batch, int] | None) -> None:
        thread = threading.Thread(target=lambda: self._work(hung), name=self._name, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _work(self, hung: tuple[Batch, int] | None) -> None:
        if hung is not None:
            self._bury(*hung)
        while (batch := self._jobs.get()) is not None:
            executions = self._refused(batch) or self._executed(batch)
            if executions is None or self._over:
                return  # it came back from wherever it hung, and nobody is there any more
            self._done(batch, executions)
            if self._jobs.empty():
                self._rests()

    def _refused(self, batch: Batch) -> list[Execution] | None:
        """Return what becomes of jobs whose stage is not run any more."""
        if not self._given_up or not any(job.stage in self._given_up for job, _ in batch):
            return None
        now = self._clock.now()
        return [_failed(self._given_up.get(job.stage, _late(job, 0.0)), now, now) for job, _ in batch]

    def _executed(self, batch: Batch) -> list[Execution] | None:
        """Run jobs; None when they took so long that they have been given up."""
        job, began = batch[0][0], self._clock.now()
        self._told, self._running = False, (batch, began)
        executions = self._programs.execute(batch, self._clock)
        if not self._claimed(batch):
            return None
        took = self._clock.now() - began
        if took > self._longest.get((job.stage, job.point), 0) and executions[0].error is None:
            self._longest[job.stage, job.point] = took
        return executions

    # -- inside ------------------------------------------------------------------------------------------------

    def _claimed(self, batch: Batch) -> bool:
        """Say whether it is up to the caller to tell what became of jobs: either their thread does, or the watchdog."""
        with self._lock:
            mine = self._running is not None and self._running[0] is batch
            if mine:
                self._running = None
            return mine

    def _replace(self, batch: Batch, began: int) -> None:
        if not self._claimed(batch):
            return
        _log.warning("thread %s is stuck in %s and is replaced", self._name, batch[0][0].stage)
        self._spawn((batch, began))

    def _bury(self, batch: Batch, began: int) -> None:
        """Drop the jobs that hang, and have their stages run by new interpreters; on the new thread."""
        now = self._clock.now()
        for job, _ in batch:
            error: Exception = _late(job, (now - began) / NS)
            if len(self.threads) > MOST_ABANDONED:
                self._given_up[job.stage] = error
            else:
                try:
                    self._programs.renew(job.stage, job.point)
                except EdgeAIError as cannot:
                    self._given_up[job.stage] = error = cannot
        self._done(batch, [_failed(_late(job, (now - began) / NS), began, now) for job, _ in batch])


def _late(job: Job, seconds: float) -> StaleResult:
    look = "look at its model, its function, its hardware"
    return StaleResult(f"{job.stage} has not come back for {seconds:.1f} s: {look}")


def _failed(error: Exception, began: int, ended: int) -> Execution:
    return Execution(None, error, began, (("hung", ended - began),), 0)
