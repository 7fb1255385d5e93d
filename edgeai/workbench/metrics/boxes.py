"""How boxes overlap, and which of two sets belong together."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ious", "paired"]


def ious(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the intersection over union (n, m) of boxes (n, 4) and (m, 4) as x1, y1, x2, y2; 0 for empty ones."""
    a, b = np.asarray(a, np.float64).reshape(-1, 4), np.asarray(b, np.float64).reshape(-1, 4)
    corner = np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])
    common = np.maximum(corner, 0.0).prod(axis=-1)
    size_a, size_b = (np.maximum(x[:, 2:] - x[:, :2], 0.0).prod(axis=-1) for x in (a, b))
    whole = size_a[:, None] + size_b[None, :] - common
    likeness: npt.NDArray[np.float64] = np.divide(common, whole, out=np.zeros_like(common), where=whole > 0)
    return likeness


def paired(likeness: npt.NDArray[np.float64], least: float) -> list[tuple[int, int]]:
    """Return pairs of rows and columns, the most alike first, each used once, of at least that likeness."""
    pairs = []
    rest = likeness.copy()
    while rest.size and rest.max() >= least and rest.max() > 0:
        row, column = divmod(int(rest.argmax()), rest.shape[1])
        pairs.append((row, column))
        rest[row, :] = rest[:, column] = -1.0
    return pairs
