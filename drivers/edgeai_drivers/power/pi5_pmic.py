"""Meter `pi5_pmic`: the power management chip of a Raspberry Pi 5, which measures the rails it makes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from edgeai.driver import Device, Meter
from edgeai.errors import DeviceError
from edgeai.messages import MeterReading, MeterValue
from edgeai_drivers.power._vcgencmd import VcgencmdOptions, ask

_LINE = re.compile(r"\s*(\w+)_([AV])\s+(current|volt)\(\d+\)=([-+]?[\d.]+)([AV])\s*")
_SLOPE, _BASE = 1.1451, 0.5879
"""Watts at the input = 1.1451 x the sum of the rails + 0.5879: a published fit to one Pi 5, without USB loads."""


@dataclass(frozen=True, kw_only=True)
class Pi5PmicOptions(VcgencmdOptions):
    """input_fit: give the board's input by the published fit, modelled; off, the sum of the rails, measured."""

    input_fit: bool = True


class Pi5Pmic(Meter):
    """Adds up voltage x current of the twelve rails the chip makes.

    What hangs on 5 V - USB devices, a fan, a HAT - does not pass through it and is in neither figure. The fit is of one
    board; `rails` in the values is the measured sum in any case.
    """

    Options = Pi5PmicOptions
    options: Pi5PmicOptions

    @classmethod
    def detect(cls, root: str = "/") -> list[Device]:
        """Ask the firmware once."""
        what = "the rails of a Raspberry Pi 5"
        try:
            rail_watts(ask("pi5_pmic", Pi5PmicOptions(), "pmic_read_adc"))
        except (DeviceError, ValueError) as error:
            return [Device("pi5_pmic", "pi5_pmic", what, str(error))]
        return [Device("pi5_pmic", "pi5_pmic", what)]

    def _open(self) -> None:
        rail_watts(self._answer())

    def _answer(self) -> str:
        return ask(self.name, self.options, "pmic_read_adc")

    def _read(self) -> MeterReading:
        rails = rail_watts(self._answer())
        measured = sum(rails.values())
        fitted = self.options.input_fit
        return MeterReading(
            self.name,
            self._clock.now(),
            watts=_SLOPE * measured + _BASE if fitted else measured,
            measures="board" if fitted else "rails",
            basis="modelled" if fitted else "measured",
            values=(
                MeterValue("rails", measured, "W"),
                *(MeterValue(f"{rail}.power", watts, "W") for rail, watts in rails.items()),
            ),
            note="5 V loads (USB, fan, HAT) are not in it" + ("; the fit is one board's" if fitted else ""),
        )

    def _close(self) -> None:
        pass


def rail_watts(answer: str) -> Mapping[str, float]:
    """Return watts by rail from the answer to pmic_read_adc, current and voltage paired by name: their indices differ.

    What has only a voltage (EXT5V, BATT) makes no rail. Raises ValueError when there is no pair, or a number is none.
    """
    told: dict[str, dict[str, float]] = {"A": {}, "V": {}}
    for line in answer.splitlines():
        match = _LINE.fullmatch(line)
        if match is not None:
            told[match[2]][match[1]] = float(match[4])
    pairs = {rail: told["V"][rail] * amperes for rail, amperes in told["A"].items() if rail in told["V"]}
    if not pairs:
        raise ValueError(f"pmic_read_adc answered {answer.strip()[:60]!r}, without a rail: this is no Raspberry Pi 5")
    return pairs
