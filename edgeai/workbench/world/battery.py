"""A battery as a store of energy."""

from __future__ import annotations

__all__ = ["Battery"]


class Battery:
    """Joules, drained by what the board takes; the loss of its converter is left out of it."""

    def __init__(self, watt_hours: float) -> None:
        """`watt_hours` it gives until it is empty."""
        self.left = watt_hours * 3600.0

    def drain(self, joules: float) -> None:
        """Take energy out, as much as there is."""
        self.left = max(0.0, self.left - joules)

    @property
    def empty(self) -> bool:
        """True when nothing is left."""
        return self.left <= 0.0
