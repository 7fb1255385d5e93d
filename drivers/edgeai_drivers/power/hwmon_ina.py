"""Meter `hwmon_ina`: an INA219, 220, 226, 230 or 231 that a kernel driver reads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgeai.driver import Device, Meter, MeterOptions
from edgeai.errors import Problem
from edgeai.messages import MeterReading, MeterValue
from edgeai_drivers.power._files import number, number_or_none
from edgeai_drivers.power._hwmon import Hwmon, listed

_NAMES = ("ina219", "ina220", "ina226", "ina230", "ina231")


@dataclass(frozen=True, kw_only=True)
class HwmonInaOptions(MeterOptions):
    """Which chip, and how it is wired.

    chip: its name (`ina219`) or its place (`1-0040`), needed where there are several. shunt: ohms of the shunt that is
    really there; the kernel takes 0.01 ohm when nobody tells it, and most breakout boards carry 0.1: the figures are
    corrected by the ratio. measures: what the shunt lies in: the board's input, one of its rails, or its battery.
    """

    chip: str = ""
    shunt: float | None = None
    measures: Literal["board", "rails", "battery"] = "board"


class HwmonIna(Meter):
    """Reads in1_input (mV), curr1_input (mA) and power1_input (uW), as Documentation/hwmon/ina2xx of Linux has them.

    The chip's power register knows no sign: power has the sign of the current, and is voltage x current where the
    driver gives no power.
    """

    Options = HwmonInaOptions
    options: HwmonInaOptions

    @classmethod
    def detect(cls, root: str = "/") -> list[Device]:
        """List the chips by their places."""
        return listed("hwmon_ina", root, _NAMES, "INA219, 220, 226, 230 or 231")

    def check(self) -> list[Problem]:
        """Require a shunt above zero."""
        shunt = self.options.shunt
        if shunt is None or 0 < shunt < math.inf:
            return []
        return [Problem(f"meters.{self.name}.shunt", str(shunt), "ohms above 0, such as 0.1")]

    def _open(self) -> None:
        self._hwmon = Hwmon(self.name, self.options.root, _NAMES, self.options.chip)

    def _read(self) -> MeterReading:
        volts, amperes, watts = self._hwmon.read(self._figures)
        values = (
            MeterValue("voltage", volts, "V"),
            MeterValue("current", amperes, "A"),
            MeterValue("power", watts, "W"),
        )
        return MeterReading(self.name, self._clock.now(), watts=watts, measures=self.options.measures, values=values)

    def _figures(self, folder: Path) -> tuple[float, float, float]:
        volts = number(folder / "in1_input") / 1e3
        scale = self._scale(folder)
        amperes = number(folder / "curr1_input") / 1e3 * scale
        microwatts = number_or_none(folder / "power1_input")
        watts = volts * amperes if microwatts is None else math.copysign(microwatts / 1e6 * scale, amperes)
        return volts, amperes, watts

    def _scale(self, folder: Path) -> float:
        """Return by how much the true current is larger than the one told: the shunt assumed over the shunt there."""
        assumed = None if self.options.shunt is None else number_or_none(folder / "shunt_resistor")
        return 1.0 if not assumed or self.options.shunt is None else assumed / 1e6 / self.options.shunt

    def _close(self) -> None:
        pass
