"""Meter `thermal`: the kernel's thermal zones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeai.driver import Device, Meter, MeterOptions
from edgeai.errors import DeviceError, DeviceNotFound
from edgeai.messages import MeterReading, MeterValue
from edgeai_drivers.power._files import number_or_none, text_or_empty

_ZONES = "sys/class/thermal"
_PROCESSORS = ("cpu", "x86_pkg_temp", "soc", "tj")
"""What the type of the processor's own zone begins with, best first: cpu-thermal (Pi, Orin), CPU-therm (Nano)."""


@dataclass(frozen=True, kw_only=True)
class ThermalOptions(MeterOptions):
    """zone: the type of the zone to watch (`cpu-thermal`); without it the processor's, or else the hottest."""

    zone: str = ""


class Thermal(Meter):
    """Gives the processor's temperature, and every zone's among the values.

    Zones are found by type at each reading: their numbers move. A zone that is off has no temperature and is left out.
    Other zones are not mixed in: the PMIC-Die of a Jetson Nano says 100 °C for ever.
    """

    Options = ThermalOptions
    options: ThermalOptions

    @classmethod
    def detect(cls, root: str = "/") -> list[Device]:
        """List the zones by their types."""
        found = zones(root)
        if not found:
            return [Device("thermal", "thermal", "thermal zones", f"no zone under {Path(root, _ZONES)}")]
        return [Device("thermal", f"thermal:{kind}", f"{celsius:.1f} °C") for kind, celsius in found]

    def _open(self) -> None:
        self._of_interest(zones(self.options.root))

    def _of_interest(self, found: list[tuple[str, float]]) -> float:
        wanted = self.options.zone
        there = ", ".join(kind for kind, _ in found) or "none"
        if wanted:
            matching = [celsius for kind, celsius in found if kind == wanted]
            if not matching:
                raise DeviceNotFound(f"{self.name} finds no thermal zone {wanted}; there are: {there}")
            return max(matching)
        if not found:
            raise DeviceNotFound(f"{self.name} finds no thermal zone under {Path(self.options.root, _ZONES)}")
        return processor(found)

    def _read(self) -> MeterReading:
        found = zones(self.options.root)
        if not found:
            raise DeviceError(f"{self.name} finds no thermal zone that has a temperature")
        return MeterReading(
            self.name,
            self._clock.now(),
            celsius=self._of_interest(found),
            values=tuple(MeterValue(kind, celsius, "°C") for kind, celsius in found),
        )

    def _close(self) -> None:
        pass


def processor(found: list[tuple[str, float]]) -> float:
    """Return the temperature of the processor's zone, the hottest of several; of all when none looks like it."""
    for start in _PROCESSORS:
        matching = [celsius for kind, celsius in found if kind.lower().startswith(start)]
        if matching:
            return max(matching)
    return max(celsius for _, celsius in found)


def zones(root: str) -> list[tuple[str, float]]:
    """Return type and °C of every zone that has a temperature now. Raises ValueError for one that is no number."""
    found = [
        (text_or_empty(zone / "type"), number_or_none(zone / "temp"))
        for zone in sorted(Path(root, _ZONES).glob("thermal_zone*"))
    ]
    return [(kind, millidegrees / 1e3) for kind, millidegrees in found if kind and millidegrees is not None]
