"""Which detection is which track: the assignment with the largest overlaps in all."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import numpy.typing as npt

from edgeai.driver import vendor

__all__ = ["assign", "overlaps", "require_scipy"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


def overlaps(a: Floats, b: Floats, doubt: Floats | float = 0.0) -> Floats:
    """Return the intersection over union (n, m) of boxes (n, 4) and (m, 4) as x1, y1, x2, y2.

    With `doubt` (n, 2), both boxes of a pair are grown by it on every side: near is then as good as in place (buffered
    IoU; Yang et al., WACV 2023).
    """
    # x and y come first and pairs last: numpy is quick along the last axis.
    one, other = np.ascontiguousarray(a.T)[:, :, None], np.ascontiguousarray(b.T)[:, None, :]
    grown = 2.0 * np.transpose(doubt)[..., None]
    side = np.maximum(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]) + grown, 0.0)
    common = side[0] * side[1]
    size_a, size_b = one[2:] - one[:2] + grown, other[2:] - other[:2] + grown
    whole = size_a[0] * size_a[1] + size_b[0] * size_b[1] - common
    likeness: Floats = np.divide(common, whole, out=np.zeros_like(common), where=whole > 0.0)
    return likeness


def assign(likeness: Floats, least: float) -> tuple[Ints, Ints]:
    """Return (rows, columns) of the pairs with the largest sum of `likeness` (n, m), each of at least `least`."""
    if not likeness.size:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    rows, columns = require_scipy().linear_sum_assignment(np.where(likeness >= least, -likeness, 1.0))
    fits = likeness[rows, columns] >= least
    return rows[fits], columns[fits]


def require_scipy() -> ModuleType:
    """Return scipy's optimisation. Raises PluginError that names the extra where it is not installed."""
    return vendor("scipy.optimize", "track")
