"""What the sensors on a serial port share: the port is opened, read and given up for lost in one place."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from edgeai.driver import NS, Capture, DriverOptions, Sensor, SensorOptions
from edgeai.errors import DeviceError, Problem
from edgeai.messages import Reading
from edgeai_drivers.ports import BORROWED, OWN, Tap, lost, open_port, receive

from ._rhythm import Rhythm

if TYPE_CHECKING:
    from typing import Self

_AT_ONCE = 65_536
"""Bytes parsed at a time: a port that floods us is read in bites, and what it holds back is the kernel's to lose."""


@dataclass(frozen=True, kw_only=True)
class SerialSensorOptions(SensorOptions):
    """Where the sensor is.

    port: a device (best by its name in /dev/serial/by-id), a pty, or a URL of pyserial. baud: bits a second.
    """

    port: str
    baud: int = 115200


class PortSensor(Sensor):
    """A sensor on a serial port, which it owns.

    What cannot be read is skipped and counted (`rejected`); reading goes on with what follows. DeviceLost is raised
    when the port has gone away, DeviceTimeout when it is silent or says nothing valid for `stall` seconds. Once it has
    delivered regularly for a while its `rate` is known, and it is stalled after two periods, half a second at least.
    """

    Options: ClassVar[type[DriverOptions]] = SerialSensorOptions

    rejected: int = 0
    """Lines, packets or messages that could not be read since the sensor was opened."""
    _port: Any = None

    def __init__(self, name: str, options: Any) -> None:
        super().__init__(name, options)
        self._rhythm = Rhythm()
        self._owned: list[Any] = []  # the open port, also of the driver that goes on in place of this one

    def anew(self) -> Self:
        """Return another driver of the same device; who is linked to this one is linked to that."""
        made = super().anew()
        made._owned = self._owned
        return made

    def _message(self, capture: Capture, arrival: int) -> Reading:
        self._rhythm.arrived(arrival)
        self.rate = self._rhythm.rate
        return super()._message(capture, arrival)

    def check(self) -> list[Problem]:
        """Require a port and a baud rate."""
        options, path = self.options, f"sensors.{self.name}"
        rules = [
            ("port", options.port and not options.port.startswith(BORROWED), OWN),
            ("baud", options.baud > 0, "bits a second, such as 115200"),
        ]
        return [
            Problem(f"{path}.{key}", repr(getattr(options, key)), expected) for key, good, expected in rules if not good
        ]

    def link(self) -> Tap:
        """Return a handle for an output that talks to the same device (`port: sensor:NAME`). Raises DeviceError."""
        if not self._owned:
            raise DeviceError(f"{self.name} is not open, so nothing can be sent through its port: open it first")
        try:
            return Tap(self._owned[-1])
        except (OSError, AttributeError) as error:
            advice = "give a device or a pty"
            raise DeviceError(f"{self.name} has a port that cannot be shared ({error}): {advice}") from error

    def _open(self) -> None:
        self.rejected = 0
        self._rhythm = Rhythm()
        self._begin()
        self._port = self._open_port()
        self._owned[:] = [self._port]

    def _open_port(self) -> Any:
        options = self.options
        return open_port(self.name, f"sensors.{self.name}.port", options.port, options.baud, write_timeout=0.1)

    def _close(self) -> None:
        if self._port is not None:
            if self._port in self._owned:
                self._owned.clear()
            self._port.close()
            self._port = None

    @abstractmethod
    def _begin(self) -> None:
        """Forget what was read before. Called by `_open`, before the port; raises PluginError, ConfigError."""


class SerialSensor(PortSensor):
    """A sensor whose bytes are cut and checked by `_parse`."""

    def _open(self) -> None:
        self._waiting: deque[Capture] = deque()
        super()._open()

    def _read(self, timeout: float) -> Capture | None:
        give_up = self._clock.now() + int(timeout * NS)
        while not self._waiting:
            data = self._receive(max(give_up - self._clock.now(), 0) / NS)
            self._waiting.extend(self._parse(data))
            if not data or self._clock.now() > give_up:
                break
        return self._waiting.popleft() if self._waiting else None

    def _receive(self, timeout: float) -> bytes:
        """Wait for bytes and take those that are there. Raises DeviceLost."""
        try:
            return receive(self._port, timeout, _AT_ONCE)
        except OSError as error:
            raise lost(self.name, self.options.port, error) from error

    @abstractmethod
    def _parse(self, data: bytes) -> Iterable[Capture]:
        """Give the captures that these next bytes complete, and keep what they begin, bounded. Never raises."""
