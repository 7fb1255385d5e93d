"""A pin that is switched by a result: a lamp, a relay, a buzzer, through gpiozero."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from edgeai.driver import Device, DriverOptions, Duration, Output
from edgeai.errors import Problem
from edgeai.messages import Frame, Result
from edgeai_drivers import pins

from ._held import Held, number_of, until

_DELAY = 0.02
"""Seconds between two looks of gpiozero at what the pin is to be."""


@dataclass(frozen=True, kw_only=True)
class GpioOptions(DriverOptions):
    """The pin and what switches it.

    pin: its BCM number. value: the number of the result that counts; without, its only one, the best score of a
    classification, or how many objects were detected. A label names the score or the count of its class. threshold: the
    pin is on from this number up. hold: for how long after its capture a result keeps the pin on. active_high: False
    for what is on at 0 V.
    """

    pin: int = 17
    value: str | None = None
    threshold: float = 0.5
    hold: Duration = 0.5
    active_high: bool = True


class Gpio(Output):
    """On while fresh results say so; off when they stop, and when closed."""

    Options: ClassVar[type[DriverOptions]] = GpioOptions
    keeps = "newest"
    _device: Any = None

    @classmethod
    def devices(cls) -> list[Device]:
        """Say whether pins can be switched here."""
        return pins.list_pins("gpio", "a pin that is switched")

    def check(self) -> list[Problem]:
        """Require a pin, and a time to hold it."""
        options, path = self.options, f"outputs.{self.name}"
        rules = [("pin", options.pin >= 0, "the BCM number of a pin"), ("hold", options.hold > 0, "a time above 0")]
        return [Problem(f"{path}.{key}", f"{getattr(options, key)}", say) for key, good, say in rules if not good]

    def _open(self) -> None:
        self._held = Held()
        library = pins.gpiozero()
        with pins.in_sentences(self.name, f"outputs.{self.name}.pin", self.options.pin):
            self._device = self._make(library)
            self._device.source_delay = _DELAY
            self._device.source = self._values()

    def _make(self, library: Any) -> Any:
        return library.DigitalOutputDevice(self.options.pin, active_high=self.options.active_high)

    def _values(self) -> Iterator[float]:
        """Give gpiozero, which asks on a thread of its own, what the pin is to be now."""
        while True:
            yield self._held.at(self._clock.now())

    def _write(self, result: Result, frame: Frame | None) -> None:
        on = number_of(result, self.options.value) >= self.options.threshold
        self._held.put(float(on), until(result, self.options.hold))

    def _safe(self) -> None:
        self._held.put(0.0, 0)

    def _close(self) -> None:
        if self._device is not None:
            self._device.source = None
            self._device.off()
            self._device.close()
            self._device = None
