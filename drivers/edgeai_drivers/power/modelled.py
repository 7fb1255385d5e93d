"""Meter `modelled`: no meter at all, but the board table's model of power, fed by how busy the processor is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeai.driver import Device, Meter, MeterOptions
from edgeai.errors import Problem
from edgeai.messages import MeterReading, MeterValue
from edgeai_drivers.power._files import text

_STAT = "proc/stat"
_FIELDS = 8
"""user nice system idle iowait irq softirq steal; guest time, which follows, is in user already."""
_IDLE = (3, 4)


@dataclass(frozen=True, kw_only=True)
class ModelledOptions(MeterOptions):
    """The model's figures: idle, W of the idle board; core, W more for each busy core; left out, as `edgeai boards`."""

    idle: float | None = None
    core: float | None = None


class Modelled(Meter):
    """Gives idle + core x busy cores, labelled modelled; cores busy on average since the last reading (/proc/stat)."""

    Options = ModelledOptions
    options: ModelledOptions

    def __init__(self, name: str, options: ModelledOptions) -> None:
        super().__init__(name, options)
        self.on_board(0.0, 0.0)

    @classmethod
    def detect(cls, root: str = "/") -> list[Device]:
        """Say that there is always a model."""
        missing = "" if Path(root, _STAT).exists() else f"no {Path(root, _STAT)}"
        return [Device("modelled", "modelled", "the board table's model, fed by how busy the processor is", missing)]

    def check(self) -> list[Problem]:
        """Require powers that are not negative."""
        given = {"idle": self.options.idle, "core": self.options.core}
        return [
            Problem(f"meters.{self.name}.{key}", str(value), "watts from 0")
            for key, value in given.items()
            if value is not None and not 0 <= value < 1000
        ]

    def on_board(self, idle: float, core: float) -> None:
        """Take the board's figures where none were given."""
        self._idle = idle if self.options.idle is None else self.options.idle
        self._core = core if self.options.core is None else self.options.core

    def _open(self) -> None:
        self._before = ticks(text(Path(self.options.root, _STAT)))
        self._busy = 0.0

    def _read(self) -> MeterReading:
        now = ticks(text(Path(self.options.root, _STAT)))
        if now != self._before:
            self._busy = busy_cores(self._before, now)
            self._before = now
        return MeterReading(
            self.name,
            self._clock.now(),
            watts=self._idle + self._core * self._busy,
            measures="board",
            basis="modelled",
            values=(MeterValue("busy_cores", self._busy),),
            note="no meter: the board table's model",
        )

    def _close(self) -> None:
        pass


def ticks(stat: str) -> dict[str, tuple[int, int]]:
    """Return (busy, all) ticks of each core from /proc/stat. Raises ValueError."""
    found: dict[str, tuple[int, int]] = {}
    for line in stat.splitlines():
        name, *rest = line.split()
        if name.startswith("cpu") and name != "cpu":
            spent = [int(field) for field in rest[:_FIELDS]]
            idle = sum(spent[i] for i in _IDLE if i < len(spent))
            found[name] = sum(spent) - idle, sum(spent)
    if not found:
        raise ValueError("/proc/stat names no core")
    return found


def busy_cores(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> float:
    """Return how many cores were busy on average; a counter that ran backwards (iowait may) counts as nothing."""
    busy = 0.0
    for name, (worked, passed) in after.items():
        if name in before:
            work, time = worked - before[name][0], passed - before[name][1]
            busy += min(max(work / time, 0.0), 1.0) if time > 0 else 0.0
    return busy
