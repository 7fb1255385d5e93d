"""The distribution of one operating point's duration, relative to its median."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from math import erfc, exp, log, sqrt

__all__ = ["Z90", "Z99", "Shape"]

Z90, _Z95, Z99, _Z999 = 1.2815515655446004, 1.6448536269514722, 2.3263478740408408, 3.090232306167813
"""Standard normal quantiles: the scores of nine runs in ten, of ninety-nine in a hundred."""

_X90, _X95, _X999 = 0.075, 0.225, 2.28
"""Where only p99 is known: ln(q / p50) as a share of ln(p99 / p50). Medians over 42 quantized classifiers on a
Raspberry Pi 4 (MLPerf Inference v1.0, open division, TFLite 2.4.1)."""

_X99 = 1.04
"""Where nothing is known: ln(p99 / p50), the median over the same table."""

_LEAST = 0.01
"""No duration is known more sharply than to 1 %: clocks, caches and interrupts move every one by that."""

_SQRT2 = sqrt(2.0)


class Shape:
    """Maps x = ln(t / p50) to a standard normal score z and back, piecewise linear between the known quantiles.

    P(x > X) = erfc(z(X) / sqrt 2) / 2. Below the median the body is taken as the mirror of the part up to p90.
    Outside the known quantiles the last slope goes on.
    """

    def __init__(self, p50: int, p90: int = 0, p95: int = 0, p99: int = 0, p999: int = 0) -> None:
        """Take quantiles in ns; 0 where one is not known."""
        x99 = log(p99 / p50) if p99 else _X99
        x90 = log(p90 / p50) if p90 else x99 * _X90
        knots = [(0.0, 0.0)]
        for z, x in (
            (Z90, x90),
            (_Z95, log(p95 / p50) if p95 else max(x90, x99 * _X95)),
            (Z99, x99),
            (_Z999, log(p999 / p50) if p999 else x99 * _X999),
        ):
            last_z, last_x = knots[-1]
            knots.append((z, max(x, last_x + _LEAST * (z - last_z))))
        self._zs = tuple(z for z, _ in knots)
        self._xs = tuple(x for _, x in knots)
        self._slopes = tuple((z2 - z1) / (x2 - x1) for (z1, x1), (z2, x2) in pairwise(knots))
        self.mean = self._mean()
        """E[t] / p50."""
        self.derive()

    def derive(self) -> None:
        """Work out what each run needs of the body."""
        self._body, self._slope = self._xs[1], self._slopes[0]
        self.variance = 1.0 / self._slope**2
        """Of x around the median, without the tail."""

    def score(self, x: float) -> float:
        """Return z, the normal score of x = ln(t / p50)."""
        if x <= self._body:
            return x * self._slope
        xs = self._xs
        i = bisect_right(xs, x, 1, len(xs) - 1) - 1
        return self._zs[i] + (x - xs[i]) * self._slopes[i]

    def survival(self, x: float) -> float:
        """Return the share of runs that take longer than p50 exp(x)."""
        return 0.5 * erfc(self.score(x) / _SQRT2)

    def slope(self, x: float) -> float:
        """Return dz / dx."""
        xs = self._xs
        return self._slopes[bisect_right(xs, x, 1, len(xs) - 1) - 1]

    def quantile(self, z: float) -> float:
        """Return x at the normal score z."""
        zs = self._zs
        i = bisect_right(zs, z, 1, len(zs) - 1) - 1
        return self._xs[i] + (z - zs[i]) / self._slopes[i]

    def _mean(self) -> float:
        """Integrate exp(x(z)) against the normal density, in steps of 0.1, to where the profile's samples end."""
        total = weight = 0.0
        for step in range(-35, 36):
            z = step / 10
            w = exp(-0.5 * z * z)
            weight += w
            total += w * exp(self.quantile(z))
        return total / weight
