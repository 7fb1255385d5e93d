"""Which detections of two lists are the same object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["are_boxes", "match_boxes", "overlap"]

Found = Mapping[str, Any]


def are_boxes(value: Any) -> bool:
    """Say whether a value is a list of detections, each with a box."""
    return isinstance(value, list) and all(isinstance(item, Mapping) and "box" in item for item in value)


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the intersection over the union of two boxes (x1, y1, x2, y2), 0 where either is empty."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return float(common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common))


def match_boxes(expected: Sequence[Found], actual: Sequence[Found], iou: float) -> list[tuple[int, int]]:
    """Return pairs of indices: same class, overlap of at least `iou`, the largest overlaps first, each used once."""
    candidates = [
        (-overlap(one["box"], other["box"]), i, j)
        for i, one in enumerate(expected)
        for j, other in enumerate(actual)
        if one.get("class_id") == other.get("class_id")
    ]
    pairs: list[tuple[int, int]] = []
    left, right = set(range(len(expected))), set(range(len(actual)))
    for negative, i, j in sorted(candidates):
        if -negative >= iou and i in left and j in right:
            left.remove(i)
            right.remove(j)
            pairs.append((i, j))
    return sorted(pairs)
