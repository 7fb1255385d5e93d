"""Temperatures, clock frequencies, and the model of power that how busy the processor is feeds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeai.errors import DeviceError, DeviceLost, DeviceNotFound
from edgeai_drivers.power.cpu_frequency import CpuFrequency
from edgeai_drivers.power.modelled import Modelled, busy_cores, ticks
from edgeai_drivers.power.thermal import Thermal


def zone(tree, number, kind, millidegrees):
    return tree.write(f"sys/class/thermal/thermal_zone{number}", type=kind, temp=millidegrees)


@pytest.mark.parametrize("kind", ["cpu-thermal", "CPU-therm", "x86_pkg_temp", "soc-thermal", "tj-thermal"])
def test_the_processors_zone_is_the_one_that_counts(tree, opened, kind):
    zone(tree, 0, "PMIC-Die", 100000)
    zone(tree, 1, kind, 48692)
    reading = opened(Thermal, root=tree.root).read()
    assert (reading.celsius, reading["PMIC-Die"]) == (48.692, 100.0)


def test_a_zone_can_be_chosen_and_is_found_by_type_when_its_number_moves(tree, opened):
    zone(tree, 0, "cpu-thermal", 48000)
    folder = zone(tree, 1, "gpu-thermal", 52000)
    meter = opened(Thermal, root=tree.root, zone="gpu-thermal")
    folder.rename(folder.with_name("thermal_zone9"))
    assert meter.read().celsius == 52.0
    with pytest.raises(DeviceNotFound, match="no thermal zone nvme; there are: cpu-thermal, gpu-thermal"):
        opened(Thermal, root=tree.root, zone="nvme")


def test_without_a_zone_that_looks_like_a_processors_the_hottest_counts(tree, opened):
    zone(tree, 0, "acpitz", 27800)
    zone(tree, 1, "iwlwifi_1", 41000)
    assert opened(Thermal, root=tree.root).read().celsius == 41.0


def test_a_zone_without_a_temperature_is_left_out_and_frost_is_not(tree, opened):
    (zone(tree, 0, "iwlwifi_1", 0) / "temp").unlink()
    zone(tree, 1, "cpu-thermal", -12500)
    reading = opened(Thermal, root=tree.root).read()
    assert (reading.celsius, len(reading.values)) == (-12.5, 1)


def test_no_zones_and_garbage_are_errors(tree, opened):
    with pytest.raises(DeviceNotFound, match="no thermal zone"):
        opened(Thermal, root=tree.root)
    assert "no zone" in Thermal.detect(tree.root)[0].missing
    folder = zone(tree, 0, "cpu-thermal", 48000)
    assert Thermal.detect(tree.root)[0].uri == "thermal:cpu-thermal"
    meter = opened(Thermal, root=tree.root)
    (folder / "temp").write_text("hot\n")
    with pytest.raises(DeviceError, match="'hot'"):
        meter.read()
    (folder / "temp").unlink()
    with pytest.raises(DeviceError, match="no thermal zone that has a temperature"):
        meter.read()


def policy(tree, number, **files):
    given = {"scaling_cur_freq": 1500000, "scaling_min_freq": 600000, "scaling_max_freq": 1500000}
    return tree.write(
        f"sys/devices/system/cpu/cpufreq/policy{number}", **(given | {"scaling_governor": "ondemand"} | files)
    )


def test_frequencies_are_in_hertz_for_each_policy(tree, opened):
    policy(tree, 0)
    policy(tree, 10, scaling_cur_freq=2400000)
    policy(tree, 4, scaling_governor="performance")
    reading = opened(CpuFrequency, root=tree.root).read()
    assert (reading["policy0.cur"], reading["policy0.min"], reading["policy10.cur"]) == (1.5e9, 6e8, 2.4e9)
    assert (reading["policy0.governor"], reading["policy4.governor"]) == ("ondemand", "performance")
    assert [v.name.split(".")[0] for v in reading.values][::4] == ["policy0", "policy4", "policy10"]
    assert "requested" in reading.note


def test_a_machine_that_does_not_scale_says_so(tree, opened):
    with pytest.raises(DeviceNotFound, match="no policy"):
        opened(CpuFrequency, root=tree.root)
    assert "does not scale" in CpuFrequency.detect(tree.root)[0].missing
    folder = policy(tree, 0)
    assert CpuFrequency.detect(tree.root)[0].missing == ""
    meter = opened(CpuFrequency, root=tree.root)
    folder.rename(tree.path / "gone")
    with pytest.raises(DeviceLost):
        meter.read()


def stat(tree, *cores):
    lines = [f"cpu{n} {' '.join(str(field) for field in core)}" for n, core in enumerate(cores)]
    tree.write("proc", stat="\n".join(["cpu  0 0 0 0", *lines, "intr 1 2 3", "ctxt 99"]))


def test_modelled_power_is_idle_and_a_share_for_each_busy_core(tree, opened):
    stat(tree, (0,) * 10, (0,) * 10)
    meter = opened(Modelled, root=tree.root, idle=1.6, core=0.75)
    stat(tree, (80, 0, 20, 0, 0, 0, 0, 0, 0, 0), (0, 0, 25, 70, 5, 0, 0, 0, 0, 0))
    reading = meter.read()
    assert reading["busy_cores"] == pytest.approx(1.25)
    assert reading.watts == pytest.approx(1.6 + 0.75 * 1.25)
    assert (reading.measures, reading.basis) == ("board", "modelled")
    assert meter.read().watts == reading.watts


def test_guests_are_not_counted_twice():
    assert ticks("cpu0 50 0 0 50 0 0 0 0 40 0") == {"cpu0": (50, 100)}


@given(
    st.lists(st.integers(0, 10**6), min_size=8, max_size=10), st.lists(st.integers(0, 10**6), min_size=8, max_size=10)
)
def test_a_core_is_never_busier_than_all_of_the_time(before, after):
    first, second = (ticks("cpu0 " + " ".join(str(n) for n in fields)) for fields in (before, after))
    assert 0 <= busy_cores(first, second) <= 1


def test_a_stat_without_cores_is_an_error(tree, opened):
    tree.write("proc", stat="intr 0")
    with pytest.raises(DeviceError, match="no core"):
        opened(Modelled, root=tree.root, idle=1.0, core=1.0)
    with pytest.raises(DeviceNotFound):
        opened(Modelled, root=str(tree.path / "nowhere"), idle=1.0, core=1.0)
    assert [p.path for p in Modelled("m", Modelled.Options(idle=-1.0, core=float("nan"))).check()] == [
        "meters.m.idle",
        "meters.m.core",
    ]
