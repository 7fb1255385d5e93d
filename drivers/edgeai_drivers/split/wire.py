"""The messages of a split pipeline: a header of fixed size, a small JSON, and a picture; bounded, and no code in it.

    4 bytes "EAI" and the version, u64 session, u32 number, u32 length of the JSON, JSON (UTF-8), picture

All numbers are little-endian. `session` tells one run of a sender from the next, `number` counts its messages of one
key.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from edgeai.messages import Classification, Detections, Frame, Result, plain

MAGIC, VERSION = b"EAI", 1
LARGEST = 64 << 20
"""Bytes of a message: a raw picture of 5400 x 4000."""
_LONGEST_JSON = 64 << 10
_MOST_VALUES = 256
_HEAD = struct.Struct("<3sBQII")
_MOST_PIXELS = LARGEST // 3


class WireError(ValueError):
    """What came is no message of this version."""


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """A message as it came: which sender's, which in order, what it tells and the picture's bytes, not copied."""

    session: int
    number: int
    told: dict[str, Any]
    picture: bytes | memoryview = b""


def pack(session: int, number: int, told: dict[str, Any], picture: bytes | memoryview = b"") -> bytes:
    """Return the bytes of a message. Raises WireError for one that is too large."""
    text = json.dumps(told, separators=(",", ":"), allow_nan=False).encode()
    if len(text) > _LONGEST_JSON or len(picture) > LARGEST - _LONGEST_JSON:
        raise WireError(f"a message of {len(text) + len(picture)} bytes is too large to be sent")
    return b"".join((_HEAD.pack(MAGIC, VERSION, session, number % (1 << 32), len(text)), text, picture))


def unpack(data: bytes) -> Message:
    """Read a message. Raises WireError for what is none, in a sentence."""
    if len(data) > LARGEST:
        raise WireError(f"{len(data)} bytes are more than a message has")
    if len(data) < _HEAD.size:
        raise WireError("it is cut short")
    magic, version, session, number, length = _HEAD.unpack_from(data)
    if magic != MAGIC:
        raise WireError("it is no message of edgeai")
    if version != VERSION:
        raise WireError(
            f"it is of version {version}, and this edgeai reads {VERSION}: install the same on both machines"
        )
    if length > min(_LONGEST_JSON, len(data) - _HEAD.size):
        raise WireError("it is cut short")
    end = _HEAD.size + length
    try:
        told = json.loads(data[_HEAD.size : end].decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise WireError(f"its JSON cannot be read ({error})") from error
    if not isinstance(told, dict):
        raise WireError("its JSON is no object")
    return Message(session, number, told, memoryview(data)[end:])


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def frame_told(frame: Frame, stored: str) -> dict[str, Any]:
    """Return what is told of a frame, its picture left out: `stored` is `raw` or `jpeg`."""
    return {
        "seq": frame.seq,
        "stamp": frame.stamp,
        "uncertainty": frame.timing.uncertainty,
        "shape": list(frame.image.shape),
        "colour": frame.colour,
        "stored": stored,
    }


def shape_of(told: dict[str, Any]) -> tuple[int, ...]:
    """Return the shape of a frame's picture. Raises WireError for one that no picture has."""
    shape = told.get("shape")
    if not isinstance(shape, list) or not all(type(side) is int and 0 < side <= _MOST_PIXELS for side in shape):
        raise WireError(f"its picture has the shape {shape!r}")
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] != 3) or shape[0] * shape[1] > _MOST_PIXELS:
        raise WireError(f"its picture has the shape {shape}")
    return tuple(shape)


def raw_picture(message: Message) -> npt.NDArray[np.uint8]:
    """Return the picture of a frame that is stored raw. Raises WireError."""
    shape = shape_of(message.told)
    if len(message.picture) != math.prod(shape):
        raise WireError(f"a picture of shape {list(shape)} has {len(message.picture)} bytes")
    return np.frombuffer(message.picture, np.uint8).reshape(shape)


def integer(told: dict[str, Any], name: str) -> int:
    """Return an integer of 64 bits that is told. Raises WireError."""
    value = told.get(name)
    if type(value) is not int or not -(1 << 63) <= value < 1 << 63:
        raise WireError(f"its {name} is {value!r}")
    return value


def result_told(result: Result) -> dict[str, Any]:
    """Return what is told of a result: its stamp and its numbers by name."""
    return {
        "seq": result.seq,
        "stamp": result.stamp,
        "uncertainty": result.timing.uncertainty,
        "values": numbers_of(result),
    }


def numbers_of(result: Result) -> dict[str, float]:
    """Return the numbers of a result: named values; of detections their count and the best one; the best class."""
    value = result.value
    if isinstance(value, Detections):
        rows = value.rows()
        named: dict[str, Any] = {"count": len(rows)}
        if rows:
            best = rows[0]
            named |= {"class_id": best["class_id"], "score": best["score"]}
            named |= dict(zip(("x1", "y1", "x2", "y2"), best["box"], strict=True))
    elif isinstance(value, Classification):
        named = dict(value.rows()[0]) if len(value) else {}
    else:
        body = plain(value)
        named = body if isinstance(body, dict) else {"value": body}
    return {name: float(number) for name, number in list(named.items())[:_MOST_VALUES] if _is_number(number)}


def values_of(told: dict[str, Any]) -> dict[str, float]:
    """Return the numbers that are told of a result. Raises WireError."""
    values = told.get("values")
    if not isinstance(values, dict) or len(values) > _MOST_VALUES:
        raise WireError("it has no values")
    return {name: float(number) for name, number in values.items() if _is_number(number)}


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e300
