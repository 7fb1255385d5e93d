"""Jobs of several stages in one invocation of the model they share: each step for all of them before the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from edgeai.clock import Clock, thread_cpu
from edgeai.runtime.program import INVOKED, Execution, Program, Step, Work, raised

__all__ = ["Together", "execute_together"]


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """A model with a row for each stage that shares it.

    programs: by stage; each writes into its own row and reads from it. invoke: runs all rows, after the programs' steps
    `invoked`, which are at one place in all of them.
    """

    programs: Mapping[str, Program]
    invoke: Callable[[], None]


class _Member:
    """One of the jobs: its value so far, or the error that ended it, and its steps."""

    def __init__(self, work: Work) -> None:
        self.value: Any = work
        self.error: Exception | None = None
        self.steps: list[tuple[str, int]] = []

    def attempt(self, call: Callable[[Any], Any]) -> None:
        if self.error is None:
            try:
                self.value = call(self.value)
            except (Exception, SystemExit) as caught:  # noqa: BLE001 - one stage's error is no other's
                self.error = raised(caught)


def execute_together(together: Together, batch: Sequence[tuple[str, Work]], clock: Clock) -> list[Execution]:
    """Run the programs of some stages, each on its work, on the calling thread; each step takes as long as that of all.

    What a stage raises is its own fault; what the model raises is the fault of all.
    """
    members = [_Member(work) for _, work in batch]
    cpu = thread_cpu(clock)
    began = before = clock.now()
    for steps in zip_longest(*(together.programs[stage] for stage, _ in batch)):
        for member, step in zip(members, steps, strict=True):
            if step is not None:
                member.attempt(step.run)
        if steps[0] is not None and steps[0].mark == INVOKED:
            _invoke(together, members)
        after = clock.now()
        _note(members, steps, after - before)
        before = after
    share = (thread_cpu(clock) - cpu) // len(batch)
    return [
        Execution(member.value if member.error is None else None, member.error, began, tuple(member.steps), share)
        for member in members
    ]


def _invoke(together: Together, members: Sequence[_Member]) -> None:
    try:
        together.invoke()
    except Exception as error:  # noqa: BLE001 - the fault of every stream aboard
        for member in members:
            member.error = member.error or error


def _note(members: Sequence[_Member], steps: Sequence[Step | None], ns: int) -> None:
    for member, step in zip(members, steps, strict=True):
        if step is not None:
            member.steps.append((step.mark, ns))
