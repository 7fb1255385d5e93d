"""How hot a board gets, and what its clock does then.

Two thermal poles, chip to board and board to air, in series (Foster's network); with power P constant over dt

    T = T_ambient + a + b,   a += (r_a P - a)(1 - exp(-dt / tau_a)),   b += (r_b P - b)(1 - exp(-dt / tau_b))

T in deg C, P in W, r in deg C a watt, tau in s; the step is exact, whatever dt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import exp

from edgeai.power.boards import Board

__all__ = ["Cooling", "Heat", "Throttle"]


@dataclass(frozen=True, slots=True)
class Cooling:
    """How a board loses its heat; assumed, for nobody publishes it: the middle of what a small board may be.

    resistance: deg C a watt from chip to air. fast, slow: s, the poles of chip and board. fast_share: part of the
    resistance that lies between chip and board.
    """

    resistance: float = 8.0
    fast: float = 30.0
    slow: float = 900.0
    fast_share: float = 0.4


class Heat:
    """The temperature of a chip, in deg C. It begins as if the board had taken `watts` for hours."""

    def __init__(self, cooling: Cooling, ambient: float, watts: float = 0.0) -> None:
        """`ambient`: deg C of the air."""
        self._cooling = cooling
        self._ambient = ambient
        self._fast = watts * cooling.resistance * cooling.fast_share
        self._slow = watts * cooling.resistance * (1.0 - cooling.fast_share)

    @property
    def celsius(self) -> float:
        """Degrees Celsius of the chip."""
        return self._ambient + self._fast + self._slow

    def step(self, watts: float, seconds: float) -> float:
        """Let the board take `watts` for some seconds, and return the temperature after them."""
        cooling = self._cooling
        rise = watts * cooling.resistance
        self._fast += (rise * cooling.fast_share - self._fast) * (1.0 - exp(-seconds / cooling.fast))
        self._slow += (rise * (1.0 - cooling.fast_share) - self._slow) * (1.0 - exp(-seconds / cooling.slow))
        return self.celsius


@dataclass(frozen=True, slots=True)
class Throttle:
    """What firmware does to a clock that is too hot: down from `soft` deg C on, at its least at `hard`.

    frequencies: Hz, ascending. volts: V at some of them. Where one frequency only is known, the clock stays.
    """

    soft: float
    hard: float
    frequencies: tuple[float, ...]
    volts: Mapping[float, float]

    @classmethod
    def of(cls, board: Board) -> Throttle:
        """Return a board's."""
        steps = board.frequencies.values
        return cls(board.throttle_soft.value, board.throttle_hard.value, steps, board.volts or {})

    def clock(self, celsius: float) -> float:
        """Return the share of the highest clock that is left: linear from soft to hard, down to the next step."""
        top, least = self.frequencies[-1], self.frequencies[0]
        if celsius < self.soft or top == least:
            return 1.0
        wanted = top - (top - least) * min(1.0, (celsius - self.soft) / (self.hard - self.soft))
        return max(hertz for hertz in self.frequencies if hertz <= wanted or hertz == least) / top

    def power(self, clock: float) -> float:
        """Return the share of the power of work that is left at a share of the clock: f V^2, V constant if unknown."""
        if len(self.volts) < 2:
            return clock
        top = self.frequencies[-1]
        return clock * (self._volts(clock * top) / self._volts(top)) ** 2

    def _volts(self, hertz: float) -> float:
        known = sorted(self.volts.items())
        for (f, v), (g, w) in pairwise(known):
            if hertz <= g:
                return v + (w - v) * max(0.0, hertz - f) / (g - f)
        return known[-1][1]
