"""A serial IMU with WitMotion's binary protocol: WT61, WT901, JY61, HWT901 and others alike."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

from edgeai.driver import Capture, Column, Device
from edgeai_drivers.ports import list_devices

from ._serial import SerialSensor

_HEAD = 0x55
_SIZE = 11
_ACCELERATION, _RATE, _ANGLE = 0x51, 0x52, 0x53
_KINDS = range(0x50, 0x5B)
"""Packets of the protocol; those that are not of a motion are passed over."""
_FULL = 1 << 15
_SCALES = {_ACCELERATION: 16 * 9.80665 / _FULL, _RATE: math.radians(2000) / _FULL, _ANGLE: math.pi / _FULL}
"""m/s2, rad/s and rad for each step (WitMotion standard communication protocol)."""


class ImuBinary(SerialSensor):
    """A reading is an acceleration, a rate and an angle packet that come in this order.

    Packets are u8 0x55, u8 kind, four i16 (x, y, z and, with the acceleration, the temperature in 0.01 degrees C),
    little-endian, u8 sum of the ten bytes before. A sum that is wrong is counted (`rejected`), the search for the next
    packet begins at the byte after its head, and the reading it belonged to is lost. A sum of eight bits misses one
    damaged packet in 256: for control, prefer a protocol with a CRC.
    """

    columns = (
        *(Column(f"a{axis}", "m/s2") for axis in "xyz"),
        *(Column(f"g{axis}", "rad/s") for axis in "xyz"),
        *(Column(angle, "rad") for angle in ("roll", "pitch", "yaw")),
        Column("temperature", "degC"),
    )
    headline = ("roll", "pitch", "yaw")

    @classmethod
    def devices(cls) -> list[Device]:
        """List the serial ports of this machine: which of them is an IMU, nobody can know."""
        return list_devices("imu_binary")

    def _begin(self) -> None:
        self._packets = Packets()
        self._gathered: list[tuple[int, tuple[int, ...]]] = []
        self._garbled: int | None = None

    def _parse(self, data: bytes) -> Iterator[Capture]:
        for kind, numbers in self._packets.feed(data):
            if kind == _ACCELERATION:
                self._gathered = []
            if kind in _SCALES:
                self._gathered.append((kind, numbers))
            if kind == _ANGLE:
                gathered, self._gathered = self._gathered, []
                if [part[0] for part in gathered] == [_ACCELERATION, _RATE, _ANGLE]:
                    lost, self._garbled = self._garbled or 0, 0
                    yield Capture(_values(gathered), lost=lost)
                elif self._garbled is not None:
                    self._garbled += 1
        self.rejected = self._packets.rejected


class Packets:
    """Cuts bytes into packets; pure, and keeps less than one packet."""

    def __init__(self) -> None:
        self.rejected = 0
        """Packets whose sum was wrong."""
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[int, tuple[int, ...]]]:
        """Take the next bytes; return (kind, four numbers) of each packet that they complete."""
        data, packets, at = self._rest + data, [], 0
        while (at := data.find(_HEAD, at)) >= 0 and len(data) - at >= _SIZE:
            packet = data[at : at + _SIZE]
            if packet[1] not in _KINDS:
                at += 1
            elif sum(packet[:-1]) & 0xFF != packet[-1]:
                self.rejected += 1
                at += 1
            else:
                packets.append((packet[1], struct.unpack_from("<4h", packet, 2)))
                at += _SIZE
        self._rest = data[at:] if at >= 0 else b""
        return packets


def _values(gathered: list[tuple[int, tuple[int, ...]]]) -> list[float]:
    values = [number * _SCALES[kind] for kind, numbers in gathered for number in numbers[:3]]
    return [*values, gathered[0][1][3] / 100]
