"""The most accuracy that meets every deadline, at the miss rate asked for."""

from __future__ import annotations

from dataclasses import dataclass

from edgeai.schedule.policy import Aim, Situation

__all__ = ["Latency"]


@dataclass(frozen=True, slots=True)
class Latency:
    """Spends what power it takes. miss_rate: misses over offered, 0..1."""

    miss_rate: float = 0.01

    def choose(self, situation: Situation) -> Aim:
        """Aim for utility, with no limit but the misses."""
        return Aim(miss_rate=self.miss_rate)
