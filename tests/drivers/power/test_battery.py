from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeai.errors import DeviceError, DeviceLost, DeviceNotFound
from edgeai_drivers.power.battery import Battery, load_watts

ENERGY = {
    "type": "Battery",
    "status": "Discharging",
    "present": 1,
    "capacity": 80,
    "voltage_now": 11_800_000,
    "power_now": 7_400_000,
    "energy_now": 40_000_000,
}
CHARGE = {
    "type": "Battery",
    "status": "Discharging",
    "capacity": 50,
    "voltage_now": 3_700_000,
    "voltage_min_design": 3_600_000,
    "current_now": -1_000_000,
    "charge_now": 2_500_000,
}


def supply(tree, name="BAT0", **files):
    return tree.write(f"sys/class/power_supply/{name}", **files)


def test_energy_in_microwatt_hours_is_told_in_joules(tree, opened):
    supply(tree, **ENERGY)
    reading = opened(Battery, root=tree.root).read()
    assert (reading.watts, reading.joules, reading.measures) == (7.4, 144_000.0, "battery")
    assert (reading["voltage"], reading["capacity"], reading["status"]) == (11.8, 0.8, "Discharging")


def test_a_discharge_may_be_negative(tree, opened):
    supply(tree, **CHARGE)
    assert opened(Battery, root=tree.root).read().watts == pytest.approx(3.7)


def test_charge_becomes_energy_by_the_nominal_voltage_and_says_so(tree, opened):
    supply(tree, **CHARGE)
    reading = opened(Battery, root=tree.root).read()
    assert reading.joules == pytest.approx(2.5 * 3.6 * 3600)
    assert "charge x 3.6 V" in reading.note
    assert opened(Battery, root=tree.root, nominal=3.85).read().joules == pytest.approx(2.5 * 3.85 * 3600)


def test_charge_without_a_nominal_voltage_is_no_energy(tree, opened):
    (supply(tree, **CHARGE) / "voltage_min_design").unlink()
    reading = opened(Battery, root=tree.root).read()
    assert reading.joules is None
    assert "`nominal`" in reading.note
    reading = opened(Battery, root=tree.root, full=10.0).read()
    assert reading.joules == pytest.approx(0.5 * 10 * 3600)


@pytest.mark.parametrize("status", ["Charging", "Full", "Not charging"])
def test_what_flows_into_a_battery_is_not_the_load(tree, opened, status):
    supply(tree, **(ENERGY | {"status": status}))
    reading = opened(Battery, root=tree.root).read()
    assert (reading.watts, reading.joules) == (None, 144_000.0)
    assert status.lower() in reading.note


@given(st.sampled_from(["Discharging", "Charging", "Full", "Not charging", "Unknown", ""]), st.floats(-99, 99))
def test_the_load_is_never_negative(status, watts):
    load = load_watts(status, watts)
    assert load is None or load >= 0


def test_mains_and_the_batteries_of_mice_are_none_of_ours(tree, opened):
    supply(tree, "AC", type="Mains", online=1)
    supply(tree, "hidpp_battery_0", type="Battery", scope="Device", capacity=60, status="Discharging")
    assert "no battery" in Battery.detect(tree.root)[0].missing
    with pytest.raises(DeviceNotFound, match="there are: none"):
        opened(Battery, root=tree.root)
    supply(tree, **ENERGY)
    assert [device.uri for device in Battery.detect(tree.root)] == ["battery:BAT0"]


def test_several_batteries_want_a_choice(tree, opened):
    supply(tree, "BAT0", **ENERGY)
    supply(tree, "BAT1", **(ENERGY | {"power_now": 1_000_000}))
    with pytest.raises(DeviceNotFound, match=r"BAT0, BAT1.*`supply`"):
        opened(Battery, root=tree.root)
    assert opened(Battery, root=tree.root, supply="BAT1").read().watts == 1.0


def test_a_battery_that_is_taken_out_is_lost(tree, opened):
    folder = supply(tree, **ENERGY)
    meter = opened(Battery, root=tree.root)
    (folder / "present").write_text("0\n")
    with pytest.raises(DeviceLost, match="not in its place"):
        meter.read()
    folder.rename(tree.path / "gone")
    with pytest.raises(DeviceLost, match="status"):
        meter.read()


def test_garbage_is_an_error(tree, opened):
    supply(tree, **(ENERGY | {"energy_now": "40 Wh"}))
    meter = opened(Battery, root=tree.root)
    with pytest.raises(DeviceError, match="energy_now"):
        meter.read()


def test_a_nominal_voltage_of_nothing_is_a_mistake():
    problems = Battery("pack", Battery.Options(nominal=0.0, full=-1.0)).check()
    assert [problem.path for problem in problems] == ["meters.pack.nominal", "meters.pack.full"]
