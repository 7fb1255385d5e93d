"""Arithmetic of boxes that decoders share: elementwise, so that it gives the same bits on every machine."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["suppress"]


def suppress(boxes: npt.NDArray[Any], classes: npt.NDArray[Any] | None, iou: float, most: int) -> list[int]:
    """Return the rows that greedy non-maximum suppression keeps of boxes (n, 4), given best first.

    A box goes when it overlaps a kept one by more than `iou` (intersection over union); with `classes`, only one of
    its own class. At most `most` rows are kept.
    """
    left = np.arange(len(boxes))
    x1, y1, x2, y2 = boxes.T
    area = np.maximum(x2 - x1, 0) * np.maximum(y2 - y1, 0)
    kept: list[int] = []
    while len(left) and len(kept) < most:
        best, left = int(left[0]), left[1:]
        kept.append(best)
        across = np.minimum(x2[best], x2[left]) - np.maximum(x1[best], x1[left])
        down = np.minimum(y2[best], y2[left]) - np.maximum(y1[best], y1[left])
        common = np.maximum(across, 0) * np.maximum(down, 0)
        stays = common <= iou * (area[best] + area[left] - common)
        if classes is not None:
            stays |= classes[left] != classes[best]
        left = left[stays]
    return kept
