"""The newest decisions of the scheduler, in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeai.runtime.taps import Tap
from edgeai.schedule.commands import Announce, Command, Drop, Run
from edgeai.schedule.events import Event

__all__ = ["Decision", "DecisionLog"]

KEPT = 10_000
"""Decisions kept: about a minute of four streams at 30 a second, and a few megabytes."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What happened, at `t` (ns), and what the scheduler made of it."""

    event: Event
    commands: tuple[Command, ...]

    @property
    def t(self) -> int:
        """Time of the event in ns."""
        return self.event.t

    def concerns(self, stage: str) -> bool:
        """Say whether a command is about a stage."""
        return any(stage in _stages_of(command) for command in self.commands)


class DecisionLog(Tap):
    """Keeps the newest decisions; iterate over it at any time, oldest first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._decisions: deque[tuple[Event, Sequence[Command]]] = deque(maxlen=kept)

    def decided(self, event: Event, commands: Sequence[Command]) -> None:
        """Keep a decision."""
        self._decisions.append((event, commands))

    def __len__(self) -> int:
        return len(self._decisions)

    def __iter__(self) -> Iterator[Decision]:
        for event, commands in self._decisions.copy():
            yield Decision(event, tuple(commands))

    def of(self, stage: str) -> list[Decision]:
        """Return the decisions with a command about a stage."""
        return [decision for decision in self if decision.concerns(stage)]


def _stages_of(command: Command) -> tuple[str, ...]:
    if isinstance(command, Run):
        return tuple(job.stage for job in command.jobs)
    return (command.stage,) if isinstance(command, Drop | Announce) else ()
