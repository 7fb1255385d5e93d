"""The computer itself: processor, memory, disk and temperature."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

from edgeai.driver import NS, Capture, Column, Device, Rate, Sensor, SensorOptions
from edgeai.errors import DeviceError, DeviceNotFound, Problem


@dataclass(frozen=True, kw_only=True)
class SystemOptions(SensorOptions):
    """disk: a path on the disk that is watched. rate: readings a second. root: the folder that stands for `/`."""

    disk: str = "/"
    rate: Rate = 1.0
    root: str = "/"


class System(Sensor):
    """What Linux tells of itself in /proc and /sys; NaN for what this machine does not tell.

    cpu: share of all cores that was busy since the last reading. load: processes that run or wait, over a minute.
    memory, disk: shares in use. temperature: of the hottest thermal zone.
    """

    Options = SystemOptions
    columns = (
        Column("cpu"),
        Column("load"),
        Column("memory"),
        Column("memory_available", "B"),
        Column("disk"),
        Column("disk_free", "B"),
        Column("temperature", "degC"),
    )
    headline = ("cpu", "memory", "temperature")

    @classmethod
    def devices(cls) -> list[Device]:
        """List the one that is always there."""
        return [Device("system", "system:/", "this computer: processor, memory, disk, temperature")]

    def check(self) -> list[Problem]:
        """Require a rate at which a share of the processor means something."""
        rate, expected = self.options.rate, "above 0, at most 20 a second"
        return [] if 0 < rate <= 20 else [Problem(f"sensors.{self.name}.rate", f"{rate:g}", expected)]

    def _open(self) -> None:
        self.rate = self.options.rate
        self.period = round(NS / self.options.rate)
        self._proc, self._sys = Path(self.options.root, "proc"), Path(self.options.root, "sys")
        try:
            self._jiffies = self._processor()
            os.statvfs(self.options.disk)
        except OSError as error:
            raise DeviceNotFound(f"{self.name} cannot begin ({error}): correct `disk` or `root`") from error

    def _read(self, timeout: float) -> Capture:
        busy, total = self._processor()
        passed = total - self._jiffies[1]
        share = (busy - self._jiffies[0]) / passed if passed > 0 else math.nan
        self._jiffies = busy, total
        return Capture([share, self._load(), *self._memory(), *self._disk(), self._temperature()])

    def _close(self) -> None:
        """Nothing is held open."""

    def _processor(self) -> tuple[int, int]:
        """Return the time that all cores were busy, and all their time, in the kernel's ticks (proc(5), /proc/stat)."""
        fields = [int(field) for field in _text(self._proc / "stat").partition("\n")[0].split()[1:9]]
        if len(fields) < 5:
            raise DeviceError(f"{self.name} finds no times of the processor in {self._proc / 'stat'}: correct `root`")
        idle = fields[3] + fields[4]
        return sum(fields) - idle, sum(fields)

    def _load(self) -> float:
        return _number(_text(self._proc / "loadavg").partition(" ")[0])

    def _memory(self) -> tuple[float, float]:
        told = dict(line.split(":", 1) for line in _text(self._proc / "meminfo").splitlines() if ":" in line)
        total, free = (_number(told.get(key, "").removesuffix("kB")) * 1024 for key in ("MemTotal", "MemAvailable"))
        return 1 - free / (total or math.nan), free

    def _disk(self) -> tuple[float, float]:
        try:
            told = os.statvfs(self.options.disk)
        except OSError:
            return math.nan, math.nan
        return 1 - told.f_bavail / max(told.f_blocks, 1), float(told.f_bavail * told.f_frsize)

    def _temperature(self) -> float:
        zones = [_number(_text(path)) / 1000 for path in self._sys.glob("class/thermal/thermal_zone*/temp")]
        return max((zone for zone in zones if -40 < zone < 200), default=math.nan)


def _text(path: Path) -> str:
    """Return a small file's text; empty where it cannot be read: sensors of the kernel come and go."""
    try:
        return path.read_text()
    except OSError:
        return ""


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
