"""What a policy sees and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from edgeai.schedule.workload import StageLoad

__all__ = ["Aim", "Choice", "Policy", "Situation"]


@dataclass(frozen=True, slots=True)
class Situation:
    """What a policy may look at.

    durations: expected duration in ns of each (stage, point), 0 where nothing is known yet. elapsed: seconds since the
    start. idle: watts with nothing running; power: watts drawn, averaged over the last seconds; spent: J since the
    start. celsius, battery (J): None where unknown. basis: whether power and spent come from a meter. started: the
    time of day at the start, seconds after local midnight.
    """

    stages: tuple[StageLoad, ...]
    durations: Mapping[tuple[str, int], int]
    elapsed: float = 0.0
    idle: float = 0.0
    power: float = 0.0
    spent: float = 0.0
    celsius: float | None = None
    battery: float | None = None
    basis: Literal["measured", "modelled"] = "modelled"
    started: float = 0.0


@dataclass(frozen=True, slots=True)
class Choice:
    """What a stage shall do until the next plan: an operating point, and a rate in Hz (None: every frame)."""

    point: int
    rate: float | None


@dataclass(frozen=True, slots=True)
class Aim:
    """What the planner shall reach; it then chooses points, shares and rates, and keeps the banks.

    objective: most `utility` (weight x accuracy x g(rate), on time), least `energy`, or least `age` at use (latency +
    half a period). watts: the whole board's budget, None for none. miss_rate: misses over offered, 0..1. accuracy:
    floor of the mean on-time accuracy, 0..1.
    """

    objective: Literal["utility", "energy", "age"] = "utility"
    watts: float | None = None
    miss_rate: float = 0.01
    accuracy: float = 0.0


class Policy(Protocol):
    """Says what every stage shall do, or what the planner shall aim for; a pure function of the situation."""

    def choose(self, situation: Situation) -> Mapping[str, Choice] | Aim:
        """Return {stage name: its choice} for all stages, or an aim."""
        ...
