"""The frame in which two runs first differ, as a picture: what was expected, and beside it what was found."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai import draw
from edgeai.messages import Detections, Frame
from edgeai.recording.format import frames_of, image_of
from edgeai.recording.reader import Recording
from edgeai.replay.boxes import are_boxes
from edgeai.replay.compare import Comparison

__all__ = ["divergence_picture", "divergent_frame"]

Image = npt.NDArray[np.uint8]
_GAP = 6
"""Pixels between the two."""


def divergence_picture(image: Image, topic: str, expected: Any, actual: Any) -> Image:
    """Return both values drawn into the same frame, side by side: uint8 (height, 2 width + gap, 3), BGR.

    expected, actual: the plain values of a row, None where there is none.
    """
    left = draw.annotate(image, _drawable(expected), title=f"{topic}: expected")
    right = draw.annotate(image, _drawable(actual), title=f"{topic}: found")
    gap = np.full((left.shape[0], _GAP, 3), 255, np.uint8)
    return np.hstack([left, gap, right])


def _drawable(value: Any) -> Any:
    """Return the plain rows of detections as Detections; other values are drawn as their text."""
    if not (value and are_boxes(value)):
        return "nothing" if value in (None, []) else value
    return Detections(
        np.array([row["box"] for row in value], np.float32),
        np.array([row.get("score", 1.0) for row in value], np.float32),
        np.array([row.get("class_id", 0) for row in value], np.int32),
        tuple(_label(row) for row in value),
    )


def _label(row: Mapping[str, Any]) -> str:
    return str(row.get("label", row.get("class_id", "")))


def divergent_frame(recording: str | os.PathLike[str], comparison: Comparison) -> Image | None:
    """Return the picture of the first result that differs, None where its frame is not in the recording."""
    first = next((d for d in comparison.differences if d.topic != "decisions"), None)
    if first is None:
        return None
    opened = Recording.open(recording)
    sources = {load.name: load.origin for load in opened.header.workload.stages}
    origin = first.topic
    while origin in sources:
        origin = sources[origin]
    for record in opened.records((frames_of(origin), image_of(origin)), salvage=True):
        if isinstance(record.value, Frame) and record.value.seq == first.key:
            frame = record.value
            image = frame.image[:, :, ::-1] if frame.colour == "rgb" else frame.image
            values = (None if row is None else row.fields.get("value") for row in comparison.rows)
            return divergence_picture(np.ascontiguousarray(image), first.topic, *values)
    return None
