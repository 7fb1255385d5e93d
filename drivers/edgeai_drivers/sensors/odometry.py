"""Wheel odometry from a microcontroller that counts encoder ticks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edgeai.driver import NS, Capture, Column, Device
from edgeai.errors import Problem
from edgeai_drivers.framing import Deframer, FrameCounts, Protocol
from edgeai_drivers.ports import list_devices

from ._serial import SerialSensor, SerialSensorOptions
from .serial_lines import DeviceClock

_LONGEST_FRAME = 1024
_GAP = 5 * NS
"""Between two messages of one journey at most so much of the controller's time (ns) goes by: more was a reset."""


@dataclass(frozen=True, kw_only=True)
class OdometryOptions(SerialSensorOptions):
    """The port, and what the wheels are.

    ticks_per_metre: encoder ticks for each metre a wheel rolls. track: metres between left and right wheels. protocol:
    binary, cobs or jsonl, see `framing`.
    """

    ticks_per_metre: float
    track: float
    protocol: Protocol = "binary"


class Odometry(SerialSensor):
    """Where the wheels have rolled since the first message, by dead reckoning.

    Messages are those of `wheels`: running counts, so that a lost one loses no way. A controller that restarts counts
    from 0 again, which is no way either. Stamps are the controller's own microseconds.
    """

    Options = OdometryOptions
    columns = (
        Column("x", "m"),
        Column("y", "m"),
        Column("heading", "rad"),
        Column("speed", "m/s"),
        Column("turn_rate", "rad/s"),
        Column("left", "m"),
        Column("right", "m"),
        Column("driving"),
        Column("stops"),
    )
    headline = ("speed", "heading", "driving")

    @classmethod
    def devices(cls) -> list[Device]:
        """List the serial ports of this machine."""
        return list_devices("odometry")

    def check(self) -> list[Problem]:
        """Require a port, and wheels of some size."""
        problems = super().check()
        for key in ("ticks_per_metre", "track"):
            value = getattr(self.options, key)
            if not 0 < value < math.inf:
                problems.append(Problem(f"sensors.{self.name}.{key}", f"{value:g}", "a number above 0"))
        return problems

    @property
    def frames(self) -> FrameCounts:
        """What came over the line since the sensor was opened."""
        return self._deframer.counts

    def _begin(self) -> None:
        self._deframer = Deframer(self.options.protocol, _LONGEST_FRAME)
        self._device_clock = DeviceClock()
        self._journey = Journey(self.options.ticks_per_metre, self.options.track)

    def _parse(self, data: bytes) -> Iterator[Capture]:
        messages = self._deframer.feed(data)
        counts = self._deframer.counts
        self.rejected = counts.malformed + counts.corrupt + counts.oversize
        for message in messages:
            values = self._journey.follow(message)
            if values is None:
                self.rejected += 1
            else:
                micros: Any = message["micros"]
                raw = self._device_clock.unwrap(micros * 1000, 1000, self._clock.now())
                yield Capture(values, raw, "device", self._journey.lost)


class Journey:
    """Dead reckoning from running tick counts; pure.

    The pose is followed by the midpoint of the heading (Borenstein, Everett, Feng: Where am I?, 1996, section 1.2).
    """

    def __init__(self, ticks_per_metre: float, track: float) -> None:
        self.lost = 0
        """Messages that were lost just before the newest one."""
        self._ticks_per_metre = ticks_per_metre
        self._track = track
        self._x = self._y = self._heading = self._left = self._right = 0.0
        self._last: tuple[int, int, int, int] | None = None

    def follow(self, message: dict[str, object]) -> tuple[float, ...] | None:
        """Return the values of `Odometry.columns` after this message, or None when it tells no odometry, or no time."""
        told = [message.get(name) for name in ("seq", "micros", "left", "right", "driving", "stops")]
        if not all(isinstance(value, int) and abs(value) < 1 << 32 for value in told):
            return None
        seq, micros, left, right, driving, stops = (value for value in told if isinstance(value, int))
        last, now = self._last, (seq, micros, left, right)
        passed = 0 if last is None else (micros - last[1]) % (1 << 32) * 1000
        if last is not None and passed == 0:
            return None
        self._last, self.lost = now, 0
        speed = turn_rate = 0.0
        if last is not None and passed < _GAP:
            self.lost = (seq - last[0] - 1) % (1 << 16)
            speed, turn_rate = self._roll(_difference(left, last[2]), _difference(right, last[3]), passed / NS)
        return self._x, self._y, self._heading, speed, turn_rate, self._left, self._right, driving, stops

    def _roll(self, left: int, right: int, seconds: float) -> tuple[float, float]:
        """Move by so many ticks; return the speed in m/s and the turn rate in rad/s."""
        rolled_left, rolled_right = left / self._ticks_per_metre, right / self._ticks_per_metre
        way, turn = (rolled_left + rolled_right) / 2, (rolled_right - rolled_left) / self._track
        middle = self._heading + turn / 2
        self._x += way * math.cos(middle)
        self._y += way * math.sin(middle)
        self._heading = math.remainder(self._heading + turn, math.tau)
        self._left += rolled_left
        self._right += rolled_right
        return way / seconds, turn / seconds


def _difference(now: int, before: int) -> int:
    """Return the ticks between two counts of 32 bits, the shorter way round."""
    return (now - before + (1 << 31)) % (1 << 32) - (1 << 31)
