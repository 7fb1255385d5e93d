"""A tree of files as /sys has them, and a vcgencmd that says what a test wants."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

import pytest

from edgeai.clock import NS, VirtualClock


class Tree:
    """A folder that stands for `/`."""

    def __init__(self, root: Path):
        self.path = root
        self.root = str(root)

    def write(self, folder: str, **files: object) -> Path:
        """Write files, each with the line feed that the kernel ends them with."""
        place = self.path / folder
        place.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (place / name).write_text(f"{content}\n")
        return place

    def hwmon(self, number: int, name: str, place: str = "", **files: object) -> Path:
        """Make hwmonN with a link `device` to the chip's place on its bus, as sysfs has it."""
        folder = self.write(f"sys/class/hwmon/hwmon{number}", name=name, **files)
        if place:
            bus = self.path / f"sys/devices/platform/soc/i2c-1/{place}"
            bus.mkdir(parents=True, exist_ok=True)
            (folder / "device").symlink_to(bus)
        return folder

    def move_hwmon(self, old: int, new: int) -> None:
        """Give a chip another number, as when its driver is loaded again."""
        folder = self.path / "sys/class/hwmon"
        (folder / f"hwmon{old}").rename(folder / f"hwmon{new}")


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


@pytest.fixture
def open_tree():
    """A tree that other users may look into."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield Tree(folder)
    shutil.rmtree(folder)


@contextlib.contextmanager
def _nobody():
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def nobody():
    """A context in which this process is an ordinary user."""
    return _nobody


@pytest.fixture
def vcgencmd(tmp_path, monkeypatch):
    """Install a vcgencmd on PATH that runs these lines of shell; return its path."""

    def install(script: str) -> str:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / "vcgencmd"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        return str(program)

    return install


@pytest.fixture
def opened():
    """Open a meter on a virtual clock that stands at one second; it is closed at the end."""
    meters = []

    def open_meter(cls, clock=None, **options):
        meter = cls("meter", cls.Options(**options))
        assert meter.check() == []
        meter.open(clock or VirtualClock(NS))
        meters.append(meter)
        return meter

    yield open_meter
    for meter in meters:
        meter.close()
