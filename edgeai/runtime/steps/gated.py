"""A step before a model: where nothing calls for a look, the last result is carried forward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgeai.errors import ModelError
from edgeai.perception.gating import Gate, GateOptions, Look
from edgeai.runtime.program import Program, Skipped, Step, Work
from edgeai.runtime.steps.memory import Memory

__all__ = ["gated"]


def gated(
    program: Program, options: GateOptions, memory: Memory[Look | None], moment: Callable[[Work], int]
) -> Program:
    """Return a program for one lane that runs only when a gate says so.

    memory: what the gate knows, shared by all programs of the stage. moment: when an item was captured, ns.
    """
    gate = Gate(options)
    *others, last = program
    begun: list[Work] = []

    def judge(work: Work) -> Work | Skipped:
        if work.frame is None:
            raise ModelError(f"a gate compares pictures, and {work.captured.source} is no camera: leave `gate` out")
        begun[:] = [work]
        gate.look = memory.value
        carried = gate.judge(work.frame, moment(work))
        if carried is None:
            return work
        return Skipped("gated", carried.value, carried.basis, carried.inferred_stamp)

    def note(value: Any) -> Any:
        (work,) = begun
        memory.keep(work.seq, gate.looked(value, moment(work), work.captured.stamp))
        return value

    return (Step("gated", judge), *others, Step(last.mark, lambda value: note(last.run(value))))
