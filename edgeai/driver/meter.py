"""Meters: what tells the board's situation."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from edgeai.clock import Clock
from edgeai.driver.base import Driver, DriverOptions
from edgeai.errors import DeviceError, DeviceLost, DeviceNotFound, EdgeAIError
from edgeai.messages import Device, MeterReading

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Meter", "MeterOptions"]


@dataclass(frozen=True, kw_only=True)
class MeterOptions(DriverOptions):
    """What every meter takes. root: the folder that stands for `/`: a copy of another machine's files, or a test's."""

    root: str = "/"


class Meter(Driver):
    """Tells the board's situation: power, temperature, throttling, clock frequency or energy left.

    A meter is polled, about every `interval` seconds, from a thread that may wait: some ask a program or a slow bus.
    """

    Options: ClassVar[type[DriverOptions]] = MeterOptions
    interval: float = 1.0
    """Seconds between readings that suit the device."""
    hangs: float = 4.0
    """Seconds after which a reading is taken for stuck: it may take one or two, and a busy board reads late."""

    readings: int = 0
    """Readings so far."""

    def anew(self) -> Self:
        """Return another driver of the same device, which counts on."""
        made = super().anew()
        made.readings = self.readings
        return made

    @property
    def counts(self) -> tuple[int, int]:
        """Readings so far; none is lost."""
        return self.readings, 0

    @classmethod
    def detect(cls, root: str = "/") -> list[Device]:
        """List what this meter could read under `root`, and for the rest what is missing."""
        return []

    @classmethod
    def devices(cls) -> list[Device]:
        """List what this meter could read here, and for the rest what is missing."""
        return cls.detect()

    def on_board(self, idle: float, core: float) -> None:
        """Be told, before `open`, what the board's table says: W when idle, W more for each busy core."""

    def open(self, clock: Clock) -> None:
        """Find the device. Raises DeviceNotFound, DeviceError, PluginError."""
        with self._in_sentences(DeviceNotFound, "has no device"):
            super().open(clock)

    def read(self) -> MeterReading:
        """Return what the device tells; it may take a second or two.

        Raises DeviceLost when the device went away, DeviceNotFound when it may not be read, DeviceTimeout when it is
        silent, DeviceError when it tells what cannot be understood. Reading again after any of them is allowed.
        """
        self._require_open()
        with self._in_sentences(DeviceLost, "has lost its device"):
            reading = self._read()
        self.readings += 1
        return reading

    @contextlib.contextmanager
    def _in_sentences(self, gone: type[DeviceError], what: str) -> Iterator[None]:
        try:
            yield
        except EdgeAIError:
            raise
        except PermissionError as error:
            raise DeviceNotFound(
                f"{self.name} may not read {error.filename}: run as root, or grant the permission by a udev rule"
            ) from error
        except OSError as error:
            raise gone(f"{self.name} {what} ({error}): look at its driver and its wires") from error
        except ValueError as error:
            raise DeviceError(f"{self.name} is told something unreadable: {error}") from error

    @abstractmethod
    def _read(self) -> MeterReading:
        """Return what the device tells now. Called by `read`; an OSError or ValueError becomes a DeviceError there."""
