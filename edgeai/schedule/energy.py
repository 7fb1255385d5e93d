"""What runs cost: recursive least squares on the board's power.

    E = P0 dt + sum_k c_k x_k,   x_k = watts_k x busy_k

E: energy the board took in dt, from the meter, J; P0: idle power, W; x_k: joules the board table or a profile gives for
the busy time of stage k; c_k: correction, no unit. With h = (dt, x_1, ...), y = E, and forgetting lambda:

    g = R h / (lambda nu + h' R h);   c += g (y - h' c);   R = (R - g h' R) / lambda

nu: variance of a reading, J^2; R: covariance of c.

(Haykin, Adaptive Filter Theory, RLS.) Without a meter c stays 1 and every figure is `modelled`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

__all__ = ["EnergyModel"]

_FORGET = 0.98
"""lambda: looks back on 50 readings."""

_METER_ERROR = 0.02
"""Standard deviation of a reading as a share of it: a shunt meter's 1 %, and as much for what the tables leave out."""

_MOST_SPREAD = 0.04
"""Variance of a coefficient above which nothing is forgotten: without excitation, forgetting would wind it up without
end. It is also what a coefficient starts with: a table is right to 0.2 W, and to a fifth."""

_MOST_CORRECTION = 3.0
"""A board that takes three times what its table says is another board."""


class EnergyModel:
    """Learns idle power and one correction a stage from metered energy."""

    def __init__(self, stages: int, idle: float) -> None:
        """`idle`: watts of the board with nothing running, from the board's table."""
        n = stages + 1
        self.coefficients = [idle, *([1.0] * stages)]
        self._spread = [[_MOST_SPREAD if i == j else 0.0 for j in range(n)] for i in range(n)]
        self.basis: Literal["measured", "modelled"] = "modelled"

    @property
    def idle(self) -> float:
        """Watts with nothing running."""
        return self.coefficients[0]

    def correction(self, stage: int) -> float:
        """Return c_k of a stage."""
        return self.coefficients[stage + 1]

    def energy(self, seconds: float, joules: Sequence[float]) -> float:
        """Return the energy (J) the model gives for an interval and what its stages' tables give for their runs."""
        return _dot(self.coefficients, [seconds, *joules])

    def observe(self, seconds: float, joules: Sequence[float], energy: float) -> None:
        """Learn from a metered interval."""
        self.basis = "measured"
        h = [seconds, *joules]
        n = len(h)
        spread = self._spread
        rh = [_dot(row, h) for row in spread]
        scale = _FORGET * (_METER_ERROR * energy) ** 2 + 1e-12 + _dot(h, rh)
        error = energy - _dot(h, self.coefficients)
        gains = [a / scale for a in rh]
        for i, gain in enumerate(gains):
            learnt = self.coefficients[i] + gain * error
            least, most = (0.0, math.inf) if i == 0 else (1.0 / _MOST_CORRECTION, _MOST_CORRECTION)
            self.coefficients[i] = min(most, max(least, learnt))
        # Symmetric to the last bit: forgetting would amplify any asymmetry without end.
        spread = [[spread[i][j] - rh[i] * rh[j] / scale for j in range(n)] for i in range(n)]
        if max(spread[i][i] for i in range(n)) < _MOST_SPREAD:
            spread = [[a / _FORGET for a in row] for row in spread]
        self._spread = spread


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return math.fsum(x * y for x, y in zip(a, b, strict=True))
