"""What a policy sees and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from edgeai.schedule.workload import StageLoad

__all__ = ["Choice", "Policy", "Situation"]


@dataclass(frozen=True, slots=True)
class Situation:
    """The stages, and the expected duration in ns of each (stage, point), 0 where nothing is known yet."""

    stages: tuple[StageLoad, ...]
    durations: Mapping[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a stage shall do until the next plan: an operating point, and a rate in Hz (None: every frame)."""

    point: int
    rate: float | None


class Policy(Protocol):
    """Chooses for every stage; a pure function of the situation."""

    def choose(self, situation: Situation) -> Mapping[str, Choice]:
        """Return {stage name: its choice} for all stages."""
        ...
