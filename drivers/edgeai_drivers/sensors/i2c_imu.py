"""An IMU on an I2C bus: MPU-6050, MPU-6500, MPU-9250 or ICM-20948, by smbus2."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from edgeai.driver import NS, Capture, Column, Device, Rate, Sensor, SensorOptions, vendor
from edgeai.errors import DeviceError, DeviceLost, DeviceNotFound, Problem
from edgeai_drivers.ports import absent, permission_advice
from edgeai_drivers.sim.world.chips import SimulatedBus

from . import _imu_registers as registers


@dataclass(frozen=True, kw_only=True)
class I2cImuOptions(SensorOptions):
    """Where the chip is and what it measures up to.

    bus: the N of /dev/i2c-N, or sim for a simulated chip. address: 0x68, or 0x69 by the pin AD0. chip: what it must be;
    the MPU-6500 is an mpu9250. rate: readings a second. acceleration: the largest, in g. rotation: the largest, in
    deg/s.
    """

    bus: int | Literal["sim"] = 1
    address: int = 0x68
    chip: Literal["mpu6050", "mpu9250", "icm20948"] = "mpu6050"
    rate: Rate = 100.0
    acceleration: Literal[2, 4, 8, 16] = 4
    rotation: Literal[250, 500, 1000, 2000] = 500


class I2cImu(Sensor):
    """Wakes the chip, sets its ranges, and reads a sample a period.

    DeviceLost when the chip no longer answers, and when it has fallen asleep, as after a loss of power: its ranges are
    gone then.
    """

    Options = I2cImuOptions
    options: I2cImuOptions
    columns = (
        *(Column(f"a{axis}", "m/s2") for axis in "xyz"),
        *(Column(f"g{axis}", "rad/s") for axis in "xyz"),
        Column("temperature", "degC"),
    )
    headline = ("ax", "ay", "az")
    _bus: Any = None

    @classmethod
    def devices(cls) -> list[Device]:
        """List the I2C buses; which chips are on them cannot be known without disturbing others."""
        what, lacking = "an MPU-6050, MPU-9250 or ICM-20948", absent("smbus2", "i2c")
        buses = sorted(Path("/dev").glob("i2c-*"))
        if not buses:
            return [Device("i2c_imu", "i2c_imu:1", what, lacking or "no /dev/i2c-*: enable I2C (dtparam=i2c_arm=on)")]
        return [Device("i2c_imu", f"i2c_imu:{bus.name[4:]}", f"{what} on {bus}", lacking) for bus in buses]

    def check(self) -> list[Problem]:
        """Require an address that such a chip can have, and a rate that the bus carries."""
        options, path = self.options, f"sensors.{self.name}"
        problems = []
        if options.address not in (0x68, 0x69):
            problems.append(Problem(f"{path}.address", hex(options.address), "0x68 or 0x69"))
        if not 0 < options.rate <= 1000:
            problems.append(Problem(f"{path}.rate", f"{options.rate:g}", "above 0, at most 1000 a second"))
        return problems

    def _open(self) -> None:
        options = self.options
        self.rate, self.period = options.rate, round(NS / options.rate)
        self._chip = registers.CHIPS[options.chip]
        try:
            self._bus = SimulatedBus(self._chip) if options.bus == "sim" else self._open_bus(options.bus)
            self._select(0)
            self._require_identity()
            self._write(self._chip.power, registers.WAKE)
            indices = registers.RATES.index(options.rotation), registers.ACCELERATIONS.index(options.acceleration)
            for (bank, register, shift, bits), index in zip(self._chip.ranges, indices, strict=True):
                self._select(bank)
                self._write(register, index << shift | bits)
            self._select(0)
        except OSError as error:
            raise self._absent(error) from error

    def _open_bus(self, number: int) -> Any:
        return vendor("smbus2", "i2c").SMBus(number)

    def _require_identity(self) -> None:
        said = self._bus.read_byte_data(self.options.address, self._chip.identity)
        if said not in self._chip.answers:
            others = [name for name, chip in registers.CHIPS.items() if said in chip.answers]
            advice = f"write chip: {others[0]}" if others else "look at `address`"
            raise DeviceNotFound(f"{self.name} finds no {self._chip.name}, the chip says {said:#04x}: {advice}")

    def _absent(self, error: OSError) -> DeviceError:
        if isinstance(error, DeviceError):
            return error
        place = f"address {self.options.address:#x} of /dev/i2c-{self.options.bus}"
        if error.errno in (errno.EACCES, errno.EPERM):
            advice = permission_advice(f"/dev/i2c-{self.options.bus}")
            return DeviceNotFound(f"{self.name} may not open /dev/i2c-{self.options.bus}: {advice}")
        if error.errno == errno.ENOENT:
            return DeviceNotFound(f"{self.name} finds no bus /dev/i2c-{self.options.bus}: enable I2C, or correct `bus`")
        if error.errno == errno.EBUSY:
            return DeviceError(f"{self.name} finds {place} taken by a kernel driver: unbind that, or read it by iio")
        return DeviceNotFound(f"{self.name} hears nothing from {place} ({error}): look at its wires and `address`")

    def _read(self, timeout: float) -> Capture:
        options = self.options
        try:
            sample = bytes(self._bus.read_i2c_block_data(options.address, self._chip.data, registers.SIZE))
            asleep = not any(sample[:6]) and self._bus.read_byte_data(options.address, self._chip.power)
        except OSError as error:
            raise DeviceLost(f"{self.name} no longer answers ({error}): look at its wires and its power") from error
        if asleep and asleep & registers.ASLEEP:
            raise DeviceLost(f"{self.name} has lost its power and is asleep: look at its supply, then open it again")
        return Capture(self._chip.values(sample, options.acceleration, options.rotation), encoded=sample)

    def _select(self, bank: int) -> None:
        if self._chip.banked:
            self._write(registers.BANK, bank << 4)

    def _write(self, register: int, value: int) -> None:
        self._bus.write_byte_data(self.options.address, register, value)

    def _close(self) -> None:
        if self._bus is not None:
            self._bus.close()
            self._bus = None
