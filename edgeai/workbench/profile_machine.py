"""What disturbs a measurement: other programs, heat, a clock that is held down."""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgeai import plugins
from edgeai.clock import NS, Clock
from edgeai.driver import Meter
from edgeai.errors import EdgeAIError
from edgeai.messages import MeterReading
from edgeai.power.boards import Board

__all__ = ["Watch"]

OTHERS = 0.1
"""Cores that other programs may keep busy unmentioned: a desktop at rest stays below."""

_METERS = ("cpu_frequency", "thermal", "pi_throttling")
_SLOW = 0.95
"""A clock below this share of its highest is held down: all lanes are busy while measuring."""


@dataclass(frozen=True, slots=True)
class _Work:
    """CPU seconds of all programs, and of this one and its children, at a time (ns)."""

    t: int
    all: float
    own: float


class Watch:
    """Looks at the machine while it is measured; `warnings` says in sentences what was not as it should be.

    root: the folder that stands for `/`.
    """

    def __init__(self, clock: Clock, board: Board, root: str = "/") -> None:
        self._clock = clock
        self._board = board
        self._root = root
        self._meters = list(_open_meters(clock, root))
        self._before = self._work()
        self._slowest = 1.0
        self._hottest = -273.0
        self._throttled = False

    def look(self) -> None:
        """Look once; to be called now and then, when models have just run."""
        for meter in self._meters:
            with contextlib.suppress(EdgeAIError):
                self._note(meter.read())

    def warnings(self) -> tuple[str, ...]:
        """Return what disturbed the measurement since the start, as sentences."""
        found = []
        others = self._others()
        if others > OTHERS:
            found.append(
                f"other programs kept {others:.2f} cores busy meanwhile: the figures are too high, above all the tails"
            )
        if self._slowest < _SLOW:
            found.append(f"the clock was at {100 * self._slowest:.0f} % of its highest: look at governor and cooling")
        if self._throttled:
            found.append("the board throttled meanwhile: cool it, and look at its supply")
        elif self._hottest >= self._board.throttle_soft.value:
            found.append(f"the processor reached {self._hottest:.0f} °C, where this board throttles: cool it")
        return tuple(found)

    def close(self) -> None:
        """Close the meters."""
        for meter in self._meters:
            meter.close()

    def _note(self, reading: MeterReading) -> None:
        self._throttled = self._throttled or bool(reading.throttled)
        self._hottest = max(self._hottest, reading.celsius if reading.celsius is not None else -273.0)
        told = {value.name: value.value for value in reading.values}
        shares = [
            float(told[name]) / float(told[most])
            for name in told
            if name.endswith(".cur") and told.get(most := f"{name.removesuffix('cur')}max")
        ]
        # Of several groups of cores the quickest counts: a model on one thread leaves the others idle.
        self._slowest = min(self._slowest, max(shares, default=1.0))

    def _others(self) -> float:
        """Return how many cores other programs kept busy on average."""
        now = self._work()
        seconds = (now.t - self._before.t) / NS
        spent = (now.all - self._before.all) - (now.own - self._before.own)
        return max(0.0, spent / seconds) if seconds > 0 else 0.0

    def _work(self) -> _Work:
        own = sum(
            used.ru_utime + used.ru_stime
            for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        )
        return _Work(self._clock.now(), _busy_seconds(self._root), own)


def _busy_seconds(root: str) -> float:
    """Return the CPU seconds spent by all programs since the start of the machine, time stolen by a host included."""
    try:
        fields = [int(field) for field in Path(root, "proc/stat").read_text("ascii").split("\n", 1)[0].split()[1:9]]
    except (OSError, ValueError):
        return 0.0
    idle = sum(fields[3:5])
    return (sum(fields) - idle) / os.sysconf("SC_CLK_TCK")


def _open_meters(clock: Clock, root: str) -> Iterator[Meter]:
    for name in _METERS:
        try:
            cls = plugins.find("power", name)
            if all(device.missing for device in cls.detect(root)):
                continue
            meter: Meter = cls(name, cls.Options(root=root))
            meter.open(clock)
        except EdgeAIError:
            continue
        yield meter
