"""Pins that are read: buttons, bumpers, limit switches, through gpiozero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from edgeai.driver import NS, Capture, Column, Device, Duration, Rate, Sensor, SensorOptions
from edgeai.errors import Problem
from edgeai_drivers import pins


@dataclass(frozen=True, kw_only=True)
class GpioOptions(SensorOptions):
    """The pins and how they are wired.

    pins: BCM numbers, `17` or `17,27`, or names for them: {bumper: 17}. pull: a resistor inside the chip; with `up` a
    switch to ground is active when closed. bounce: how long a switch chatters, during which changes are passed over.
    rate: readings a second.
    """

    pins: int | str | dict[str, int] = 17
    pull: Literal["up", "down", "none"] = "up"
    bounce: Duration = 0.0
    rate: Rate = 50.0


class Gpio(Sensor):
    """For each pin whether it is active, and how often it has become so: a press between two readings is not missed."""

    Options = GpioOptions

    @classmethod
    def devices(cls) -> list[Device]:
        """Say whether pins can be read here."""
        return pins.list_pins("gpio", "pins that are read")

    def check(self) -> list[Problem]:
        """Require pins that differ, and a rate."""
        path, problems = f"sensors.{self.name}", []
        try:
            named = named_pins(self.options.pins)
        except ValueError:
            named = {}
        if not named or len(set(named.values())) < len(named):
            expected = 'BCM numbers of pins, each once: 17, "17,27" or {bumper: 17}'
            problems.append(Problem(f"{path}.pins", repr(self.options.pins), expected))
        if not 0 < self.options.rate <= 1000:
            problems.append(Problem(f"{path}.rate", f"{self.options.rate:g}", "above 0, at most 1000 a second"))
        return problems

    def _open(self) -> None:
        options, named = self.options, named_pins(self.options.pins)
        self.rate, self.period = options.rate, round(NS / options.rate)
        self.columns = tuple(Column(f"{name}{what}") for name in named for what in ("", "_count"))
        self._counts = dict.fromkeys(named, 0)
        self._inputs: dict[str, Any] = {}
        library = pins.gpiozero()
        pull = {"up": True, "down": False, "none": None}[options.pull]
        wired = {"pull_up": pull, "bounce_time": options.bounce or None}
        if pull is None:
            wired["active_state"] = True
        with pins.in_sentences(self.name, f"sensors.{self.name}.pins", options.pins):
            for name, number in named.items():
                self._inputs[name] = library.DigitalInputDevice(number, **wired)
                self._inputs[name].when_activated = lambda name=name: self._count(name)

    def _count(self, name: str) -> None:
        self._counts[name] += 1

    def _read(self, timeout: float) -> Capture:
        return Capture([value for name, pin in self._inputs.items() for value in (pin.value, self._counts[name])])

    def _close(self) -> None:
        for pin in self._inputs.values():
            pin.close()
        self._inputs = {}


def named_pins(written: int | str | dict[str, int]) -> dict[str, int]:
    """Return {name: BCM number} of pins as people write them. Raises ValueError for no number, or one twice."""
    if isinstance(written, dict):
        return dict(written)
    numbers = [written] if isinstance(written, int) else [int(part) for part in written.split(",")]
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"a pin is there twice in {written!r}")
    return {f"pin{number}": number for number in numbers}
