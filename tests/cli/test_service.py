"""`edgeai run` under systemd: ready, alive and stopping are told; what is shipped for it is what systemd reads."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from edgeai.cli.service import Service
from edgeai.clock import NS

DRIVERS = Path(__file__).resolve().parents[2] / "drivers"


@pytest.fixture
def manager(tmp_path):
    """The service manager's end of its socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(tmp_path / "notify"))
        made.settimeout(30)
        yield made


def heard(manager):
    """Return everything that has been told."""
    manager.setblocking(False)
    told = []
    try:
        while True:
            told.append(manager.recv(4096).decode())
    except BlockingIOError:
        return told


def test_a_run_tells_that_it_runs_that_it_is_alive_and_that_it_ends(manager, tmp_path):
    (tmp_path / "robot.yaml").write_text(
        "cameras: {front: 'synthetic:64x48?fps=50'}\noutputs: {log: 'jsonl:results.jsonl'}\n"
    )
    environment = os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "600000"}
    program = "from edgeai.cli import main; main()"
    command = [sys.executable, "-c", program, "run", "--quiet", "robot.yaml", "--seconds", "1"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)
    told = heard(manager)
    assert told[0] == "READY=1"
    assert told[-1] == "STOPPING=1"
    assert told.count("WATCHDOG=1") >= 3, "at once, and then five times a second"
    assert "STATUS=running" in told


def test_signs_of_life_come_three_times_in_the_time_that_is_given(manager, tmp_path):
    service = Service({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "3000000"})
    for tenth in range(31):
        service.alive(tenth * NS // 10, "running")
    assert heard(manager) == ["STATUS=running", *["WATCHDOG=1"] * 4]


def test_a_watchdog_for_another_process_is_not_fed(manager, tmp_path):
    told = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}
    Service(told).alive(0, "camera front lost\n(unplugged)")
    assert heard(manager) == ["STATUS=camera front lost (unplugged)"]


def test_an_abstract_socket_is_found():
    name = f"\0edgeai-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name)
        Service({"NOTIFY_SOCKET": "@" + name[1:]}).ready()
        assert heard(manager) == ["READY=1"]


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": "/nowhere/notify", "WATCHDOG_USEC": "x"}])
def test_without_a_manager_nothing_is_told_and_nothing_fails(environment):
    service = Service(environment)
    service.ready()
    service.alive(0, "running")
    service.stopping()


def test_systemd_can_read_the_unit(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd here")
    unit = (DRIVERS / "systemd" / "edgeai.service").read_text()
    unit = unit.replace("/opt/edgeai/bin/edgeai", shutil.which("true") or "/bin/true").replace(
        "User=edgeai", "User=root"
    )
    (tmp_path / "edgeai.service").write_text(unit)
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / "edgeai.service"], capture_output=True, text=True
    )
    complaints = [line for line in told.stderr.splitlines() if "edgeai.service:" in line]
    assert complaints == []
    assert "Type=notify" in unit
    assert "WatchdogSec=" in unit


def test_every_udev_rule_matches_something_and_does_something():
    known = re.compile(
        r'(ACTION|SUBSYSTEM|KERNEL|DRIVER|ATTRS?\{\w+\})=="[^"]+"'
        r'|(GROUP|MODE|ENV\{\w+\}|ATTR\{\w+\})="[^"]+"|RUN\+="/bin/(chgrp|chmod) [^"]+"'
    )
    lines = (DRIVERS / "udev" / "70-edgeai.rules").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules
    for rule in rules:
        parts = rule.split(", ")
        assert all(known.fullmatch(part) for part in parts), rule
        assert any("==" in part for part in parts)
        assert any("==" not in part for part in parts)
