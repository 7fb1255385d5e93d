from __future__ import annotations

import pytest

from edgeai.errors import DeviceError, DeviceLost, DeviceNotFound
from edgeai_drivers.power.hwmon_ina import HwmonIna

INA219 = {"in0_input": 9, "in1_input": 5072, "curr1_input": 890, "power1_input": 4520000, "shunt_resistor": 10000}


def test_power_is_in_microwatts_and_the_rest_in_milli(tree, opened):
    tree.hwmon(3, "ina219", "1-0040", **INA219)
    reading = opened(HwmonIna, root=tree.root).read()
    assert (reading.watts, reading["voltage"], reading["current"]) == (4.52, 5.072, 0.89)
    assert (reading.measures, reading.basis, reading.stamp) == ("board", "measured", 1_000_000_000)


@pytest.mark.parametrize("name", ["ina219", "ina220", "ina226", "ina230", "ina231"])
def test_chips_are_found_by_name_among_others(tree, opened, name):
    tree.hwmon(0, "cpu_thermal", temp1_input=48000)
    tree.hwmon(1, "rpi_volt", in0_lcrit_alarm=0)
    tree.hwmon(2, name, "1-0041", **INA219)
    assert opened(HwmonIna, root=tree.root).read().watts == 4.52


def test_a_chip_whose_number_moves_is_found_again(tree, opened):
    tree.hwmon(2, "ina219", "1-0040", **INA219)
    meter = opened(HwmonIna, root=tree.root)
    tree.move_hwmon(2, 5)
    assert meter.read().watts == 4.52


def test_two_chips_that_exchange_their_numbers_are_not_mistaken(tree, opened):
    tree.hwmon(0, "ina219", "1-0040", **INA219)
    tree.hwmon(1, "ina219", "1-0041", **(INA219 | {"power1_input": 1000000}))
    meter = opened(HwmonIna, root=tree.root, chip="1-0041")
    assert meter.read().watts == 1.0
    tree.move_hwmon(0, 9)
    tree.move_hwmon(1, 0)
    tree.move_hwmon(9, 1)
    assert meter.read().watts == 1.0


def test_several_chips_want_a_choice_that_names_them(tree, opened):
    tree.hwmon(0, "ina219", "1-0040", **INA219)
    tree.hwmon(1, "ina226", "1-0041", **INA219)
    with pytest.raises(DeviceNotFound, match=r"ina219 at 1-0040, ina226 at 1-0041.*`chip`"):
        opened(HwmonIna, root=tree.root)
    assert opened(HwmonIna, root=tree.root, chip="ina226").read().watts == 4.52
    with pytest.raises(DeviceNotFound, match=r"no 1-0042 .*there are: ina219 at 1-0040"):
        opened(HwmonIna, root=tree.root, chip="1-0042")


def test_the_shunt_that_is_really_there_corrects_the_one_the_kernel_takes(tree, opened):
    tree.hwmon(0, "ina219", "1-0040", **(INA219 | {"curr1_input": 8900, "power1_input": 45200000}))
    reading = opened(HwmonIna, root=tree.root, shunt=0.1).read()
    assert reading.watts == pytest.approx(4.52)
    assert reading["current"] == pytest.approx(0.89)


def test_a_current_that_flows_back_makes_power_negative(tree, opened):
    tree.hwmon(0, "ina226", "1-0040", **(INA219 | {"curr1_input": -890}))
    assert opened(HwmonIna, root=tree.root).read().watts == -4.52


def test_without_a_power_file_it_is_voltage_times_current(tree, opened):
    folder = tree.hwmon(0, "ina226", "1-0040", **INA219)
    (folder / "power1_input").unlink()
    assert opened(HwmonIna, root=tree.root).read().watts == pytest.approx(5.072 * 0.89)


def test_a_chip_that_vanishes_is_lost_and_comes_back(tree, opened):
    tree.hwmon(2, "ina219", "1-0040", **INA219)
    meter = opened(HwmonIna, root=tree.root)
    (tree.path / "sys/class/hwmon/hwmon2").rename(tree.path / "gone")
    with pytest.raises(DeviceNotFound, match="finds no"):
        meter.read()
    (tree.path / "gone").rename(tree.path / "sys/class/hwmon/hwmon7")
    assert meter.read().watts == 4.52


def test_a_missing_file_is_a_lost_device(tree, opened):
    folder = tree.hwmon(2, "ina219", "1-0040", **INA219)
    meter = opened(HwmonIna, root=tree.root)
    (folder / "curr1_input").unlink()
    with pytest.raises(DeviceLost, match="curr1_input"):
        meter.read()


@pytest.mark.parametrize("garbage", ["", "n/a", "1e3", "\x00\xff", "12 13"])
def test_garbage_is_an_error_that_names_the_file(tree, opened, garbage):
    tree.hwmon(0, "ina219", "1-0040", **(INA219 | {"in1_input": garbage}))
    meter = opened(HwmonIna, root=tree.root)
    with pytest.raises(DeviceError, match="in1_input"):
        meter.read()


def test_devices_are_listed_by_place_or_it_is_said_that_there_is_none(tree):
    (none,) = HwmonIna.detect(tree.root)
    assert "no INA219" in none.missing
    tree.hwmon(0, "ina219", "1-0040", **INA219)
    (device,) = HwmonIna.detect(tree.root)
    assert (device.uri, device.missing) == ("hwmon_ina:1-0040", "")


def test_a_shunt_of_nothing_is_a_mistake():
    (problem,) = HwmonIna("supply", HwmonIna.Options(shunt=0.0)).check()
    assert problem.path == "meters.supply.shunt"


def test_a_closed_meter_is_not_read(tree, opened):
    tree.hwmon(0, "ina219", "1-0040", **INA219)
    meter = opened(HwmonIna, root=tree.root)
    meter.close()
    with pytest.raises(DeviceError, match="not open"):
        meter.read()
