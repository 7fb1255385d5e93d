"""Sensor `rover`: a line-following rover in simulation, and what is true of its drive."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from edgeai.clock import SystemClock
from edgeai.driver import NS, Capture, Column, Device, Rate, Sensor, SensorOptions
from edgeai.errors import Problem
from edgeai_drivers.framing import Protocol

from ._line import Direct, Pty
from .world.body import Build, Pose
from .world.course import Course
from .world.machine import RoverMachine, Truth

_COLUMNS = (
    Column("x", "m"),
    Column("y", "m"),
    Column("heading", "rad"),
    Column("speed", "m/s"),
    Column("steering"),
    Column("cross_track_error", "m"),
    Column("max_cross_track_error", "m"),
    Column("laps"),
    Column("off_line"),
    Column("departures"),
    Column("distance", "m"),
)


class Rover(Sensor):
    """A rover on a closed course. Its motor controller is driven through `link`, its camera is the driver `track`."""

    @dataclass(frozen=True, kw_only=True)
    class Options(SensorOptions):
        """seed of the course. cruise: metres a second while commands name no throttle. protocol: of the serial line,
        see `framing`. rate: readings a second; live, the controller looks at its serial line as often.
        """

        seed: int = 0
        cruise: float = 0.9
        protocol: Protocol = "jsonl"
        rate: Rate = 100.0

    columns = _COLUMNS
    headline = ("laps", "cross_track_error", "max_cross_track_error", "departures")

    def __init__(self, name: str, options: Any) -> None:
        super().__init__(name, options)
        self.rate = options.rate
        self.period = round(NS / options.rate)
        self._lock = threading.Lock()
        self._pty: Pty | None = None

    @classmethod
    def devices(cls) -> list[Device]:
        """List the one that is always there."""
        return [Device("rover", "rover:0", "a line-following rover in simulation")]

    def check(self) -> list[Problem]:
        """Find a cruising speed that the rover cannot drive."""
        fastest = Build().max_speed
        if 0.0 < self.options.cruise <= fastest:
            return super().check()
        wrong = Problem(f"sensors.{self.name}.cruise", repr(self.options.cruise), f"above 0, at most {fastest:g} m/s")
        return [*super().check(), wrong]

    @property
    def course(self) -> Course:
        """The course driven on. Raises DeviceError while the rover is not open."""
        self._require_open()
        return self._machine.course

    @property
    def port(self) -> str | None:
        """Path of the serial port by which any program can drive the rover; None in virtual time and while closed."""
        return self._pty.path if self._pty else None

    def link(self) -> Any:
        """Open the motor controller's serial line: a port to write to. Raises DeviceError while not open."""
        self._require_open()
        return self._pty.connect() if self._pty else Direct(self._arrive)

    def pose_at(self, t: int) -> Pose:
        """Let the world go on to `t` (ns) and return where the rover is. May be called from any thread."""
        self._require_open()
        with self._lock:
            self._advance(t)
            return self._machine.pose

    def _open(self) -> None:
        options = self.options
        self._machine = RoverMachine(options.seed, cruise=options.cruise, protocol=options.protocol)
        self._pty = Pty() if isinstance(self._clock, SystemClock) else None

    def _read(self, timeout: float) -> Capture:
        with self._lock:
            self._advance(self.capture_time)
            return Capture(_values(self._machine.truth()))

    def _close(self) -> None:
        with self._lock:
            pty, self._pty = self._pty, None
            if pty:
                pty.close()

    def _arrive(self, data: bytes) -> None:
        with self._lock:
            self._machine.feed(data, self._clock.now())

    def _advance(self, t: int) -> None:
        if self._pty:
            self._machine.feed(self._pty.receive(), t)
        self._machine.advance(t)
        telemetry = self._machine.take()
        if self._pty:
            self._pty.send(telemetry)


def _values(truth: Truth) -> tuple[float, ...]:
    return tuple(float(getattr(truth, column.name)) for column in _COLUMNS)
