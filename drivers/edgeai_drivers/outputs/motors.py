"""Motors behind a controller on a serial port, which stops them when commands stop."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from edgeai.driver import NS, Driver, DriverOptions, Duration
from edgeai.errors import ConfigError, DeviceError, Problem
from edgeai.messages import Device, Frame, Result, plain
from edgeai_drivers.framing import Protocol
from edgeai_drivers.ports import list_devices

from .serial import Serial, SerialOptions

_HUGE = 1e9
"""What is larger was not meant for a motor."""
_STOP = {"steering": 0.0, "throttle": 0.0, "expires": 0}
_LONGEST = 0.5
"""Seconds: no controller keeps a command for longer, see drivers/README.md."""


@dataclass(frozen=True, kw_only=True)
class MotorsOptions(SerialOptions):
    """The port, how it is spoken to, and how long a command is good for.

    port, baud, constants, write_timeout: as of the output serial. protocol: binary, cobs or jsonl, see `framing`.
    expires: until so long after its picture was taken a result drives the motors; at most 500 ms.
    """

    protocol: Protocol = "binary"  # type: ignore[assignment]
    expires: Duration = 0.3


class Motors(Serial):
    """Send steering and throttle, each with the time it is still good for; silence stops the motors.

    A result gives `steering` and `throttle` in [-1, 1], positive to the left and forwards, or `left` and `right` for
    the two sides; `constants` stand for what it leaves out. What is left of `expires` at the time of sending goes with
    the command: the controller stops by itself when that time is over, whatever became of this program. A result that
    has expired is not sent (`expired` counts them). Closing sends a stop.
    """

    Options: ClassVar[type[DriverOptions]] = MotorsOptions

    expired: int = 0
    """Results that were too old to drive by."""

    @classmethod
    def devices(cls) -> list[Device]:
        """List the serial ports of this machine."""
        return list_devices("motors")

    @property
    def drives(self) -> bool:
        """True: motors have a stop."""
        return True

    def check(self) -> list[Problem]:
        """Require a port, commands that expire, and no stop but that of every motor controller."""
        problems, options = super().check(), self.options
        if not 0 < options.expires <= _LONGEST:
            found = f"{options.expires:g} s"
            problems.append(Problem(f"outputs.{self.name}.expires", found, "above 0, at most 500ms"))
        if options.safe:
            expected = "nothing: motors are stopped by their own command; the output `serial` takes any"
            problems.append(Problem(f"outputs.{self.name}.safe", str(dict(options.safe)), expected))
        return problems

    def attach(self, peers: Mapping[str, Driver]) -> None:
        """Find the device of `port: sim:NAME` or `sensor:NAME`. Raises ConfigError where it speaks another protocol."""
        super().attach(peers)
        if self._peer is None:
            return
        spoken = getattr(self._peer.options, "protocol", None)
        if spoken is None:
            expected = "a motor controller: the sensor `odometry`, or the simulated rover"
            raise ConfigError(Problem(f"outputs.{self.name}.port", f"{self._peer.name}, which is none", expected))
        if spoken != self.options.protocol:
            found = f"{self.options.protocol}, while {self._peer.name} speaks {spoken}"
            raise ConfigError(Problem(f"outputs.{self.name}.protocol", found, spoken))

    def _safe(self) -> None:
        """Stop the motors now. Raises DeviceLost when the port has gone: then the controller's own watchdog does."""
        self._say(_STOP)

    def _open(self) -> None:
        self.expired = 0
        self._seq = 0
        super()._open()

    def _write(self, result: Result, frame: Frame | None) -> None:
        drive = drive_of(result, self.options.constants)
        if "throttle" not in drive and self.options.protocol == "binary":
            raise DeviceError(f"{result.stream} gives no throttle: write constants: {{throttle: 0.4}} to {self.name}")
        left = self.options.expires - (self._clock.now() - result.stamp) / NS
        if left <= 0:
            self.expired += 1
            return
        self._say({**drive, "expires": round(left * 1000)})

    def _say(self, message: Mapping[str, Any]) -> None:
        self._seq = (self._seq + 1) % (1 << 16)
        self._send({**message, "seq": self._seq})


def drive_of(result: Result, constants: Mapping[str, Any]) -> dict[str, float]:
    """Return the steering and throttle of a result, in [-1, 1]; what neither it nor `constants` names is left out.

    Two sides are mixed as throttle = (left + right) / 2 and steering = (right - left) / 2, which the controller of a
    machine with two driven sides undoes. Raises DeviceError for values by which nothing can be driven.
    """
    value = plain(result.value)
    named = {**constants, **value} if isinstance(value, dict) else dict(constants)
    if {"left", "right"} <= named.keys():
        left, right = _share(result, "left", named["left"]), _share(result, "right", named["right"])
        return {"steering": (right - left) / 2, "throttle": (left + right) / 2}
    drive = {name: _share(result, name, named[name]) for name in ("steering", "throttle") if name in named}
    if not drive:
        raise DeviceError(
            f"{result.stream} gives {sorted(named) or 'no named values'}, by which no motor can be driven: have it "
            "give steering and throttle, or left and right"
        )
    return drive


def _share(result: Result, name: str, value: Any) -> float:
    """Return a value brought into [-1, 1]."""
    number = float(value) if isinstance(value, int | float) and abs(value) < _HUGE else math.nan
    if isinstance(value, bool) or math.isnan(number):
        raise DeviceError(f"{name} of {result.stream} is {value!r}, by which no motor is driven: look at its stage")
    return min(max(number, -1.0), 1.0)
