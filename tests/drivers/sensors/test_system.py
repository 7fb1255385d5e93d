"""The computer as a sensor, here and from files."""

from __future__ import annotations

import math

import pytest

from edgeai.clock import NS, VirtualClock
from edgeai.errors import DeviceNotFound
from edgeai_drivers.sensors.system import System


@pytest.fixture
def machine(tmp_path):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/stat").write_text("cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 2 3\n")
    (tmp_path / "proc/loadavg").write_text("0.50 0.40 0.30 1/100 1234\n")
    (tmp_path / "proc/meminfo").write_text("MemTotal:       4000 kB\nMemFree: 5 kB\nMemAvailable:   1000 kB\n")
    for number, text in enumerate(["45500\n", "61250\n", "rubbish"]):
        zone = tmp_path / f"sys/class/thermal/thermal_zone{number}"
        zone.mkdir(parents=True)
        (zone / "temp").write_text(text)
    return tmp_path


def test_shares_and_bytes_and_degrees(machine):
    with System("pi", System.Options(root=str(machine), disk=str(machine))) as pi:
        pi.open(VirtualClock())
        (machine / "proc/stat").write_text("cpu  130 0 120 740 110 0 0 0 0 0\n")
        reading = pi.read(1.0)
        assert reading["cpu"] == pytest.approx(0.5)
        assert (reading["load"], reading["memory"], reading["memory_available"]) == (0.5, 0.75, 1_024_000)
        assert reading["temperature"] == 61.25
        assert 0 < reading["disk"] < 1
        assert reading["disk_free"] > 0
        assert pi.read(1.0).stamp == 1 * NS


def test_what_a_machine_does_not_tell_is_nan(machine):
    with System("pi", System.Options(root=str(machine), disk=str(machine))) as pi:
        pi.open(VirtualClock())
        (machine / "proc/loadavg").unlink()
        (machine / "proc/meminfo").unlink()
        reading = pi.read(1.0)
        assert all(math.isnan(reading[name]) for name in ("load", "memory", "memory_available"))


def test_this_machine_can_be_read():
    with System("here", System.Options()) as here:
        here.open(VirtualClock())
        reading = here.read(1.0)
        assert 0 < reading["memory"] < 1


def test_a_disk_that_is_not_there_is_said(tmp_path):
    with pytest.raises(DeviceNotFound, match="correct `disk` or `root`"):
        System("pi", System.Options(disk=str(tmp_path / "none"))).open(VirtualClock())
