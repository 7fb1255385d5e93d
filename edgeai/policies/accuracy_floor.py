"""The least energy at a given accuracy and rate."""

from __future__ import annotations

from dataclasses import dataclass

from edgeai.schedule.policy import Aim, Situation

__all__ = ["AccuracyFloor"]


@dataclass(frozen=True, slots=True)
class AccuracyFloor:
    """Holds the mean on-time accuracy. accuracy: floor, 0..1; miss_rate: misses over offered, 0..1."""

    accuracy: float
    miss_rate: float = 0.01

    def choose(self, situation: Situation) -> Aim:
        """Aim for the least energy above the floor, at the highest rate asked for."""
        return Aim("energy", miss_rate=self.miss_rate, accuracy=self.accuracy)
