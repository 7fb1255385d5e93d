"""The registers of I2C IMUs, against a simulated chip and against the data sheets' own numbers."""

from __future__ import annotations

import errno
import math

import pytest

from edgeai.clock import NS, VirtualClock
from edgeai.errors import DeviceLost, DeviceNotFound
from edgeai_drivers.sensors import _imu_registers as registers
from edgeai_drivers.sensors.i2c_imu import I2cImu
from edgeai_drivers.sim.world.chips import SimulatedBus


@pytest.fixture(params=list(registers.CHIPS))
def imu(request):
    with I2cImu("imu", I2cImu.Options(bus="sim", chip=request.param, acceleration=8, rotation=1000)) as sensor:
        assert sensor.check() == []
        sensor.open(VirtualClock())
        yield sensor


def test_a_chip_that_lies_still_feels_gravity_alone(imu):
    reading = imu.read(1.0)
    assert reading.values == pytest.approx((0, 0, 9.80665, 0, 0, 0, 25.0), abs=0.01)
    assert imu.read(1.0).stamp == NS // 100


def test_what_moves_is_measured_in_the_ranges_that_were_set(imu):
    imu._bus.acceleration, imu._bus.rotation = (0.0, -70.0, 10.0), (15.0, -1.0, 0.25)
    assert imu.read(1.0).values[:6] == pytest.approx((0.0, -70.0, 10.0, 15.0, -1.0, 0.25), abs=0.01)
    imu._bus.acceleration = (1000.0, 0.0, 0.0)
    assert imu.read(1.0)["ax"] == pytest.approx(8 * 9.80665, rel=1e-3), "the end of the range"


def test_the_data_sheets_numbers():
    sample = bytes([0x40, 0, 0, 0, 0, 0, 0xF2, 0x70, 0, 131, 0, 0, 0xFF, 0x7D])
    values = registers.MPU6050.values(sample, 2, 250)
    assert values[0] == pytest.approx(9.80665), "16384 LSB/g"
    assert values[3] == pytest.approx(math.radians(1.0), rel=1e-3), "131 LSB/(deg/s)"
    assert values[5] == pytest.approx(-math.radians(1.0), rel=1e-3)
    assert values[6] == pytest.approx(-3472 / 340 + 36.53), "340 LSB/degC, 36.53 at 0"


def test_a_chip_that_lost_its_power_is_lost_not_read_as_weightless(imu):
    imu._bus.brown_out()
    with pytest.raises(DeviceLost, match="has lost its power and is asleep"):
        imu.read(1.0)


def test_an_unplugged_chip_is_lost(imu):
    imu._bus.plugged = False
    with pytest.raises(DeviceLost, match="look at its wires"):
        imu.read(1.0)


def test_free_fall_is_a_reading(imu):
    imu._bus.acceleration = (0.0, 0.0, 0.0)
    assert imu.read(1.0).values[:3] == (0.0, 0.0, 0.0)


def test_another_chip_is_named(monkeypatch):
    monkeypatch.setattr(SimulatedBus, "read_byte_data", lambda *_: 0xEA)
    with pytest.raises(DeviceNotFound, match="finds no MPU-6050, the chip says 0xea: write chip: icm20948"):
        I2cImu("imu", I2cImu.Options(bus="sim", chip="mpu6050")).open(VirtualClock())


def test_without_a_bus_the_way_to_one_is_said(monkeypatch):
    def no_bus(number):
        raise OSError(errno.ENOENT, "No such file or directory")

    monkeypatch.setattr("smbus2.SMBus", no_bus)
    with pytest.raises(DeviceNotFound, match="finds no bus /dev/i2c-7: enable I2C, or correct `bus`"):
        I2cImu("imu", I2cImu.Options(bus=7)).open(VirtualClock())


def test_an_address_of_no_such_chip_is_refused():
    (problem,) = I2cImu("imu", I2cImu.Options(address=0x40)).check()
    assert problem.expected == "0x68 or 0x69"
