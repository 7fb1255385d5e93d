"""Rails of an INA3221: three channels, each with a label, and what of them is the board's input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeai.messages import Measures, MeterValue
from edgeai_drivers.power._files import number_or_none, text_or_empty

INPUTS = ("VDD_IN", "POM_5V_IN", "5V_IN")
"""Labels of the rail that feeds all others: the module's input on a Jetson TX, Nano, Xavier NX, Orin Nano and NX."""
_NO_RAIL = ("", "NC", "sum of shunt voltages")


@dataclass(frozen=True, slots=True)
class Rail:
    """A rail: its label, V and A."""

    label: str
    volts: float
    amperes: float

    @property
    def watts(self) -> float:
        """Power in W."""
        return self.volts * self.amperes


def hwmon_rails(folder: Path) -> list[Rail]:
    """Read the channels of a chip under hwmon: inN_label, inN_input in mV, currN_input in mA.

    There is no power file. Channels that are not wired (`NC`), that are switched off, and the seventh, the sum of the
    shunt voltages, are left out; in4 to in6 are shunt voltages in uV and of no use here.
    """
    return _rails([(folder / f"in{n}_label", folder / f"in{n}_input", folder / f"curr{n}_input") for n in (1, 2, 3)])


def iio_rails(folder: Path) -> list[Rail]:
    """Read the channels as JetPack 4 has them: rail_name_N, in_voltageN_input in mV, in_currentN_input in mA."""
    return _rails(
        [
            (folder / f"rail_name_{n}", folder / f"in_voltage{n}_input", folder / f"in_current{n}_input")
            for n in (0, 1, 2)
        ]
    )


def _rails(channels: Sequence[tuple[Path, Path, Path]]) -> list[Rail]:
    found = []
    for label_file, volts_file, amperes_file in channels:
        label = text_or_empty(label_file)
        millivolts, milliamperes = number_or_none(volts_file), number_or_none(amperes_file)
        if label not in _NO_RAIL and millivolts is not None and milliamperes is not None:
            found.append(Rail(label, millivolts / 1e3, milliamperes / 1e3))
    return found


def total(rails: Sequence[Rail], chosen: Sequence[str] = ()) -> tuple[float, Measures, str]:
    """Return watts, what they are of, and what they leave out.

    `chosen` are the labels to add up as the board's input. Without, the rail that feeds the others is taken alone, for
    the others lie behind it; where there is none, all are added up.
    """
    if chosen:
        return sum(rail.watts for rail in rails if rail.label in chosen), "board", ""
    inputs = [rail for rail in rails if rail.label in INPUTS]
    if inputs:
        return (
            inputs[0].watts,
            "board",
            f"{inputs[0].label} feeds the module; what the carrier board takes is not in it",
        )
    return sum(rail.watts for rail in rails), "rails", "the sum of the rails that are measured, not the board's input"


def values(rails: Sequence[Rail]) -> tuple[MeterValue, ...]:
    """Return voltage, current and power of each rail, named `LABEL`.voltage and so on."""
    return tuple(
        MeterValue(f"{rail.label}.{name}", value, unit)
        for rail in rails
        for name, value, unit in (
            ("voltage", rail.volts, "V"),
            ("current", rail.amperes, "A"),
            ("power", rail.watts, "W"),
        )
    )
