"""Arithmetic of boxes that decoders share: elementwise, so that it gives the same bits on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.messages import Detections, Keypoints
from edgeai.perception.geometry import View

__all__ = ["detections", "group", "suppress"]

_FEW = 100
"""Boxes up to which Python's own arithmetic is quicker than numpy's calls; both give the same bits."""


def suppress(boxes: npt.NDArray[np.float64], classes: npt.NDArray[Any] | None, iou: float, most: int) -> list[int]:
    """Return the rows that greedy non-maximum suppression keeps of boxes (n, 4), given best first.

    A box goes when it overlaps a kept one by more than `iou` (intersection over union); with `classes`, only one of
    its own class. At most `most` rows are kept.
    """
    return [rows[0] for rows in group(boxes, classes, iou, most)]


def group(boxes: npt.NDArray[np.float64], classes: npt.NDArray[Any] | None, iou: float, most: int) -> list[list[int]]:
    """Return for each box that `suppress` keeps its row and those that go because of it, best first."""
    return (_group_few if len(boxes) <= _FEW else _group_many)(boxes, classes, iou, most)


def _group_few(
    boxes: npt.NDArray[np.float64], classes: npt.NDArray[Any] | None, iou: float, most: int
) -> list[list[int]]:
    """Pair by pair: some tenths of a microsecond each, and a kept box has few left to meet."""
    corners = boxes.tolist()
    kinds = [0] * len(corners) if classes is None else classes.tolist()
    areas = [max(x2 - x1, 0.0) * max(y2 - y1, 0.0) for x1, y1, x2, y2 in corners]
    left = list(range(len(corners)))
    groups: list[list[int]] = []
    while left and len(groups) < most:
        best, others, left = left[0], left[1:], []
        goes = [best]
        (x1, y1, x2, y2), area, kind = corners[best], areas[best], kinds[best]
        for row in others:
            u1, v1, u2, v2 = corners[row]
            across = (x2 if x2 < u2 else u2) - (x1 if x1 > u1 else u1)
            down = (y2 if y2 < v2 else v2) - (y1 if y1 > v1 else v1)
            common = across * down if across > 0.0 and down > 0.0 else 0.0
            over = common > iou * (area + areas[row] - common) and kinds[row] == kind
            (goes if over else left).append(row)
        groups.append(goes)
    return groups


def _group_many(
    boxes: npt.NDArray[np.float64], classes: npt.NDArray[Any] | None, iou: float, most: int
) -> list[list[int]]:
    """A kept box with all that are left at once: a score of numpy's calls each, whatever their number."""
    left = np.arange(len(boxes))
    x1, y1, x2, y2 = boxes.T
    area = np.maximum(x2 - x1, 0) * np.maximum(y2 - y1, 0)
    groups: list[list[int]] = []
    while len(left) and len(groups) < most:
        best, left = left[:1], left[1:]
        across = np.minimum(x2[best], x2[left]) - np.maximum(x1[best], x1[left])
        down = np.minimum(y2[best], y2[left]) - np.maximum(y1[best], y1[left])
        common = np.maximum(across, 0) * np.maximum(down, 0)
        goes = common > iou * (area[best] + area[left] - common)
        if classes is not None:
            goes &= classes[left] == classes[best]
        groups.append([*best.tolist(), *left[goes].tolist()])
        left = left[~goes]
    return groups


def detections(
    view: View,
    unit_boxes: npt.NDArray[Any],
    score: npt.NDArray[Any],
    class_id: npt.NDArray[Any],
    names: Sequence[str],
    keypoints: Keypoints | None = None,
) -> Detections:
    """Return detections from boxes (n, 4) as x1, y1, x2, y2 in 0..1 of the input, absurd ones left out.

    Absurd is a box without width or height, one wholly outside the frame, and one that reaches beyond an edge by more
    than the frame's own side. Others may reach beyond the edges: what is cut off by one is still so large.
    """
    boxes = view.unit_boxes(unit_boxes)
    width, height = view.frame
    known = len(names)
    found = Detections(
        boxes,
        score.astype(np.float32, copy=False),
        class_id.astype(np.int32, copy=False),
        tuple([names[i] if 0 <= i < known else str(i) for i in class_id.tolist()]),
        keypoints=keypoints,
    )
    rows = [
        row
        for row, (x1, y1, x2, y2) in enumerate(boxes.tolist())
        if -width <= x1 < x2 <= 2 * width and -height <= y1 < y2 <= 2 * height
        if x1 < width and x2 > 0 and y1 < height and y2 > 0
    ]
    return found if len(rows) == len(boxes) else found.take(rows)
