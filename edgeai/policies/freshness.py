"""The least mean age of a result when it is used, within watts and above an accuracy."""

from __future__ import annotations

from dataclasses import dataclass

from edgeai.schedule.policy import Aim, Situation

__all__ = ["Freshness"]


@dataclass(frozen=True, slots=True)
class Freshness:
    """Minimises latency + half a period.

    budget: watts at the board's input, None for no limit; accuracy: floor of the mean on-time accuracy, 0..1;
    miss_rate: misses over offered, 0..1.
    """

    budget: float | None = None
    accuracy: float = 0.0
    miss_rate: float = 0.01

    def choose(self, situation: Situation) -> Aim:
        """Aim for the least age."""
        return Aim("age", self.budget, self.miss_rate, self.accuracy)
