"""The doctor finds, on a machine made of files, what it should, and says what would mend it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from edgeai.cli import app
from edgeai.workbench.doctor import examine


@pytest.fixture
def pi(tmp_path):
    """A Raspberry Pi 4 that is hot, kept slow by its governor, and was short of volts once."""
    files = {
        "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
        "proc/meminfo": "MemTotal:        3884360 kB\nMemFree:          100000 kB\nMemAvailable:     200000 kB\n",
        "etc/os-release": 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
        "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
        "sys/class/thermal/thermal_zone0/temp": "78000\n",
        "sys/devices/platform/soc/soc:firmware/get_throttled": "10000\n",
        "dev/video0": "",
    }
    policy = {"cur": "600000", "min": "600000", "max": "1500000"}
    files |= {f"sys/devices/system/cpu/cpufreq/policy0/scaling_{k}_freq": v for k, v in policy.items()}
    files["sys/devices/system/cpu/cpufreq/policy0/scaling_governor"] = "powersave\n"
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def found(root):
    return {finding.name: finding for finding in examine(0, str(root))}


def test_the_board_is_known_and_its_little_memory_is_minded(pi):
    seen = found(pi)
    assert seen["board"].says == "Raspberry Pi 4 Model B Rev 1.4 (pi4)"
    assert seen["system"].says.startswith("Debian GNU/Linux 12")
    assert (seen["memory"].verdict, seen["memory"].says) == ("mind", "0.2 GB free of 4.0 GB")


def test_heat_a_slow_governor_and_a_weak_supply_are_named_with_their_cure(pi):
    seen = found(pi)
    assert seen["governor"].verdict == seen["temperature"].verdict == seen["throttling"].verdict == "mind"
    assert "78 °C" in seen["temperature"].says
    assert "schedutil" in seen["governor"].do
    assert "under voltage since start" in seen["throttling"].says
    assert "supply" in seen["throttling"].do


def test_throttling_at_this_moment_is_bad(pi):
    (pi / "sys/devices/platform/soc/soc:firmware/get_throttled").write_text("50005\n")
    assert found(pi)["throttling"].verdict == "bad"


def test_a_camera_that_cannot_be_opened_names_the_group(pi):
    assert found(pi)["cameras"].says == "video0"
    (pi / "dev/video0").unlink()
    (pi / "dev/video0").symlink_to("gone")  # what even root cannot open
    seen = found(pi)["cameras"]
    assert (seen.verdict, seen.says) == ("bad", "video0 may not be opened")
    assert "usermod -aG video" in seen.do


def test_the_report_ends_with_a_drive_and_is_the_same_in_json():
    told = CliRunner().invoke(app, ["doctor", "--seconds", "0.5", "--json"])
    findings = json.loads(told.stdout)
    assert {finding["topic"] for finding in findings} == {
        "machine",
        "heat and power",
        "software",
        "access",
        "self-test",
    }
    drive = findings[-1]
    assert drive["verdict"] in {"good", "mind"}
    assert "results a second of 30" in drive["says"]
    table = CliRunner().invoke(app, ["doctor", "--seconds", "0"]).stdout
    assert "as it should be" in table
    assert "self-test" not in table
