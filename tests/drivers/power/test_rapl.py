from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeai.clock import NS, VirtualClock
from edgeai.errors import DeviceError, DeviceNotFound
from edgeai_drivers.power.rapl import Counter, Rapl, average_watts

RANGE = 262143328850


def zone(tree, number, microjoules, name=None):
    name = name or f"package-{number}"
    return tree.write(
        f"sys/class/powercap/intel-rapl:{number}", name=name, energy_uj=microjoules, max_energy_range_uj=RANGE
    )


def test_power_is_energy_over_time_since_the_last_reading(tree, opened):
    clock = VirtualClock(NS)
    zone(tree, 0, 5_000_000)
    meter = opened(Rapl, clock, root=tree.root)
    clock.sleep_until(3 * NS)
    zone(tree, 0, 35_000_000)
    reading = meter.read()
    assert (reading.watts, reading.measures, reading["package-0.power"]) == (15.0, "cpu", 15.0)
    assert "alone" in reading.note


def test_a_counter_that_begins_again_is_no_negative_power(tree, opened):
    clock = VirtualClock(NS)
    zone(tree, 0, RANGE - 4_000_000)
    meter = opened(Rapl, clock, root=tree.root)
    clock.sleep_until(2 * NS)
    zone(tree, 0, 6_000_000)
    assert meter.read().watts == pytest.approx(10.0)


@given(st.integers(0, RANGE - 1), st.integers(0, RANGE - 1), st.integers(1, 10**12))
def test_the_mean_is_what_was_spent_wherever_the_counter_stood(start, spent, ns):
    after = Counter((start + spent) % RANGE, RANGE, ns)
    assert average_watts(Counter(start, RANGE, 0), after) == pytest.approx(spent / 1e6 / (ns / NS))


def test_packages_add_up_and_their_sub_zones_are_left_out(tree, opened):
    clock = VirtualClock(NS)
    zone(tree, 0, 0)
    zone(tree, 1, 0)
    zone(tree, "0:0", 0, name="core")
    meter = opened(Rapl, clock, root=tree.root)
    clock.sleep_until(2 * NS)
    zone(tree, 0, 10_000_000)
    zone(tree, 1, 20_000_000)
    zone(tree, "0:0", 9_000_000, name="core")
    assert meter.read().watts == 30.0


def test_two_readings_at_one_time_are_one(tree, opened):
    clock = VirtualClock(NS)
    zone(tree, 0, 0)
    meter = opened(Rapl, clock, root=tree.root)
    assert meter.read().watts is None
    clock.sleep_until(2 * NS)
    zone(tree, 0, 7_000_000)
    assert [meter.read().watts for _ in range(2)] == [7.0, 7.0]


def test_only_root_may_read_and_the_error_says_so(open_tree, opened, nobody):
    folder = zone(open_tree, 0, 5)
    (folder / "energy_uj").chmod(0o400 if (folder / "energy_uj").owner() == "root" else 0)
    with nobody():
        with pytest.raises(DeviceNotFound, match="run as root"):
            opened(Rapl, root=open_tree.root)
        (device,) = Rapl.detect(open_tree.root)
    assert "root" in device.missing


def test_a_machine_without_counters_says_so(tree, opened):
    with pytest.raises(DeviceNotFound, match="no package"):
        opened(Rapl, root=tree.root)
    assert "no intel-rapl" in Rapl.detect(tree.root)[0].missing
    zone(tree, 0, 1)
    assert Rapl.detect(tree.root)[0].missing == ""


def test_garbage_is_an_error(tree, opened):
    zone(tree, 0, 1)
    meter = opened(Rapl, root=tree.root)
    zone(tree, 0, "")
    with pytest.raises(DeviceError, match="energy_uj"):
        meter.read()
