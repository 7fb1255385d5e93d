"""A step before the model of a stage behind another: what its parent carried forward is carried on here, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeai.perception.gating import Followed
from edgeai.runtime.program import Program, Skipped, Step, Work
from edgeai.runtime.steps.memory import Memory

__all__ = ["followed"]


def followed(program: Program, memory: Memory[Followed | None]) -> Program:
    """Return a program for one lane that runs once for each look of the stage before it.

    memory: the newest result, shared by all programs of the stage.
    """
    begun: list[Work] = []

    def begin(work: Work) -> Work | Skipped:
        begun[:] = [work]
        last, parent = memory.value, work.result
        if last is None or parent is None or parent.basis == "inferred" or parent.inferred_stamp != last.parent:
            return work
        return Skipped("gated", last.value, "unchanged", last.stamp)

    return (Step("gated", begin), *_noting(program, begun, memory))


def _noting(program: Program, begun: Sequence[Work], memory: Memory[Followed | None]) -> Program:
    """Return a program that keeps what it found, be it in its last step or where it was ended early."""

    def note(step: Step, value: Any, *, last: bool) -> Any:
        made = step.run(value)
        (work,) = begun
        if work.result is not None and (last or isinstance(made, Skipped)):
            kept = made.value if isinstance(made, Skipped) else made
            memory.keep(work.seq, Followed(work.result.inferred_stamp, work.result.stamp, kept))
        return made

    end = len(program) - 1
    return tuple(
        Step(step.mark, lambda value, step=step, i=i: note(step, value, last=i == end))  # type: ignore[misc]
        for i, step in enumerate(program)
    )
