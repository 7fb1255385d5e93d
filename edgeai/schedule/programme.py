"""A small linear programme: shares of a whole that maximise a value under a few limits.

    maximise sum_j w_j v_j   subject to   sum_j w_j = 1,  sum_j w_j a_ij <= b_i,  w >= 0

Revised simplex (Dantzig, 1963) on at most five rows with an explicit inverse. Where the limits cannot all be kept, what
exceeds them costs more than any value gains: the answer is then the least excess. At most one more share than limits
is above zero. A problem that has moved little since the last plan starts from that plan's basis, mostly the best still.
"""

# ruff: noqa: B905 - every row is as wide as the programme, and naming `strict` takes half of a short zip's time

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Solution", "solve"]

_PIVOTS = 60
_EPS = 1e-9
_EXCESS = 1e5
"""Price of exceeding a limit by one unit, as a multiple of the largest value; limits are scaled to about 1."""

_SINGULAR = 1e-9
"""A pivot below this is rounding: the columns of a remembered basis have become dependent."""

_UNITS = tuple(tuple(tuple(1.0 if r == c else 0.0 for c in range(m)) for r in range(m)) for m in range(6))
"""Unit matrices of up to five rows."""


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
    enough = _EPS * price / _EXCESS
    corner = _warm(rows, limits, basis, n) or _cold(values, rows, limits)
    costs = [values[j] if j < n else 0.0 if j < n + k else -price for j in corner.basis]
    for _ in range(_PIVOTS):
        duals = [_dot(costs, column) for column in zip(*corner.inverse)]
        enter, gain = _price(values, rows, duals, price)
        if gain <= enough:
            break
        leave = _pivot(corner, enter, _column(rows, enter, n))
        if leave < 0:
            break
        costs[leave] = values[enter] if enter < n else 0.0 if enter < n + k else -price
    return Solution({j: w for j, w in zip(corner.basis, corner.x) if j < n and w > 1e-7}, tuple(corner.basis))


def _cold(values: Sequence[float], rows: Sequence[Sequence[float]], limits: Sequence[float]) -> _Corner:
    """Start from one column, and for each limit its slack or its excess."""
    n, k = len(values), len(rows)
    start = _start(values, rows, limits)
    corner = _Corner([start], [[1.0] + [0.0] * k], [1.0])
    for i, (row, limit) in enumerate(zip(rows, limits)):
        left = limit - row[start]
        sign = 1.0 if left >= 0.0 else -1.0
        corner.basis.append(n + i if left >= 0.0 else n + k + i)
        corner.inverse.append([-sign * row[start], *(sign if i == c else 0.0 for c in range(k))])
        corner.x.append(abs(left))
    return corner


def _warm(rows: Sequence[Sequence[float]], limits: Sequence[float], basis: Sequence[int], n: int) -> _Corner | None:
    """Return to a remembered basis; None where it is not one any more, or not feasible.

    Gauss and Jordan's elimination of [B | 1 | b], with the largest pivot of each column.
    """
    m = len(rows) + 1
    if len(basis) != m or max(basis) >= n + 2 * (m - 1):
        return None
    right = (1.0, *limits)
    work = [[*line, *unit, b] for line, unit, b in zip(zip(*[_column(rows, j, n) for j in basis]), _UNITS[m], right)]
    for c in range(m):
        best = c
        for r in range(c + 1, m):
            if abs(work[r][c]) > abs(work[best][c]):
                best = r
        pivot = work[best][c]
        if abs(pivot) < _SINGULAR:
            return None
        line = [v / pivot for v in work[best]]
        work[best] = work[c]
        work[c] = line
        for r in range(m):
            if r != c and (f := work[r][c]):
                work[r] = [a - f * b for a, b in zip(work[r], line)]
    x = [line[-1] for line in work]
    return None if min(x) < -_EPS else _Corner(list(basis), [line[m:-1] for line in work], x)


def _pivot(corner: _Corner, enter: int, column: Sequence[float]) -> int:
    """Bring a column into the basis; return the row it took, -1 where nothing limits it."""
    inverse, x = corner.inverse, corner.x
    d = [_dot(row, column) for row in inverse]
    leave, least = -1, 0.0
    for r, step in enumerate(d):
        if step > _EPS:
            ratio = x[r] / step
            if leave < 0 or ratio < least - 1e-15:
                leave, least = r, ratio
    if leave < 0:
        return leave
    row = [v / d[leave] for v in inverse[leave]]
    for r, f in enumerate(d):
        if r != leave and f:
            inverse[r] = [a - f * b for a, b in zip(inverse[r], row)]
            x[r] = max(0.0, x[r] - f * least)
    inverse[leave], x[leave], corner.basis[leave] = row, least, enter
    return leave


def _start(values: Sequence[float], rows: Sequence[Sequence[float]], limits: Sequence[float]) -> int:
    """Take the best column that keeps all limits by itself, else the one that exceeds them least."""
    best, most = -1, 0.0
    for j, value in enumerate(values):
        if (best < 0 or value > most) and not [row for row, limit in zip(rows, limits) if row[j] > limit]:
            best, most = j, value
    if best >= 0:
        return best
    excess = [0.0] * len(values)
    for row, limit in zip(rows, limits):
        excess = [e + max(0.0, a - limit) for e, a in zip(excess, row)]
    return excess.index(min(excess))


def _price(
    values: Sequence[float], rows: Sequence[Sequence[float]], duals: Sequence[float], price: float
) -> tuple[int, float]:
    """Find the column that gains most a unit, and its gain."""
    n, k = len(values), len(rows)
    reduced = values
    for i, row in enumerate(rows, 1):
        if dual := duals[i]:
            reduced = [v - dual * a for v, a in zip(reduced, row)]
    gain = max(reduced)
    enter = reduced.index(gain)
    gain -= duals[0]
    for i in range(k):
        dual = duals[i + 1]
        if -dual > gain:
            enter, gain = n + i, -dual
        if dual - price > gain:
            enter, gain = n + k + i, dual - price
    return enter, gain


def _column(rows: Sequence[Sequence[float]], j: int, n: int) -> list[float]:
    if j < n:
        return [1.0, *[row[j] for row in rows]]
    k = len(rows)
    column = [0.0] * (k + 1)
    row, sign = (j - n, 1.0) if j < n + k else (j - n - k, -1.0)
    column[row + 1] = sign
    return column


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    total = 0.0
    for x, y in zip(a, b):
        total += x * y
    return total
