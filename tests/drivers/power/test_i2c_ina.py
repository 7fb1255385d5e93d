from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeai.errors import DeviceError, DeviceLost, DeviceNotFound, PluginError
from edgeai_drivers.power import _ina_registers as ina
from edgeai_drivers.power.i2c_ina import I2cIna


@pytest.fixture
def library(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "fake_smbus2"))
    monkeypatch.delitem(sys.modules, "smbus2", raising=False)
    yield importlib.import_module("smbus2")
    sys.modules.pop("smbus2", None)


def test_the_data_sheets_example():
    register, step = ina.calibration(ina.INA219, 0.1, 3.2767)
    assert register == 4096
    assert step == pytest.approx(1e-4)
    register, step = ina.calibration(ina.INA226, 0.002, 32.767)
    assert register == 2560
    assert step == pytest.approx(1e-3)


@given(st.sampled_from(list(ina.KINDS.values())), st.floats(0.002, 0.2), st.floats(0.3, 1.0))
def test_the_largest_current_fits_into_the_register(kind, shunt, part):
    most = part * kind.largest / shunt
    register, step = ina.calibration(kind, shunt, most)
    assert 0 < register <= 0xFFFF
    assert ina.amperes(0x7FFF, step) >= most * 0.9999


def test_a_range_without_a_register_is_refused():
    with pytest.raises(ValueError, match="out of the reach"):
        ina.calibration(ina.INA219, 0.0001, 0.001)


def test_registers_are_signed_and_swapped():
    assert (ina.signed(0xFFFF), ina.signed(0x7FFF)) == (-1, 32767)
    assert ina.swapped(0x1234) == 0x3412


@pytest.mark.parametrize(
    ("kind", "shunt", "most", "shunt_volts"), [("ina219", 0.1, 3.2, 0.089), ("ina226", 0.01, 8.0, 0.0089)]
)
def test_volts_amperes_and_watts_are_those_of_the_wire(library, opened, kind, shunt, most, shunt_volts):
    library.chip = library.Chip(kind=kind, volts=5.072, shunt_volts=shunt_volts)
    reading = opened(I2cIna, kind=kind, shunt=shunt, most=most).read()
    assert reading["voltage"] == pytest.approx(5.072, abs=4e-3)
    assert reading["current"] == pytest.approx(0.89, rel=2e-3)
    assert reading.watts == pytest.approx(4.514, rel=3e-3)


def test_power_has_the_sign_of_the_current(library, opened):
    library.chip = library.Chip(shunt_volts=-0.089)
    assert opened(I2cIna).read().watts == pytest.approx(-4.45, rel=5e-3)


def test_a_chip_that_lost_power_is_calibrated_again(library, opened):
    library.chip = library.Chip(shunt_volts=0.089)
    meter = opened(I2cIna)
    library.chip.reset()
    with pytest.raises(DeviceError, match="calibration"):
        meter.read()
    assert meter.read().watts == pytest.approx(4.45, rel=5e-3)


def test_a_wire_that_falls_off_is_a_lost_device(library, opened):
    library.chip = library.Chip()
    meter = opened(I2cIna)
    library.chip.address = 0x4F
    with pytest.raises(DeviceLost, match="Remote I/O"):
        meter.read()


def test_absent_chips_buses_and_chips_taken_by_the_kernel_say_what_to_do(library, opened):
    library.chip = library.Chip(address=0x41)
    with pytest.raises(DeviceNotFound, match=r"0x40 of /dev/i2c-1"):
        opened(I2cIna)
    with pytest.raises(DeviceNotFound, match="enable I2C"):
        opened(I2cIna, bus=7)
    library.chip = library.Chip(kind="taken")
    with pytest.raises(DeviceError, match="hwmon_ina"):
        opened(I2cIna)


def test_without_the_library_the_error_names_the_extra(monkeypatch, opened, tree):
    monkeypatch.setitem(sys.modules, "smbus2", None)
    with pytest.raises(PluginError, match=r"edgeai\[i2c\]"):
        opened(I2cIna)
    assert "enable I2C" in I2cIna.detect(tree.root)[0].missing
    tree.write("dev", **{"i2c-1": ""})
    (device,) = I2cIna.detect(tree.root)
    assert device.uri == "i2c_ina:1"
    assert "edgeai[i2c]" in device.missing


@pytest.mark.parametrize(
    ("options", "path"),
    [({"address": 0x20}, "address"), ({"shunt": -1.0}, "shunt"), ({"shunt": 0.1, "most": 10.0}, "most")],
)
def test_mistakes_are_found_before_the_bus_is_touched(options, path):
    (problem,) = I2cIna("supply", I2cIna.Options(**options)).check()
    assert problem.path == f"meters.supply.{path}"
