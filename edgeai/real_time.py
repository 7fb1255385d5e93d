"""A pipeline in real time: on threads of its own, guarded against a program that forgets it or ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from edgeai.clock import SystemClock
from edgeai.runtime.exits import Guarded, guard
from edgeai.runtime.live import LiveEngine
from edgeai.runtime.roster import Roster
from edgeai.runtime.taps import Tap

if TYPE_CHECKING:
    from edgeai.assemble import Assembled

__all__ = ["RealTime"]


class RealTime:
    """Runs what was assembled on the live engine."""

    def __init__(self, assembled: Assembled, clock: SystemClock, taps: Sequence[Tap], roster: Roster) -> None:
        self._assembled = assembled
        self._clock = clock
        self.engine = LiveEngine(assembled.assembly, clock, taps, roster)
        self.let_go: Callable[[], object] = lambda: None
        """Ends the watch over who holds the pipeline."""

    def guard(self, pipeline: Guarded, *last: Callable[[], None]) -> None:
        """Stop the pipeline when the program ends, or when nobody holds it any more; it is not held here either.

        last: what is called where nobody is left who could, after all has stopped.
        """
        guard(pipeline)
        self.let_go = self.engine.holder.follow(pipeline, partial(_call_all, last))

    def start(self) -> None:
        """Tell the scheduler what was measured, open the devices, and begin. Raises EdgeAIError."""
        known, board = self._assembled, self._assembled.board
        self.engine.calibrate(known.profiles, board.idle.value, board.core.value, known.batchings)
        self.engine.start()

    def sleep_until(self, due: int) -> bool:
        """Sleep until `due` (ns); False when the pipeline has come to its end."""
        self._clock.sleep_until(due)
        return not self.finished

    def wait(self, timeout: float | None) -> bool:
        """Wait for the pipeline's end; False after `timeout` seconds."""
        return self.engine.wait(timeout)

    @property
    def finished(self) -> bool:
        """True when nothing more will be published or written."""
        return self.engine.finished


def _call_all(calls: Sequence[Callable[[], None]]) -> None:
    for call in calls:
        call()
