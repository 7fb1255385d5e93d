"""Meter `jetson`: the INA3221 chips that a Jetson carries."""

from __future__ import annotations

from pathlib import Path

from edgeai.driver import Device, Meter, MeterOptions
from edgeai.errors import DeviceNotFound
from edgeai.messages import MeterReading
from edgeai_drivers.power._ina3221 import Rail, hwmon_rails, iio_rails, total, values

_DRIVERS = (
    ("sys/bus/i2c/drivers/ina3221", "*-00*/hwmon/hwmon*", hwmon_rails),
    ("sys/bus/i2c/drivers/ina3221x", "*-00*/iio:device*", iio_rails),
)
"""Where JetPack 5 and later, and JetPack 4, show the chips, and how each is read."""


class Jetson(Meter):
    """Reads all rails of all chips.

    Total is VDD_IN (Orin Nano and NX, Xavier NX) or POM_5V_IN (Nano), the input of the module. An AGX Orin has a second
    chip and no such rail: there the total is the sum of the rails of both, and says so. The Nano 2GB has no chip.
    """

    Options = MeterOptions
    options: MeterOptions

    @classmethod
    def detect(cls, root: str = "/") -> list[Device]:
        """List what the chips measure, or say that this is no Jetson that measures itself."""
        rails = _rails(root)
        if not rails:
            return [Device("jetson", "jetson", "a Jetson's rails", f"no INA3221 under {Path(root, _DRIVERS[0][0])}")]
        return [Device("jetson", "jetson", ", ".join(rail.label for rail in rails))]

    def _open(self) -> None:
        if not _rails(self.options.root):
            raise DeviceNotFound(
                f"{self.name} finds no INA3221 under {Path(self.options.root, _DRIVERS[0][0])}: this is no Jetson that "
                "measures itself (the Nano 2GB does not), or its driver is not loaded"
            )

    def _read(self) -> MeterReading:
        rails = _rails(self.options.root)
        if not rails:
            raise FileNotFoundError(f"no rail under {Path(self.options.root, _DRIVERS[0][0])}")
        watts, measures, note = total(rails)
        return MeterReading(
            self.name, self._clock.now(), watts=watts, measures=measures, values=values(rails), note=note
        )

    def _close(self) -> None:
        pass


def _rails(root: str) -> list[Rail]:
    return [
        rail
        for folder, chips, read in _DRIVERS
        for chip in sorted(Path(root, folder).glob(chips))
        for rail in read(chip)
    ]
