"""What accuracy is worth: one price over all states of the board holds a floor with the least energy.

A plan that holds the floor in every moment buys accuracy where it is dear, in slow moments, and none more where it is
cheap. The least energy over a stretch of time has one price lambda (J for a unit of accuracy) throughout, the dual
variable of its floor; it is found by following what was reached, frame by frame:

    ln lambda += (floor - score) / H

score: the accuracy of a frame if on time, else 0; H: HORIZON. (Integral control of a dual variable: Uzawa, in Arrow,
Hurwicz, Uzawa, Studies in Linear and Non-linear Programming, 1958; on a logarithmic scale a price stays above zero.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log

__all__ = ["AccuracyPrice"]

HORIZON = 6.0
"""Frames' worth of accuracy that change the price by e: a hundredth short for a minute at 10 Hz."""

RANGE = 100.0
"""The price stays within 1 / RANGE and RANGE times the dearest run: above, a hundredth of accuracy would be worth more
than that run, and there is nothing left to buy."""

_ROUNDS = 20

_LEAST = 1e-9
"""J: where no table tells what runs take, all take nothing, and a logarithm of that there is not."""


@dataclass(slots=True)
class AccuracyPrice:
    """J for a unit of accuracy of one frame; 0 until a first plan has looked for it."""

    joules: float = 0.0
    _floor: float = 0.0
    _most: float = 0.0

    def quote(self, floor: float, dearest: float, reached: Callable[[float], float]) -> float:
        """Return the price for a floor; a new floor's is found by bisection of `reached`, price to accuracy.

        dearest: J of the dearest run; what it takes now bounds the price until the next plan.
        """
        dearest = max(_LEAST, dearest)
        self._most = RANGE * dearest
        if floor != self._floor:
            self._floor = floor
            low, high = log(dearest / RANGE), log(self._most)
            for _ in range(_ROUNDS):
                middle = 0.5 * (low + high)
                low, high = (low, middle) if reached(exp(middle)) >= floor else (middle, high)
            self.joules = exp(high)
        return self.joules

    def settle(self, floor: float, score: float) -> None:
        """Enter one offered frame."""
        if floor == self._floor:
            least = self._most / (RANGE * RANGE)
            self.joules = min(self._most, max(least, self.joules * exp((floor - score) / HORIZON)))
