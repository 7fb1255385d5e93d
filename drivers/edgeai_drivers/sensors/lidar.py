"""A 2-D lidar on a serial port (LDROBOT, RPLIDAR, YDLIDAR ...), by lds2d."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from typing import Any

import serial

from edgeai.driver import NS, Capture, Clock, Column, Device, vendor
from edgeai.errors import DeviceNotFound, PluginError, Problem
from edgeai_drivers.ports import list_devices, lost, open_port, receive

from ._serial import PortSensor, SerialSensorOptions

BINS = 360
"""Directions of a reading, a degree each."""
_MOST_POINTS = 20_000
"""Points of a turn: no lidar of this class has as many, so a head that stands still is not gathered for ever."""
_AT_LEAST = NS // 50
_PATIENCE = NS // 5
"""ns that reading may overrun its time while bytes come that are no points."""


@dataclass(frozen=True, kw_only=True)
class LidarOptions(SerialSensorOptions):
    """The port, what is plugged in, and how it is mounted.

    model: a name of lds2d, such as LD06, LD19, RPLIDAR-A1, YDLIDAR-X4; those whose motor the host must turn are not
    driven. baud: 0 is the model's own. ahead: degrees on the lidar's scale that point ahead on the robot. clockwise:
    whether its angles grow to the right, seen from above, as with LDROBOT's.
    """

    model: str = "LD19"
    baud: int = 0
    ahead: float = 0.0
    clockwise: bool = True


class Lidar(PortSensor):
    """One reading a turn: the range in metres for each degree to the left of ahead, `r0` to `r359`, and the nearest.

    Of several points in one degree the nearest counts; where nothing answered it is NaN. `bearing` is in degrees to the
    left, in [-180, 180). Damaged packets are left out by lds2d, and so is one in the middle of which the line falls
    silent; a turn with fewer points than half its directions, or with more than any lidar has, is none and counted
    (`rejected`).
    """

    Options = LidarOptions
    columns = (Column("nearest", "m"), Column("bearing", "deg"), *(Column(f"r{i}", "m") for i in range(BINS)))
    headline = ("nearest", "bearing")

    @classmethod
    def devices(cls) -> list[Device]:
        """List the serial ports of this machine: which of them is a lidar, nobody can know."""
        return list_devices("lidar", needs=("lds2d", "lidar"))

    def check(self) -> list[Problem]:
        """Require a port, and a model that lds2d knows."""
        options, path = self.options, f"sensors.{self.name}"
        problems = [problem for problem in super().check() if not (problem.path.endswith("baud") and options.baud == 0)]
        try:
            known = vendor("lds2d", "lidar").available_models()
        except PluginError:
            return problems
        if options.model.upper() not in known:
            close = difflib.get_close_matches(options.model.upper(), known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(known)}"
            problems.append(Problem(f"{path}.model", repr(options.model), "a model of lds2d", hint=hint))
        return problems

    def _begin(self) -> None:
        self._lds2d: Any = vendor("lds2d", "lidar")
        self._turn = Turn(self.options.ahead, clockwise=self.options.clockwise)
        self._feed = _Feed(self._clock)
        self._head: Any = self._lds2d.Lidar.open(self.options.model, transport=self._feed)
        if self._head.NEEDS_MOTOR:
            advice = "use one that turns by itself"
            raise DeviceNotFound(f"{self.name}: the host must turn the motor of a {self.options.model}: {advice}")

    def _open_port(self) -> Any:
        options = self.options
        baud = options.baud or self._head.DEFAULT_BAUD
        self._feed.port = open_port(self.name, f"sensors.{self.name}.port", options.port, baud, write_timeout=0.1)
        self._start()
        return self._feed.port

    def _start(self) -> None:
        """Have the head send points from now on; some do so by themselves. Raises DeviceLost."""
        try:
            self._head.start()
        except (self._lds2d.NotSupportedError, serial.SerialTimeoutException):
            pass  # it turns by itself, or does not listen now and is asked again
        except OSError as error:
            raise lost(self.name, self.options.port, error) from error
        self._points = self._head.points()

    def _read(self, timeout: float) -> Capture | None:
        self._feed.begin(timeout)
        try:
            for point in self._points:
                values = self._turn.add(point.angle_deg, point.dist_mm / 1000.0)
                self.rejected = self._turn.rejected
                if values is not None:
                    return Capture(values)
                if self._feed.late:
                    return None
        except _Silent:
            self._start()
        except OSError as error:
            raise lost(self.name, self.options.port, error) from error
        return None


class Turn:
    """Gathers points until the head comes round; pure."""

    def __init__(self, ahead: float, *, clockwise: bool) -> None:
        self.rejected = 0
        """Turns that were none."""
        self._ahead = ahead
        self._sign = -1.0 if clockwise else 1.0
        self._last: float | None = None
        self._whole = False
        self._count = 0
        self._ranges: dict[int, float] = {}

    def add(self, angle: float, distance: float) -> list[float] | None:
        """Take a point: degrees on the lidar's scale, and m. Return the values of the turn that it ended, or None."""
        ended = None
        if self._last is not None and angle + 180.0 < self._last:
            ended = self._values()
            self.rejected += ended is None and self._whole
            self._begin(angle, whole=True)
        self._last = angle
        self._count += 1
        if self._count > _MOST_POINTS:
            self.rejected += 1
            self._begin(None)
        elif distance > 0 and math.isfinite(angle):
            bearing = math.floor(self._sign * (angle - self._ahead) + 0.5) % BINS
            self._ranges[bearing] = min(self._ranges.get(bearing, distance), distance)
        return ended

    def _begin(self, angle: float | None, *, whole: bool = False) -> None:
        self._last = angle
        self._whole = whole
        self._count = 0
        self._ranges = {}

    def _values(self) -> list[float] | None:
        """Return the values of the columns; None for a turn whose beginning was missed, or with too few points."""
        if not self._whole or self._count < BINS // 2:
            return None
        bearing = min(self._ranges, key=lambda i: self._ranges[i], default=None)
        nearest = math.nan if bearing is None else self._ranges[bearing]
        left = math.nan if bearing is None else float((bearing + BINS // 2) % BINS - BINS // 2)
        return [nearest, left, *(self._ranges.get(i, math.nan) for i in range(BINS))]


class _Silent(Exception):  # noqa: N818 - it is an outcome: no bytes came in time
    """Raised into lds2d, which would wait for ever."""


class _Feed:
    """What lds2d reads its bytes from: our port, for a limited time."""

    def __init__(self, clock: Clock) -> None:
        self.port: Any = None
        self._clock = clock
        self._give_up = 0

    def begin(self, timeout: float) -> None:
        """Give the reader `timeout` seconds from now, and the time that bytes at hand take to read."""
        self._give_up = self._clock.now() + max(int(timeout * NS), _AT_LEAST)

    @property
    def late(self) -> bool:
        """Whether that time is over."""
        return self._clock.now() >= self._give_up

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes. Raises _Silent when none came in time, OSError when the port has gone."""
        left = self._give_up - self._clock.now()
        data = receive(self.port, max(left, 0) / NS, size) if left > -_PATIENCE else b""
        if not data:
            raise _Silent
        return data

    def write(self, data: bytes) -> int:
        """Send a command to the head."""
        return int(self.port.write(data) or 0)

    def reset_input(self) -> None:
        """Forget the bytes that have arrived."""
        self.port.reset_input_buffer()

    def close(self) -> None:
        """Leave the port to its owner."""
