"""How long runs of one operating point take: a distribution through measured quantiles."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise
from math import exp, log
from random import Random
from statistics import NormalDist

__all__ = ["Distribution", "Noise"]

_NORMAL = NormalDist()


class Distribution:
    """Durations as a function of a standard normal score z: ln ns is piecewise linear between the quantiles.

    Beyond the outermost of them no run is quicker or slower: nothing was seen there.
    """

    __slots__ = ("_slopes", "xs", "zs")

    def __init__(self, knots: Iterable[tuple[float, float]]) -> None:
        """`knots`: (z, ln ns), ascending."""
        self.zs, self.xs = zip(*knots, strict=True)
        self._slopes = tuple(
            (x2 - x1) / (z2 - z1) for (z1, x1), (z2, x2) in pairwise(zip(self.zs, self.xs, strict=True))
        )

    @classmethod
    def through(cls, quantiles: Iterable[tuple[float, float]], runs: float) -> Distribution:
        """Return the one with these quantiles, (probability, ns); 0 and 1 are the least and the most of `runs` runs."""
        edge = 0.5 / runs
        kept: list[tuple[float, float]] = []
        for p, ns in quantiles:
            z, x = _NORMAL.inv_cdf(min(1.0 - edge, max(edge, p))), log(ns)
            if not kept or z > kept[-1][0]:
                kept.append((z, max(x, kept[-1][1]) if kept else x))
        return cls(kept)

    def at(self, z: float) -> float:
        """Return the duration at a score, ns."""
        zs = self.zs
        i = bisect_right(zs, z) - 1
        if i < 0:
            return exp(self.xs[0])
        if i >= len(self._slopes):
            return exp(self.xs[-1])
        return exp(self.xs[i] + (z - zs[i]) * self._slopes[i])

    def mean(self) -> float:
        """Return the mean duration, ns: the normal density integrated in steps of 0.02 over +-5."""
        total = weight = 0.0
        for step in range(-250, 251):
            z = step / 50
            w = exp(-0.5 * z * z)
            weight += w
            total += w * self.at(z)
        return total / weight


class Noise:
    """A score for each item of a stage, whatever is run on it: two schedules of one seed meet the same luck."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._next = 0
        self._last = 0.0

    def __call__(self, seq: int) -> float:
        """Return the score of an item; items come in order, and may be left out."""
        while self._next <= seq:
            self._last = self._rng.gauss(0.0, 1.0)
            self._next += 1
        return self._last
