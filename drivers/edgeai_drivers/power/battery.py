"""Meter `battery`: a battery that the kernel knows (/sys/class/power_supply)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from edgeai.driver import Device, Meter, MeterOptions
from edgeai.errors import DeviceNotFound, Problem
from edgeai.messages import MeterReading, MeterValue
from edgeai_drivers.power._files import number_or_none, text, text_or_empty

_SUPPLIES = "sys/class/power_supply"
_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True)
class BatteryOptions(MeterOptions):
    """Which battery, and what its gauge does not know.

    supply: its folder's name (`BAT0`), needed where there are several. nominal: its nominal voltage in V, which makes
    energy of a gauge that counts charge. full: watt-hours when full, which makes energy of a gauge that only gives %.
    """

    supply: str = ""
    nominal: float | None = None
    full: float | None = None


class Battery(Meter):
    """Gives the power a battery delivers and the energy left in it.

    Power is told while it discharges only: what flows into it says nothing of the load. Some drivers call a discharge
    negative and some do not, so `status` decides, and only where that is unknown the sign. Charge (uAh) is not energy:
    it is turned into joules by the nominal voltage, since the present one falls with the charge; the note says so.
    """

    Options = BatteryOptions
    options: BatteryOptions
    interval = 10.0

    @classmethod
    def detect(cls, root: str = "/") -> list[Device]:
        """List the batteries; those of mice and keyboards (scope Device) are none of this machine's."""
        found = _batteries(root)
        if not found:
            return [Device("battery", "battery", "a battery", f"no battery under {Path(root, _SUPPLIES)}")]
        return [Device("battery", f"battery:{b.name}", text_or_empty(b / "model_name") or b.name) for b in found]

    def check(self) -> list[Problem]:
        """Require voltages and capacities above zero."""
        given = {"nominal": self.options.nominal, "full": self.options.full}
        return [
            Problem(f"meters.{self.name}.{key}", str(value), "a number above 0")
            for key, value in given.items()
            if value is not None and not 0 < value < math.inf
        ]

    def _open(self) -> None:
        found = _batteries(self.options.root)
        wanted = [battery for battery in found if self.options.supply in ("", battery.name)]
        there = ", ".join(battery.name for battery in found) or "none"
        if not wanted:
            raise DeviceNotFound(f"{self.name} finds no battery {self.options.supply}; there are: {there}")
        if len(wanted) > 1:
            raise DeviceNotFound(f"{self.name} finds several batteries ({there}): name one by the option `supply`")
        self._folder = wanted[0]

    def _read(self) -> MeterReading:
        status = text(self._folder / "status")
        if number_or_none(self._folder / "present") == 0:
            raise FileNotFoundError(f"{self._folder.name} is not in its place")
        watts = load_watts(status, self._power())
        joules, note = self._energy()
        notes = [note] if note else []
        if watts is None:
            notes.append(f"it is {status.lower()}, so its current is not the load's")
        return MeterReading(
            self.name,
            self._clock.now(),
            watts=watts,
            joules=joules,
            measures="battery",
            values=(MeterValue("status", status), *self._values()),
            note="; ".join(notes),
        )

    def _micro(self, name: str) -> float | None:
        told = number_or_none(self._folder / name)
        return None if told is None else told / 1e6

    def _power(self) -> float | None:
        """Return W with the driver's sign, from power_now or from current x voltage."""
        watts, amperes, volts = self._micro("power_now"), self._micro("current_now"), self._micro("voltage_now")
        if watts is None and amperes is not None and volts is not None:
            watts = amperes * volts
        return watts

    def _energy(self) -> tuple[float | None, str]:
        """Return the joules left, and how they were found where they were not told."""
        energy, charge = self._micro("energy_now"), self._micro("charge_now")
        if energy is not None:
            return energy * _SECONDS, ""
        nominal = self.options.nominal or self._micro("voltage_min_design")
        if charge is not None and nominal:
            return charge * nominal * _SECONDS, f"energy is modelled: charge x {nominal:g} V"
        percent = number_or_none(self._folder / "capacity")
        if percent is not None and self.options.full:
            return (
                percent / 100 * self.options.full * _SECONDS,
                f"energy is modelled: {percent} % of the stated capacity",
            )
        return None, "its energy is unknown: give the option `nominal` (V) for a gauge of charge, or `full` (Wh)"

    def _values(self) -> list[MeterValue]:
        percent = number_or_none(self._folder / "capacity")
        told = (
            ("voltage", self._micro("voltage_now"), "V"),
            ("current", self._micro("current_now"), "A"),
            ("capacity", None if percent is None else percent / 100, ""),
        )
        return [MeterValue(name, value, unit) for name, value, unit in told if value is not None]

    def _close(self) -> None:
        pass


def load_watts(status: str, watts: float | None) -> float | None:
    """Return the power a battery delivers, or None while it does not, or nobody knows."""
    if watts is None or status in ("Charging", "Full", "Not charging"):
        return None
    if status == "Discharging":
        return abs(watts)
    return -watts if watts < 0 else None


def _batteries(root: str) -> list[Path]:
    found = sorted(Path(root, _SUPPLIES).glob("*"))
    return [
        supply
        for supply in found
        if text_or_empty(supply / "type") == "Battery" and text_or_empty(supply / "scope") != "Device"
    ]
