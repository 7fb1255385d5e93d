"""A pipeline in virtual time: on the caller's thread, and only while the caller lets time pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeai.clock import NS, VirtualClock
from edgeai.durations import Durations
from edgeai.runtime.disturbance import Disturbance
from edgeai.runtime.lockstep import LockstepEngine
from edgeai.runtime.roster import Roster
from edgeai.runtime.taps import Tap
from edgeai.schedule.commands import Job

if TYPE_CHECKING:
    from edgeai.assemble import Assembled

__all__ = ["LOADING", "VirtualTime"]

LOADING = 0.5
"""Seconds a model takes to be loaded where nothing else was said: ten megabytes from an SD card, laid out and
warmed."""

_FOR_EVER = 1e9
"""Seconds, thirty years."""


class VirtualTime:
    """Runs what was assembled on the lock-step engine."""

    def __init__(
        self,
        assembled: Assembled,
        clock: VirtualClock,
        taps: Sequence[Tap],
        roster: Roster,
        durations: Durations,
        loading: float,
        disturb: Disturbance | None,
    ) -> None:
        """`loading`: seconds a model takes to be loaded while the pipeline runs."""
        self._assembled = assembled
        self._clock = clock
        self._durations = durations
        self._disturb = disturb
        self.engine = LockstepEngine(assembled.assembly, clock, taps, self._duration, round(loading * NS), roster)
        self.finished = False
        """True once nothing more can come."""

    def start(self) -> None:
        """Tell the scheduler how long jobs take, and open the devices. Raises EdgeAIError."""
        board = self._assembled.board
        batchings = tuple(self._durations.batchings())
        self.engine.calibrate(self._durations.profiles(), board.idle.value, board.core.value, batchings)
        self.engine.start()

    def step(self) -> bool:
        """Let the next thing happen; False when there is nothing more to come."""
        return self._noted(self.engine.step())

    def sleep_until(self, due: int) -> bool:
        """Let time pass until `due` (ns); False when the pipeline came to its end before."""
        return self._noted(self.engine.run_until(due))

    def wait(self, timeout: float | None) -> bool:
        """Let time pass until the pipeline's end; False after `timeout` seconds of it."""
        return not self.sleep_until(self._clock.now() + round((_FOR_EVER if timeout is None else timeout) * NS))

    def let_go(self) -> None:
        """There is nobody to hold it: nothing happens by itself."""

    def _noted(self, goes_on: bool) -> bool:
        self.finished = not goes_on
        return goes_on

    def _duration(self, job: Job) -> int:
        typical = self._durations.of(job.stage, job.point)
        if self._disturb is None:
            return typical
        return round(typical * self._disturb.slowdown(job.stage, self._clock.now()))
