"""A battery as a store of energy."""

from __future__ import annotations

__all__ = ["Battery"]


class Battery:
    """Joules, drained by what the board takes; the loss of its converter is part of `capacity`."""

    def __init__(self, watt_hours: float) -> None:
        """`watt_hours` it gives until it is empty."""
        self.capacity = watt_hours * 3600.0
        self.left = self.capacity

    def drain(self, joules: float) -> float:
        """Take energy out; return the part of it (0..1) that was still there."""
        given = min(self.left, joules)
        self.left -= given
        return given / joules if joules > 0.0 else 1.0

    @property
    def empty(self) -> bool:
        """True when nothing is left."""
        return self.left <= 0.0
