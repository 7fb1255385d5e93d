"""A pin whose duty cycle follows a number of a result: a lamp's brightness, a fan, an H-bridge, through gpiozero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgeai.driver import Device
from edgeai.errors import Problem
from edgeai.messages import Frame, Result
from edgeai_drivers import pins

from ._held import number_of, until
from .gpio import Gpio, GpioOptions


@dataclass(frozen=True, kw_only=True)
class PwmOptions(GpioOptions):
    """The pin and what drives it: as of the output gpio, without a threshold.

    frequency: in Hz. full: the number that stands for a duty cycle of 1; from 0 down it is 0.
    """

    frequency: float = 100.0
    full: float = 1.0


class Pwm(Gpio):
    """The duty cycle is value / full while results are fresh, and 0 when they stop, and when closed."""

    Options = PwmOptions

    @classmethod
    def devices(cls) -> list[Device]:
        """Say whether pins can be driven here."""
        return pins.list_pins("pwm", "a pin with a duty cycle")

    def check(self) -> list[Problem]:
        """Require a pin, a frequency and a number for a duty cycle of 1."""
        options, path = self.options, f"outputs.{self.name}"
        rules = [
            ("frequency", 0 < options.frequency <= 10_000, "above 0, at most 10000 Hz"),
            ("full", options.full > 0, "above 0"),
        ]
        wrong = [Problem(f"{path}.{key}", f"{getattr(options, key):g}", say) for key, good, say in rules if not good]
        return super().check() + wrong

    def _make(self, library: Any) -> Any:
        options = self.options
        return library.PWMOutputDevice(options.pin, active_high=options.active_high, frequency=options.frequency)

    def _write(self, result: Result, frame: Frame | None) -> None:
        share = number_of(result, self.options.value) / self.options.full
        self._held.put(min(max(share, 0.0), 1.0), until(result, self.options.hold))
