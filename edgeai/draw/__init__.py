"""Annotates a picture with a result. cv2 is imported when a picture is drawn."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from edgeai.draw.areas import draw_class_map, legend
from edgeai.draw.boxes import draw_detections
from edgeai.draw.gauges import draw_score, draw_steering
from edgeai.draw.parts import draw_part
from edgeai.draw.pen import Image, Line, Pen, colour_of
from edgeai.draw.points import draw_keypoints
from edgeai.messages import (
    Classification,
    ClassMap,
    Detections,
    Embedding,
    Keypoints,
    Parts,
    Regression,
    Result,
    Score,
    Tensors,
    plain,
)

__all__ = ["annotate", "colour_of"]

_MOST_LINES = 6


def annotate(image: Image, result: Any, *, title: str = "") -> Image:
    """Return a copy of a picture with a result drawn into it.

    `image` is uint8, (height, width, 3) in BGR order or (height, width) when gray, of any size from about 80x60; the
    answer is always BGR. `result` is a Result or its value: Detections become boxes with labels and scores, Keypoints
    points and limbs, a ClassMap tinted areas with a legend, a Score a bar, Classification and Regression lines of text
    (and a wheel's position for a value called `steering`, 1 left to -1 right), Tensors their shapes, anything else its
    text; Parts thin boxes with what was found in them. `title` stands at the top, or when empty the result's stream,
    and its basis where no model looked.
    """
    import cv2

    picture = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else np.array(image, order="C")
    value = result
    if isinstance(result, Result):
        carried = "" if result.basis == "inferred" else f" ({result.basis})"
        value, title = result.value, title or result.stream + carried
    pen = Pen(cv2, picture)
    if isinstance(value, ClassMap):
        draw_class_map(pen, value)
    elif isinstance(value, Score):
        draw_score(pen, value)
    elif isinstance(value, Regression):
        steering = value.as_dict().get("steering")
        if steering is not None and math.isfinite(steering):
            draw_steering(pen, steering)
    lines = _lines(value)
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], (f"and {len(lines) - _MOST_LINES + 1} more", None)]
    pen.panel(title, lines)
    if isinstance(value, Detections):
        draw_detections(pen, value)
    elif isinstance(value, Keypoints):
        draw_keypoints(pen, value)
    elif isinstance(value, Parts):
        for part in value:
            draw_part(pen, part, _texts(part.value))
    return picture


def _lines(value: Any) -> list[Line]:
    """Return what is written of a value, a line each."""
    if isinstance(value, ClassMap):
        return legend(value)
    return [(text, None) for text in _texts(value)]


def _texts(value: Any) -> list[str]:
    if value is None or isinstance(value, Detections | Keypoints | Parts):
        return []
    if isinstance(value, Classification):
        return [f"{float(value.score[i]):.0%} {label}" for i, label in enumerate(value.label[:_MOST_LINES])]
    if isinstance(value, Regression):
        return [_quantity(c.name, number, c.unit) for c, number in zip(value.columns, value.values, strict=True)]
    if isinstance(value, Score):
        enough = "" if value.threshold is None else f" ({'over' if value.over else 'under'} {value.threshold:g})"
        return [f"{value.name} {value.value:.3g}{enough}"]
    if isinstance(value, Embedding):
        return [f"{len(value)} numbers"]
    if isinstance(value, Tensors):
        return [f"{name} {'x'.join(map(str, np.shape(array)))}" for name, array in value.tensors.items()]
    return _text_of(value)


def _quantity(name: str, number: float, unit: str) -> str:
    return f"{name} {number:+.3g}" + ("" if unit in ("1", "") else f" {unit}")


def _text_of(value: Any) -> list[str]:
    shown = plain(value)
    if isinstance(shown, dict):
        return [f"{key} {item:.4g}" if isinstance(item, float) else f"{key} {item}" for key, item in shown.items()]
    return str(shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)).splitlines()
