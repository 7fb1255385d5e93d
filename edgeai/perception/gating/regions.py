"""Parts of a gate's picture that boxes cover."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

__all__ = ["covered"]


def covered(
    boxes: npt.NDArray[np.float64], grown: npt.NDArray[np.float64], cell: float, shape: tuple[int, int]
) -> npt.NDArray[np.bool_]:
    """Return which cells of a picture of `shape` (rows, columns) are touched by any of the boxes.

    boxes: (n, 4) as x1, y1, x2, y2 in pixels of the frame. grown: (n, 2), pixels added at either side in x and y. cell:
    pixels along a cell's side.
    """
    mask = np.zeros(shape, np.bool_)
    for (x1, y1, x2, y2), (dx, dy) in zip(boxes.tolist(), grown.tolist(), strict=True):
        left, top = max(0, math.floor((x1 - dx) / cell)), max(0, math.floor((y1 - dy) / cell))
        right, bottom = max(0, math.ceil((x2 + dx) / cell)), max(0, math.ceil((y2 + dy) / cell))
        mask[top:bottom, left:right] = True
    return mask
