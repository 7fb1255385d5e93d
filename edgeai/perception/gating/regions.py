"""Parts of a gate's picture that boxes cover."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["Part", "part"]

Part = tuple[slice, slice]
"""Rows and columns of cells."""


def part(box: Sequence[float], grown: tuple[float, float], cell: float) -> Part:
    """Return the cells that a box touches.

    box: x1, y1, x2, y2 in pixels of the frame, which it may leave. grown: pixels added at either side in x and y. cell:
    pixels along a cell's side.
    """
    x1, y1, x2, y2 = box
    dx, dy = grown
    left, top = max(0, math.floor((x1 - dx) / cell)), max(0, math.floor((y1 - dy) / cell))
    right, bottom = max(0, math.ceil((x2 + dx) / cell)), max(0, math.ceil((y2 + dy) / cell))
    return slice(top, bottom), slice(left, right)
