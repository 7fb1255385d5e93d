"""What holds for every meter there is."""

from __future__ import annotations

import pytest

from edgeai import plugins
from edgeai.driver import Meter, MeterOptions

METERS = plugins.names("power")


def test_there_are_twelve():
    assert METERS == [
        "battery",
        "cpu_frequency",
        "hwmon_ina",
        "i2c_ina",
        "ina3221",
        "jetson",
        "modelled",
        "pi5_pmic",
        "pi_throttling",
        "rapl",
        "serial_meter",
        "thermal",
    ]


@pytest.mark.parametrize("name", METERS)
def test_a_meter_is_found_by_its_name_and_reads_any_root(name):
    meter = plugins.find("power", name)
    assert issubclass(meter, Meter)
    assert issubclass(meter.Options, MeterOptions)


@pytest.mark.parametrize("name", [name for name in METERS if name != "serial_meter"])
def test_on_a_bare_machine_each_says_what_is_missing(name, tree, monkeypatch):
    monkeypatch.setenv("PATH", tree.root)
    (device,) = plugins.find("power", name).detect(tree.root)
    assert device.driver == name
    assert device.missing


@pytest.mark.parametrize("name", METERS)
def test_listing_the_devices_of_this_machine_never_fails(name):
    for device in plugins.find("power", name).devices():
        assert device.uri.startswith(name)
