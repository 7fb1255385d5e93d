"""Meter `rapl`: the energy counters of Intel and AMD processors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeai.driver import NS, Device, Meter, MeterOptions
from edgeai.errors import DeviceNotFound
from edgeai.messages import MeterReading, MeterValue
from edgeai_drivers.power._files import number, text_or_empty

_ZONES = "sys/class/powercap"
_ADVICE = (
    "Linux lets only root read energy counters (CVE-2020-8694): run as root, or `sudo chmod o+r {file}` where nobody "
    "hostile has an account"
)


@dataclass(frozen=True, slots=True)
class Counter:
    """A zone's counter at a time: microjoules, and where they begin again."""

    microjoules: int
    range: int
    t: int


def average_watts(before: Counter, after: Counter) -> float:
    """Return the mean power in W between two states of a counter, which may have begun again once in between."""
    spent = after.microjoules - before.microjoules
    if spent < 0:
        spent += after.range
    return spent / 1e6 / ((after.t - before.t) / NS)


class Rapl(Meter):
    """Gives the mean power of the processor's packages since the last reading.

    The first reading covers the time since opening. A package of 100 W counts to its end in about 45 minutes: readings
    further apart than that are too low. The package is the processor alone; memory, drives and losses are not in it.
    """

    Options = MeterOptions
    options: MeterOptions

    @classmethod
    def detect(cls, root: str = "/") -> list[Device]:
        """List the packages, or what keeps them from being read."""
        found = _packages(root)
        if not found:
            return [Device("rapl", "rapl", "the processor's packages", f"no intel-rapl under {Path(root, _ZONES)}")]
        names = ", ".join(text_or_empty(zone / "name") for zone in found)
        try:
            for zone in found:
                number(zone / "energy_uj")
        except PermissionError:
            return [Device("rapl", "rapl", names, _ADVICE.format(file=found[0] / "energy_uj"))]
        except (OSError, ValueError) as error:
            return [Device("rapl", "rapl", names, str(error))]
        return [Device("rapl", "rapl", names)]

    def _open(self) -> None:
        zones = _packages(self.options.root)
        if not zones:
            folder = Path(self.options.root, _ZONES)
            raise DeviceNotFound(f"{self.name} finds no package of intel-rapl under {folder}: there is no such counter")
        self._zones = {text_or_empty(zone / "name"): zone for zone in zones}
        self._before = self._counters()
        self._watts: dict[str, float] = {}

    def _counters(self) -> dict[str, Counter]:
        return {name: self._counter(zone) for name, zone in self._zones.items()}

    def _counter(self, zone: Path) -> Counter:
        try:
            count = number(zone / "energy_uj")
        except PermissionError as error:
            advice = _ADVICE.format(file=zone / "energy_uj")
            raise DeviceNotFound(f"{self.name} may not read the counter: {advice}") from error
        return Counter(count, number(zone / "max_energy_range_uj"), self._clock.now())

    def _read(self) -> MeterReading:
        now = self._counters()
        for name, counter in now.items():
            if counter.t > self._before[name].t:
                self._watts[name] = average_watts(self._before[name], counter)
        self._before = now
        values = tuple(MeterValue(f"{name}.power", watts, "W") for name, watts in self._watts.items())
        return MeterReading(
            self.name,
            self._clock.now(),
            watts=sum(self._watts.values()) if self._watts else None,
            measures="cpu",
            values=values,
            note="the processor's packages alone",
        )

    def _close(self) -> None:
        pass


def _packages(root: str) -> list[Path]:
    """Return the zones of whole packages, those whose name begins with package; their sub-zones are parts of them."""
    zones = sorted(Path(root, _ZONES).glob("intel-rapl:*"))
    return [zone for zone in zones if text_or_empty(zone / "name").startswith("package")]
