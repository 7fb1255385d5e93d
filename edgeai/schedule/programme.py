"""A small linear programme: shares of a whole that maximise a value under a few limits.

    maximise sum_j w_j v_j   subject to   sum_j w_j = 1,  sum_j w_j a_ij <= b_i,  w >= 0

Revised simplex (Dantzig, 1963) on at most five rows with an explicit inverse. Where the limits cannot all be kept, what
exceeds them costs more than any value gains: the answer is then the least excess. At most one more share than limits
is above zero.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["solve"]

_PIVOTS = 60
_EPS = 1e-9
_EXCESS = 1_000.0
"""Price of exceeding a limit by one unit, as a multiple of the largest value; limits are scaled to about 1."""


def solve(values: Sequence[float], rows: Sequence[Sequence[float]], limits: Sequence[float]) -> dict[int, float]:
    """Return {j: w_j} for the shares above zero."""
    n, m = len(values), len(rows) + 1
    price = _EXCESS * max(1e-12, max(abs(v) for v in values))
    start = _start(values, rows, limits)
    # Basis: one column, and for each limit its slack (index n + i) or its excess (index n + k + i).
    k = m - 1
    basis = [start]
    costs = [values[start]]
    inverse = [[0.0] * m for _ in range(m)]
    inverse[0][0] = 1.0
    x = [1.0]
    for i in range(k):
        left = limits[i] - rows[i][start]
        sign = 1.0 if left >= 0.0 else -1.0
        basis.append(n + i if left >= 0.0 else n + k + i)
        costs.append(0.0 if left >= 0.0 else -price)
        inverse[i + 1][0] = -sign * rows[i][start]
        inverse[i + 1][i + 1] = sign
        x.append(abs(left))
    for _ in range(_PIVOTS):
        y = [sum(costs[r] * inverse[r][c] for r in range(m)) for c in range(m)]
        enter, gain = _price(values, rows, y, n, k, price)
        if enter is None or gain <= _EPS * price / _EXCESS:
            break
        column = _column(rows, enter, n, k)
        d = [sum(inverse[r][c] * column[c] for c in range(m)) for r in range(m)]
        leave, least = -1, 0.0
        for r in range(m):
            if d[r] > _EPS:
                ratio = x[r] / d[r]
                if leave < 0 or ratio < least - 1e-15:
                    leave, least = r, ratio
        if leave < 0:
            break
        pivot = d[leave]
        row = [v / pivot for v in inverse[leave]]
        for r in range(m):
            if r != leave and d[r]:
                f = d[r]
                inverse[r] = [a - f * b for a, b in zip(inverse[r], row, strict=True)]
                x[r] = max(0.0, x[r] - f * least)
        inverse[leave] = row
        x[leave] = least
        basis[leave] = enter
        costs[leave] = values[enter] if enter < n else (0.0 if enter < n + k else -price)
    return {j: w for j, w in zip(basis, x, strict=True) if j < n and w > 1e-7}


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
    values: Sequence[float], rows: Sequence[Sequence[float]], y: list[float], n: int, k: int, price: float
) -> tuple[int | None, float]:
    """Find the column that gains most a unit."""
    y0 = y[0]
    if k == 1:
        y1 = y[1]
        reduced = [v - y0 - y1 * a for v, a in zip(values, rows[0], strict=True)]
    elif k == 2:
        y1, y2 = y[1], y[2]
        reduced = [v - y0 - y1 * a - y2 * b for v, a, b in zip(values, rows[0], rows[1], strict=True)]
    else:
        reduced = [v - y0 - sum(y[i + 1] * rows[i][j] for i in range(k)) for j, v in enumerate(values)]
    gain = max(reduced)
    enter = reduced.index(gain)
    for i in range(k):
        if -y[i + 1] > gain:
            enter, gain = n + i, -y[i + 1]
        if y[i + 1] - price > gain:
            enter, gain = n + k + i, y[i + 1] - price
    return enter, gain


def _column(rows: Sequence[Sequence[float]], j: int, n: int, k: int) -> list[float]:
    if j < n:
        return [1.0, *(row[j] for row in rows)]
    column = [0.0] * (k + 1)
    if j < n + k:
        column[j - n + 1] = 1.0
    else:
        column[j - n - k + 1] = -1.0
    return column
