"""A power meter with its faults: it errs, and it counts in steps."""

from __future__ import annotations

from random import Random

__all__ = ["Meter"]


class Meter:
    """Reads watts with a relative error (normal), in steps; an INA219 with a 1 % shunt is about as good."""

    def __init__(self, rng: Random, error: float = 0.01, step: float = 0.01) -> None:
        """`error`: standard deviation, a share of the reading; `step`: W."""
        self._rng = rng
        self._error = error
        self._step = step

    def read(self, watts: float) -> float:
        """Return what it shows, W."""
        return max(0.0, round(watts * (1.0 + self._rng.gauss(0.0, self._error)) / self._step) * self._step)
