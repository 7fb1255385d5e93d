"""What a lane runs for one job: a program of named steps, each measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from edgeai.clock import Clock, thread_cpu
from edgeai.messages import Basis, Frame, Mark, Reading, Readings, Result
from edgeai.perception.synchronisation import Joined
from edgeai.schedule.commands import Job
from edgeai.schedule.events import Skip

__all__ = ["INVOKED", "Batch", "Execution", "Program", "Skipped", "Step", "Work", "execute", "raised"]

INVOKED = "invoked"
"""The mark of the step that runs a model."""


class Work(NamedTuple):
    """What a job works on: a frame, reading or window ready at `ready` (ns), and in a chain the result before it.

    joined: messages of other sources and stages that belong to the same moment. A tuple, as Execution is: one is made
    for every item, and a frozen dataclass takes three times as long to make.
    """

    captured: Frame | Reading | Readings
    ready: int
    result: Result | None = None
    joined: Joined | None = None

    @property
    def frame(self) -> Frame | None:
        """The frame, where a camera is at the root."""
        return self.captured if isinstance(self.captured, Frame) else None

    @property
    def message(self) -> Any:
        """The newest of both: the result, or what was captured."""
        return self.result or self.captured

    @property
    def stamp(self) -> int:
        """When it was captured, ns."""
        return (self.result or self.captured).stamp

    @property
    def seq(self) -> int:
        """The number of the item, by which its job names it."""
        return (self.result or self.captured).seq


@dataclass(frozen=True, slots=True)
class Step:
    """`run` takes what the step before it returned, the first the Work; `mark` names the step's end in the ledger."""

    mark: str
    run: Callable[[Any], Any]


Batch = tuple[tuple[Job, Work], ...]
"""Jobs that a lane runs as one, and what each works on; most often a single one."""

Program = tuple[Step, ...]
"""Steps in order; the last one returns the stage's value, or one before it Skipped."""


@dataclass(frozen=True, slots=True, eq=False)
class Skipped:
    """What a step returns to end a program early: the stage's value without its model having looked, and why.

    gated: it is carried forward; `basis` and `inferred_stamp` say what it rests on. empty: there was nothing to look
    at.
    """

    why: Skip
    value: Any
    basis: Basis = "inferred"
    inferred_stamp: int | None = None


class Execution(NamedTuple):
    """What came of a program: its value or the error that ended it, when it began, its steps (mark, ns), CPU time.

    skipped: why its model did not look, None where it did.
    """

    value: Any
    error: Exception | None
    began: int
    steps: tuple[tuple[str, int], ...]
    cpu: int
    skipped: Skipped | None = None

    def ledger(self, stage: str) -> list[Mark]:
        """Return rows from `started` through the end of each step."""
        t = self.began
        rows = [(stage, "started", t)]
        for mark, duration in self.steps:
            t += duration
            rows.append((stage, mark, t))
        return rows


def execute(program: Program, work: Work, clock: Clock) -> Execution:
    """Run a program on the calling thread and measure each step; an exception becomes the execution's error."""
    steps: list[tuple[str, int]] = []
    value: Any = work
    error: Exception | None = None
    skipped: Skipped | None = None
    cpu = thread_cpu(clock)
    began = before = clock.now()
    mark = ""
    try:
        for step in program:
            mark = step.mark
            value = step.run(value)
            after = clock.now()
            steps.append((mark, after - before))
            before = after
            if isinstance(value, Skipped):
                skipped, value = value, value.value
                break
    except (Exception, SystemExit) as caught:  # noqa: BLE001 - a stage's error is its stream's fault, not the lane's end
        error = raised(caught)
        value = None
        steps.append((mark, clock.now() - before))
    return Execution(value, error, began, tuple(steps), thread_cpu(clock) - cpu, skipped)


def raised(error: Exception | SystemExit) -> Exception:
    """Return what was raised as an Exception: `sys.exit()` would end a thread without a word, so it is named."""
    if isinstance(error, Exception):
        return error
    named = RuntimeError("sys.exit() was called; to end the pipeline call its stop()")
    named.__cause__ = error
    return named
