"""Meter `ina3221`: the three rails of an INA3221 that a kernel driver reads."""

from __future__ import annotations

from dataclasses import dataclass

from edgeai.driver import Device, Meter, MeterOptions
from edgeai.errors import DeviceError
from edgeai.messages import MeterReading
from edgeai_drivers.power._hwmon import Hwmon, listed
from edgeai_drivers.power._ina3221 import hwmon_rails, total, values


@dataclass(frozen=True, kw_only=True)
class Ina3221Options(MeterOptions):
    """Which chip, and what of it is the board.

    chip: its place (`1-0040`), needed where there are several. rails: labels of the rails that add up to the board's
    input; without, VDD_IN or POM_5V_IN is the input, and else the sum of all is told as the sum of rails it is.
    """

    chip: str = ""
    rails: tuple[str, ...] = ()


class Ina3221(Meter):
    """Reads every rail that is wired, by its label."""

    Options = Ina3221Options
    options: Ina3221Options

    @classmethod
    def detect(cls, root: str = "/") -> list[Device]:
        """List the chips by their places."""
        return listed("ina3221", root, ("ina3221",), "INA3221")

    def _open(self) -> None:
        self._hwmon = Hwmon(self.name, self.options.root, ("ina3221",), self.options.chip)

    def _read(self) -> MeterReading:
        rails = self._hwmon.read(hwmon_rails)
        labels = [rail.label for rail in rails]
        absent = [label for label in self.options.rails if label not in labels]
        if absent or not rails:
            wanted = f"no rail {', '.join(absent)}" if absent else "no rail that is wired and switched on"
            raise DeviceError(f"{self.name} finds {wanted}; there are: {', '.join(labels) or 'none'}")
        watts, measures, note = total(rails, self.options.rails)
        return MeterReading(
            self.name, self._clock.now(), watts=watts, measures=measures, values=values(rails), note=note
        )

    def _close(self) -> None:
        pass
