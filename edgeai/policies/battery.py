"""Last until a time, or for the hours asked, from the energy left."""

from __future__ import annotations

from dataclasses import dataclass

from edgeai.power.battery_pacing import pace
from edgeai.schedule.policy import Aim, Situation

__all__ = ["Battery"]

DAY = 86_400.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Battery:
    """Spreads the battery's energy evenly over the time left.

    hours: to last, from the start of the pipeline; until: in their place a time of day, seconds after local midnight.
    capacity: Wh at the start, needed where no gauge tells what is left; reserve: Wh to be left at the end. miss_rate:
    misses over offered, 0..1. Raises ValueError for both hours and until, or neither.
    """

    hours: float | None = None
    until: float | None = None
    capacity: float | None = None
    reserve: float = 0.0
    miss_rate: float = 0.01

    def __post_init__(self) -> None:
        if (self.hours is None) == (self.until is None):
            raise ValueError("either hours, from the start, or until, a time of day")

    def choose(self, situation: Situation) -> Aim:
        """Aim for utility within the pace; without gauge and capacity nothing can be paced."""
        left = situation.battery
        if left is None and self.capacity is not None:
            left = 3600.0 * self.capacity - situation.spent
        if left is None:
            return Aim(miss_rate=self.miss_rate)
        seconds = self._whole(situation.started) - situation.elapsed
        return Aim(watts=pace(left, 3600.0 * self.reserve, seconds), miss_rate=self.miss_rate)

    def _whole(self, started: float) -> float:
        """Return the seconds to last from the start, at `started` seconds after midnight."""
        return 3600.0 * self.hours if self.hours is not None else ((self.until or 0.0) - started) % DAY
