"""The packets of LDROBOT's LD06, LD19 and STL19P, as their development manual describes them.

47 bytes: 0x54 0x2C, u16 speed (deg/s), u16 start angle (0.01 deg), 12 x (u16 distance in mm, u8 intensity), u16 end
angle, u16 time (ms), CRC-8 of polynomial 0x4D; little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

POINTS = 12
"""Of a packet."""


def turn(ranges: Sequence[float], hz: float = 10.0) -> Iterator[bytes]:
    """Give the packets of one turn: ranges in m at equal angles from 0, as many as a multiple of POINTS; 0: nothing."""
    step = 36_000 / len(ranges)
    for first in range(0, len(ranges), POINTS):
        start, end = round(first * step), round((first + POINTS - 1) * step)
        points = b"".join(struct.pack("<HB", round(metres * 1000), 200) for metres in ranges[first : first + POINTS])
        head = struct.pack("<BBHH", 0x54, 0x2C, round(hz * 360), start % 36_000)
        body = head + points + struct.pack("<HH", end % 36_000, first % 30_000)
        yield body + bytes([crc8(body)])


def crc8(data: bytes) -> int:
    """Return the CRC-8 of polynomial 0x4D, from 0."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x4D if crc & 0x80 else crc << 1) & 0xFF
    return crc
