"""Parts of a frame around another stage's boxes, and what a model found in them brought back to the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.errors import ModelError
from edgeai.messages import ClassMap, Detections, Frame, Keypoints, Parts
from edgeai.perception.geometry import Rect

__all__ = ["Crop", "CropOptions", "boxes_in", "crops_of", "cut", "in_frame", "parts_of"]


@dataclass(frozen=True, kw_only=True)
class CropOptions:
    """Which parts are cut out.

    classes: labels of the boxes, None for all. margin: added on every side, as a part of the box's side. aspect: width
    over height that a part is widened to, None to leave it. limit: parts of one frame at the most, best score first.
    """

    classes: tuple[str, ...] | None = None
    margin: float = 0.1
    aspect: float | None = None
    limit: int = 4


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of a frame: its rectangle in pixels, and the row of the box it was cut around."""

    rect: Rect
    parent: int


def boxes_in(value: Any) -> Detections:
    """Return the boxes of a stage's value, those found in parts of a frame, too. Raises ModelError without any."""
    if isinstance(value, Parts):
        found = value.detections
        if found is None and not len(value):
            return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32), ())
        value = found
    if not isinstance(value, Detections):
        raise ModelError(
            f"`crop` cuts out boxes, and its input gives {type(value).__name__}: crop a detector's results"
        )
    return value


def crops_of(found: Detections, frame: tuple[int, int], options: CropOptions) -> list[Crop]:
    """Return the parts of a frame of (width, height) to cut out; boxes wholly outside of it are left out."""
    crops: list[Crop] = []
    for row in np.argsort(-found.score, kind="stable").tolist():
        if options.classes is not None and found.label[row] not in options.classes:
            continue
        rect = _rect(found.box[row].tolist(), frame, options)
        if rect is not None:
            crops.append(Crop(rect, row))
        if len(crops) == options.limit:
            break
    return crops


def _rect(box: Sequence[float], frame: tuple[int, int], options: CropOptions) -> Rect | None:
    x1, y1, x2, y2 = box
    width, height = x2 - x1, y2 - y1
    if not (width > 0 and height > 0 and x1 < frame[0] and y1 < frame[1] and x2 > 0 and y2 > 0):
        return None
    wide, high = (1 + 2 * options.margin) * width, (1 + 2 * options.margin) * height
    if options.aspect is not None:
        wide, high = max(wide, high * options.aspect), max(high, wide / options.aspect)
    left, across = _span((x1 + x2) / 2, wide, frame[0])
    top, down = _span((y1 + y2) / 2, high, frame[1])
    return left, top, across, down


def _span(centre: float, side: float, limit: int) -> tuple[int, int]:
    """Return start and length of a side within 0..limit: moved into the frame where it fits, else cut off there."""
    length = min(limit, max(1, round(side)))
    return min(max(0, round(centre - length / 2)), limit - length), length


def cut(frame: Frame, crop: Crop) -> Frame:
    """Return the part of a frame as a frame of its own; the picture is not copied."""
    x, y, width, height = crop.rect
    return replace(frame, image=frame.image[y : y + height, x : x + width], intrinsics=None, encoded=None)


def in_frame(value: Any, crop: Crop, frame: tuple[int, int]) -> Any:
    """Return what was found in a part with its places in pixels of the frame of (width, height)."""
    x, y, _, _ = crop.rect
    offset = np.array([x, y], np.float32)
    if isinstance(value, Detections):
        points = None if value.keypoints is None else _moved(value.keypoints, offset)
        return replace(value, box=value.box + np.tile(offset, 2), keypoints=points)
    if isinstance(value, Keypoints):
        return _moved(value, offset)
    if isinstance(value, ClassMap):
        left, top, wide, high = value.area
        return replace(value, frame=frame, area=(left + x, top + y, wide, high))
    return value


def _moved(points: Keypoints, offset: npt.NDArray[np.float32]) -> Keypoints:
    return replace(points, point=points.point + offset)


def parts_of(found: Detections, crops: Sequence[Crop], values: Sequence[Any]) -> Parts:
    """Return the value of a stage that looked at these crops of what its parent found."""
    corners = [(x, y, x + width, y + height) for x, y, width, height in (crop.rect for crop in crops)]
    rows = [crop.parent for crop in crops]
    return Parts(
        np.array(corners, np.float32).reshape(-1, 4),
        np.array(rows, np.int32),
        None if found.track_id is None else found.track_id[rows],
        tuple(values),
    )
