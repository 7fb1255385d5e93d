"""The most utility under a budget in watts."""

from __future__ import annotations

from dataclasses import dataclass

from edgeai.schedule.policy import Aim, Situation

__all__ = ["Power"]


@dataclass(frozen=True, slots=True)
class Power:
    """Keeps the board at a budget. budget: watts at its input, idling included; miss_rate: misses over offered."""

    budget: float
    miss_rate: float = 0.01

    def choose(self, situation: Situation) -> Aim:
        """Aim for utility within the budget."""
        return Aim(watts=self.budget, miss_rate=self.miss_rate)
