"""A small linear programme: shares of a whole that maximise a value under a few limits.

    maximise sum_j w_j v_j   subject to   sum_j w_j = 1,  sum_j w_j a_ij <= b_i,  w >= 0

Revised simplex (Dantzig, 1963) on at most five rows with an explicit inverse. Where the limits cannot all be kept, what
exceeds them costs more than any value gains: the answer is then the least excess. At most one more share than limits
is above zero. A problem that has moved little since the last plan starts from that plan's basis, mostly the best still.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

__all__ = ["Solution", "solve"]

_PIVOTS = 60
_EPS = 1e-9
_EXCESS = 1e5
"""Price of exceeding a limit by one unit, as a multiple of the largest value; limits are scaled to about 1."""

_SINGULAR = 1e-9
"""A pivot below this is rounding: the columns of a remembered basis have become dependent."""


@dataclass(frozen=True, slots=True)
class Solution:
    """shares: {j: w_j} above zero. basis: where to start next time."""

    shares: dict[int, float]
    basis: tuple[int, ...]


@dataclass(slots=True)
class _Corner:
    """A basis (column j, slack of row i as n + i, its excess as n + k + i), its inverse, and the amounts in it."""

    basis: list[int]
    inverse: list[list[float]]
    x: list[float]


def solve(
    values: Sequence[float], rows: Sequence[Sequence[float]], limits: Sequence[float], basis: Sequence[int] = ()
) -> Solution:
    """Return the shares; `basis`, of an earlier solution, only saves pivots."""
    n, k = len(values), len(rows)
    price = _EXCESS * max(1e-12, max(values), -min(values))
    corner = _warm(rows, limits, basis, n) or _cold(values, rows, limits)
    costs = [_cost(values, j, n, k, price) for j in corner.basis]
    for _ in range(_PIVOTS):
        y = [_dot(costs, column) for column in zip(*corner.inverse, strict=True)]
        enter, gain = _price(values, rows, y, price)
        if gain <= _EPS * price / _EXCESS:
            break
        leave = _pivot(corner, enter, _column(rows, enter, n))
        if leave is None:
            break
        costs[leave] = _cost(values, enter, n, k, price)
    shares = {j: w for j, w in zip(corner.basis, corner.x, strict=True) if j < n and w > 1e-7}
    return Solution(shares, tuple(corner.basis))


def _cold(values: Sequence[float], rows: Sequence[Sequence[float]], limits: Sequence[float]) -> _Corner:
    """Start from one column, and for each limit its slack or its excess."""
    n, k = len(values), len(rows)
    start = _start(values, rows, limits)
    corner = _Corner([start], [[1.0] + [0.0] * k], [1.0])
    for i, (row, limit) in enumerate(zip(rows, limits, strict=True)):
        left = limit - row[start]
        sign = 1.0 if left >= 0.0 else -1.0
        corner.basis.append(n + i if left >= 0.0 else n + k + i)
        corner.inverse.append([-sign * row[start], *(sign if i == c else 0.0 for c in range(k))])
        corner.x.append(abs(left))
    return corner


def _warm(rows: Sequence[Sequence[float]], limits: Sequence[float], basis: Sequence[int], n: int) -> _Corner | None:
    """Return to a remembered basis; None where it is not one any more, or not feasible."""
    m = len(rows) + 1
    if len(basis) != m or max(basis) >= n + 2 * (m - 1):
        return None
    columns = [_column(rows, j, n) for j in basis]
    right = (1.0, *limits)
    work = [[*(c[r] for c in columns), *(1.0 if r == c else 0.0 for c in range(m))] for r in range(m)]
    for c in range(m):
        best = max(range(c, m), key=lambda r: abs(work[r][c]))
        pivot = work[best][c]
        if abs(pivot) < _SINGULAR:
            return None
        work[c], work[best] = work[best], work[c]
        work[c] = [v / pivot for v in work[c]]
        for r in range(m):
            if r != c and (f := work[r][c]):
                work[r] = [a - f * b for a, b in zip(work[r], work[c], strict=True)]
    inverse = [row[m:] for row in work]
    x = [_dot(row, right) for row in inverse]
    return None if min(x) < -_EPS else _Corner(list(basis), inverse, x)


def _pivot(corner: _Corner, enter: int, column: Sequence[float]) -> int | None:
    """Bring a column into the basis; return the row it took, None where nothing limits it."""
    inverse, x = corner.inverse, corner.x
    d = [_dot(row, column) for row in inverse]
    leave, least = -1, 0.0
    for r, step in enumerate(d):
        if step > _EPS:
            ratio = x[r] / step
            if leave < 0 or ratio < least - 1e-15:
                leave, least = r, ratio
    if leave < 0:
        return None
    row = [v / d[leave] for v in inverse[leave]]
    for r, f in enumerate(d):
        if r != leave and f:
            inverse[r] = [a - f * b for a, b in zip(inverse[r], row, strict=True)]
            x[r] = max(0.0, x[r] - f * least)
    inverse[leave], x[leave], corner.basis[leave] = row, least, enter
    return leave


def _start(values: Sequence[float], rows: Sequence[Sequence[float]], limits: Sequence[float]) -> int:
    """Take the best column that keeps all limits by itself, else the one that exceeds them least."""
    fits = [True] * len(values)
    for row, limit in zip(rows, limits, strict=True):
        fits = [f and a <= limit for f, a in zip(fits, row, strict=True)]
    if True in fits:
        return max((v, -j) for j, (v, f) in enumerate(zip(values, fits, strict=True)) if f)[1] * -1
    excess = [0.0] * len(values)
    for row, limit in zip(rows, limits, strict=True):
        excess = [e + max(0.0, a - limit) for e, a in zip(excess, row, strict=True)]
    return excess.index(min(excess))


def _price(
    values: Sequence[float], rows: Sequence[Sequence[float]], y: Sequence[float], price: float
) -> tuple[int, float]:
    """Find the column that gains most a unit, and its gain."""
    n, k = len(values), len(rows)
    y0 = y[0]
    reduced = [v - y0 for v in values]
    for dual, row in zip(y[1:], rows, strict=True):
        if dual:
            reduced = [v - dual * a for v, a in zip(reduced, row, strict=True)]
    gain = max(reduced)
    enter = reduced.index(gain)
    for i, dual in enumerate(y[1:]):
        if -dual > gain:
            enter, gain = n + i, -dual
        if dual - price > gain:
            enter, gain = n + k + i, dual - price
    return enter, gain


def _cost(values: Sequence[float], j: int, n: int, k: int, price: float) -> float:
    return values[j] if j < n else 0.0 if j < n + k else -price


def _column(rows: Sequence[Sequence[float]], j: int, n: int) -> list[float]:
    if j < n:
        return [1.0, *(row[j] for row in rows)]
    k = len(rows)
    column = [0.0] * (k + 1)
    row, sign = (j - n, 1.0) if j < n + k else (j - n - k, -1.0)
    column[row + 1] = sign
    return column


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return fsum([x * y for x, y in zip(a, b, strict=True)])
