from __future__ import annotations

import pytest

from edgeai.errors import DeviceError, DeviceLost, DeviceNotFound
from edgeai_drivers.power.ina3221 import Ina3221
from edgeai_drivers.power.jetson import Jetson


def chip(*rails, **more):
    """The files of a chip: (label, mV, mA) of each channel, shunt voltages, and the seventh, their sum."""
    files = {}
    for n, (label, millivolts, milliamperes) in enumerate(rails, 1):
        files |= {f"in{n}_label": label, f"in{n}_input": millivolts, f"curr{n}_input": milliamperes}
        files |= {f"in{n}_enable": 1, f"in{n + 3}_input": milliamperes * 5}
    return files | {"in7_label": "sum of shunt voltages", "in7_input": 12345, "curr4_input": 99999} | more


ORIN_NANO = chip(("VDD_IN", 5040, 1250), ("VDD_CPU_GPU_CV", 5040, 310), ("VDD_SOC", 5032, 420))


def jetson_chip(tree, place, hwmon, **files):
    tree.write(f"sys/bus/i2c/drivers/ina3221/{place}/hwmon/hwmon{hwmon}", name="ina3221", **files)


def test_rails_are_millivolts_times_milliamperes_by_label(tree, opened):
    tree.hwmon(4, "ina3221", "1-0040", **chip(("5V", 5000, 200), ("3V3", 3300, 100), ("12V", 12000, 50)))
    reading = opened(Ina3221, root=tree.root).read()
    assert (reading["5V.power"], reading["3V3.power"], reading["12V.current"]) == pytest.approx((1.0, 0.33, 0.05))
    assert reading.watts == pytest.approx(1.93)
    assert (reading.measures, "not the board's input" in reading.note) == ("rails", True)


def test_channels_that_are_not_wired_and_the_sum_of_shunts_are_no_rails(tree, opened):
    files = chip(("5V", 5000, 200), ("NC", 4000, 4000), ("3V3", 3300, 100))
    tree.hwmon(4, "ina3221", "1-0040", **files)
    reading = opened(Ina3221, root=tree.root).read()
    assert {value.name.split(".")[0] for value in reading.values} == {"5V", "3V3"}
    assert reading.watts == pytest.approx(1.33)


def test_chosen_rails_are_the_boards_input(tree, opened):
    tree.hwmon(4, "ina3221", "1-0040", **chip(("5V", 5000, 200), ("3V3", 3300, 100), ("12V", 12000, 50)))
    reading = opened(Ina3221, root=tree.root, rails=("12V", "5V")).read()
    assert (reading.watts, reading.measures) == (pytest.approx(1.6), "board")
    with pytest.raises(DeviceError, match="no rail 24V; there are: 5V, 3V3, 12V"):
        opened(Ina3221, root=tree.root, rails=("24V",)).read()


def test_a_chip_whose_number_moves_is_found_again(tree, opened):
    tree.hwmon(4, "ina3221", "1-0040", **chip(("5V", 5000, 200)))
    meter = opened(Ina3221, root=tree.root)
    tree.move_hwmon(4, 1)
    assert meter.read().watts == 1.0


def test_a_channel_that_is_switched_off_is_left_out(tree, opened):
    folder = tree.hwmon(4, "ina3221", "1-0040", **chip(("5V", 5000, 200), ("3V3", 3300, 100)))
    (folder / "curr2_input").unlink()
    assert opened(Ina3221, root=tree.root).read().watts == 1.0


def test_a_jetsons_total_is_vdd_in_alone(tree, opened):
    jetson_chip(tree, "1-0040", 3, **ORIN_NANO)
    reading = opened(Jetson, root=tree.root).read()
    assert (reading.watts, reading.measures) == (pytest.approx(6.3), "board")
    assert reading["VDD_SOC.power"] == pytest.approx(5.032 * 0.42)
    assert "carrier" in reading.note


def test_an_agx_orins_total_is_the_sum_of_both_chips(tree, opened):
    jetson_chip(
        tree, "1-0040", 1, **chip(("VDD_GPU_SOC", 20000, 200), ("VDD_CPU_CV", 20000, 50), ("VIN_SYS_5V0", 5000, 600))
    )
    jetson_chip(tree, "1-0041", 2, **chip(("NC", 0, 0), ("VDDQ_VDD2_1V8AO", 5000, 100), ("NC", 0, 0)))
    reading = opened(Jetson, root=tree.root).read()
    assert (reading.watts, reading.measures) == (pytest.approx(8.5), "rails")


def test_jetpack_4_shows_its_chip_elsewhere(tree, opened):
    rails = (("POM_5V_IN", 5128, 780), ("POM_5V_GPU", 5128, 40), ("POM_5V_CPU", 5120, 240))
    files = {}
    for n, (label, millivolts, milliamperes) in enumerate(rails):
        files |= {f"rail_name_{n}": label, f"in_voltage{n}_input": millivolts, f"in_current{n}_input": milliamperes}
    tree.write("sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0", **files)
    reading = opened(Jetson, root=tree.root).read()
    assert (reading.watts, reading.measures) == (pytest.approx(5.128 * 0.78), "board")


def test_a_machine_without_such_a_chip_says_so(tree, opened):
    with pytest.raises(DeviceNotFound, match="Nano 2GB"):
        opened(Jetson, root=tree.root)
    assert "no INA3221" in Jetson.detect(tree.root)[0].missing
    assert "no INA3221" in Ina3221.detect(tree.root)[0].missing
    jetson_chip(tree, "1-0040", 3, **ORIN_NANO)
    assert Jetson.detect(tree.root)[0].description == "VDD_IN, VDD_CPU_GPU_CV, VDD_SOC"


def test_rails_that_vanish_are_a_lost_device(tree, opened):
    jetson_chip(tree, "1-0040", 3, **ORIN_NANO)
    meter = opened(Jetson, root=tree.root)
    (tree.path / "sys/bus/i2c/drivers/ina3221/1-0040").rename(tree.path / "unbound")
    with pytest.raises(DeviceLost, match="no rail"):
        meter.read()


def test_garbage_is_an_error(tree, opened):
    jetson_chip(tree, "1-0040", 3, **(ORIN_NANO | {"in1_input": "??"}))
    with pytest.raises(DeviceError, match="in1_input"):
        opened(Jetson, root=tree.root)
