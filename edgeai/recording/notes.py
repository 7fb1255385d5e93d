"""The values of a recording that flow nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

from edgeai.schedule.commands import Command
from edgeai.schedule.events import Event

__all__ = ["Decision", "FaultNote", "Loss", "UtcPair"]


@dataclass(frozen=True, slots=True)
class Decision:
    """An event and the scheduler's answer."""

    event: Event
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class FaultNote:
    """What failed at `t` (ns): a source, stage or output, the kind of error and its sentence."""

    name: str
    kind: str
    sentence: str
    t: int


@dataclass(frozen=True, slots=True)
class Loss:
    """So many messages of a topic were not recorded up to `t` (ns), for want of room."""

    topic: str
    count: int
    t: int


@dataclass(frozen=True, slots=True)
class UtcPair:
    """The pipeline's clock `t` and UTC at one moment, ns."""

    t: int
    utc: int
