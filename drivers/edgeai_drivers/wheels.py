"""The binary messages of a motor controller: drive commands to it, odometry from it.

They travel in COBS frames with a CRC, see `framing`; `drivers/README.md` documents them and `drivers/arduino/wheels` is
a controller that speaks them. All numbers are little-endian; a message of another length is none.

    drive     u8 0x01, u16 seq, u16 expires (ms), i16 steering, i16 throttle (1/10000; positive is left, and forwards)
    odometry  u8 0x81, u16 seq, u32 time (us), i32 left, i32 right (encoder ticks), u8 driving, u16 stops
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Any

LIMIT = 32
"""The longest frame in bytes, its end not counted: what a small microcontroller has to keep."""
LONGEST_MS = 0xFFFF
"""The longest time a command may be good for, ms."""

_DRIVE, _ODOMETRY = 0x01, 0x81
_SCALE = 10_000
_FORMS = {_DRIVE: struct.Struct("<BHHhh"), _ODOMETRY: struct.Struct("<BHIiiBH")}
_NAMES = {
    _DRIVE: ("seq", "expires", "steering", "throttle"),
    _ODOMETRY: ("seq", "micros", "left", "right", "driving", "stops"),
}


def pack(message: Mapping[str, Any]) -> bytes:
    """Return the payload of a message: odometry where it has `left` and `right`, else a drive command.

    drive: `steering` and `throttle` in [-1, 1], `expires` in ms, `seq`; what is left out is 0, other keys are not sent.
    Raises ValueError for a number that is not finite.
    """
    kind = _ODOMETRY if {"left", "right"} <= message.keys() else _DRIVE
    values = [_scaled(name, message.get(name, 0)) for name in _NAMES[kind]]
    return _FORMS[kind].pack(kind, *values)


def unpack(payload: bytes) -> dict[str, object] | None:
    """Return the message of a payload, or None when it is none. Never raises."""
    form = _FORMS.get(payload[0]) if payload else None
    if form is None or form.size != len(payload):
        return None
    kind, *values = form.unpack(payload)
    message: dict[str, object] = dict(zip(_NAMES[kind], values, strict=True))
    if kind == _DRIVE:
        message |= {name: values[_NAMES[kind].index(name)] / _SCALE for name in ("steering", "throttle")}
    return message


def _scaled(name: str, value: float) -> int:
    if not math.isfinite(value):
        raise ValueError(f"{name} is {value}, which no message can say")
    if name in ("steering", "throttle"):
        return round(min(max(value, -1.0), 1.0) * _SCALE)
    if name in ("left", "right"):
        return (int(value) + (1 << 31)) % (1 << 32) - (1 << 31)
    if name == "micros":
        return int(value) % (1 << 32)
    if name == "expires":
        return min(max(int(value), 0), LONGEST_MS)
    return int(value) % (1 << (8 if name == "driving" else 16))
