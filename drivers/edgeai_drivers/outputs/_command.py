"""A result as a small message for a microcontroller."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from edgeai.errors import DeviceError
from edgeai.messages import Classification, Detections, Result, Tensors, plain

MOST_OBJECTS = 16
"""Detections in one message, the best first: a microcontroller has little memory and a line little time."""


def command(result: Result, constants: Mapping[str, Any]) -> dict[str, Any]:
    """Return the message of a result: `constants`, then its values, then stream, seq and stamp (whole milliseconds).

    Later keys win. Named values (a Regression, a mapping from a Python stage) are keys of their own; Detections are
    `objects`: [class_id, score in %, x1, y1, x2, y2] rows of integers; of a Classification the best class is sent as
    class_id, label and score. Raises DeviceError for what must not or cannot be sent: a number that is not finite, raw
    tensors.
    """
    message = {**constants, **_body(result)}
    for name, value in message.items():
        _require_finite(result.stream, name, value)
    return message | {"stream": result.stream, "seq": result.seq, "stamp": result.stamp // 1_000_000}


def _body(result: Result) -> dict[str, Any]:
    value = result.value
    if isinstance(value, Detections):
        return {"objects": [_object(row) for row in value.rows()[:MOST_OBJECTS]]}
    if isinstance(value, Classification):
        return dict(value.rows()[0]) if len(value) else {}
    if isinstance(value, Tensors):
        raise DeviceError(
            f"{result.stream} gives raw tensors, which are not sent over a serial line: give the model a decoder, or "
            "put a Python stage behind it that returns named values"
        )
    body = plain(value)
    return body if isinstance(body, dict) else {"value": body}


def _object(row: Mapping[str, Any]) -> list[int]:
    return [row["class_id"], round(row["score"] * 100), *(round(edge) for edge in row["box"])]


def _require_finite(stream: str, name: str, value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise DeviceError(f"{name} of {stream} is {value}, which is not sent: look at the stage that computes it")
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        _require_finite(stream, name, child)
