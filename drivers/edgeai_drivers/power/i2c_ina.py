"""Meter `i2c_ina`: an INA219 or INA226 on an I2C bus that no kernel driver has taken."""

from __future__ import annotations

import errno
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from edgeai.driver import Device, Meter, MeterOptions, vendor
from edgeai.errors import DeviceError, DeviceNotFound, PluginError, Problem
from edgeai.messages import MeterReading, MeterValue
from edgeai_drivers.power import _ina_registers as ina


@dataclass(frozen=True, kw_only=True)
class I2cInaOptions(MeterOptions):
    """Where the chip is and how it is wired.

    bus: the N of /dev/i2c-N. address: 0x40 to 0x4F, by the pins A0 and A1. shunt: in ohms. most: the largest current in
    amperes that is to be measured; it sets the resolution. measures: what the shunt lies in.
    """

    bus: int = 1
    address: int = 0x40
    kind: Literal["ina219", "ina226"] = "ina219"
    shunt: float = 0.1
    most: float = 3.2
    measures: Literal["board", "rails", "battery"] = "board"


class I2cIna(Meter):
    """Calibrates the chip at opening, then reads its bus voltage, current and power registers."""

    Options = I2cInaOptions
    options: I2cInaOptions
    _bus: Any = None

    @classmethod
    def detect(cls, root: str = "/") -> list[Device]:
        """List the I2C buses; which chips are on them cannot be known without disturbing others."""
        buses = sorted(Path(root, "dev").glob("i2c-*"))
        if not buses:
            return [Device("i2c_ina", "i2c_ina", "INA219 or INA226", "no /dev/i2c-*: enable I2C (dtparam=i2c_arm=on)")]
        try:
            vendor("smbus2", "i2c")
            missing = ""
        except PluginError as error:
            missing = str(error)
        return [Device("i2c_ina", f"i2c_ina:{bus.name[4:]}", f"an INA219 or INA226 on {bus}", missing) for bus in buses]

    def check(self) -> list[Problem]:
        """Require an address that such a chip can have, and a range that the chip can measure over this shunt."""
        options, path = self.options, f"meters.{self.name}"
        if not 0x40 <= options.address <= 0x4F:
            return [Problem(f"{path}.address", hex(options.address), "an address from 0x40 to 0x4F")]
        if not (0 < options.shunt < math.inf and 0 < options.most < math.inf):
            return [Problem(f"{path}.shunt", f"{options.shunt} ohm, {options.most} A", "ohms and amperes above 0")]
        kind = ina.KINDS[options.kind]
        reach = kind.largest / options.shunt
        if options.most > reach * 1.001:
            expected = f"at most {reach:.3g} A: an {kind.name} measures {kind.largest * 1e3:g} mV over its shunt"
            return [Problem(f"{path}.most", f"{options.most:g} A over {options.shunt:g} ohm", expected)]
        return []

    def _open(self) -> None:
        smbus2 = vendor("smbus2", "i2c")
        options = self.options
        self._kind = ina.KINDS[options.kind]
        register, self._step = ina.calibration(self._kind, options.shunt, options.most)
        self._calibration = register
        try:
            self._bus = smbus2.SMBus(options.bus)
            self._write(ina.CONFIGURATION, self._kind.configuration)
            self._write(ina.CALIBRATION, register)
        except PermissionError:
            raise
        except OSError as error:
            raise self._absent(error) from error

    def _absent(self, error: OSError) -> DeviceError:
        place = f"address {self.options.address:#x} of /dev/i2c-{self.options.bus}"
        if error.errno == errno.EBUSY:
            return DeviceError(f"{self.name} finds {place} taken by a kernel driver: use the meter hwmon_ina")
        if error.errno == errno.ENOENT:
            return DeviceNotFound(f"{self.name} finds no bus /dev/i2c-{self.options.bus}: enable I2C, or correct `bus`")
        return DeviceNotFound(f"{self.name} hears nothing from {place} ({error}): look at its wires and `address`")

    def _read(self) -> MeterReading:
        if self._word(ina.CALIBRATION) != self._calibration:
            self._write(ina.CONFIGURATION, self._kind.configuration)
            self._write(ina.CALIBRATION, self._calibration)
            raise DeviceError(f"{self.name} has forgotten its calibration, as after a loss of power: it has it again")
        bus = self._word(ina.BUS)
        if ina.overflowed(self._kind, bus):
            raise DeviceError(f"{self.name} measures more than {self.options.most:g} A: raise `most`")
        volts = ina.volts(self._kind, bus)
        amperes = ina.amperes(self._word(ina.CURRENT), self._step)
        watts = math.copysign(ina.watts(self._kind, self._word(ina.POWER), self._step), amperes)
        values = (
            MeterValue("voltage", volts, "V"),
            MeterValue("current", amperes, "A"),
            MeterValue("power", watts, "W"),
        )
        return MeterReading(self.name, self._clock.now(), watts=watts, measures=self.options.measures, values=values)

    def _word(self, register: int) -> int:
        return ina.swapped(int(self._bus.read_word_data(self.options.address, register)))

    def _write(self, register: int, word: int) -> None:
        self._bus.write_word_data(self.options.address, register, ina.swapped(word))

    def _close(self) -> None:
        if self._bus is not None:
            self._bus.close()
            self._bus = None
