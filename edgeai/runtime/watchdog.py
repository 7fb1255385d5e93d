"""The thread that looks at all others: a call that does not return cannot say so itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from edgeai.clock import NS, Clock

__all__ = ["Watchdog", "Watched"]

TURN = 0.02
"""Seconds between two looks: a tenth of what a safe stop may take."""

_LATE = 5 * round(TURN * NS)
"""ns by which a look may come late; beyond that the machine, not a device, stood still."""


class Watched(Protocol):
    """What is looked at."""

    def check(self, now: int) -> None:
        """Look at time `now` (ns); returns at once."""

    def forgive(self, ns: int) -> None:
        """Do not count so many ns: the whole program stood still."""


class Watchdog:
    """Looks at everything `watched` every TURN seconds, on the thread `edgeai-watchdog`."""

    def __init__(self, watched: Sequence[Watched], clock: Clock, broke: Callable[[Exception], None]) -> None:
        """`broke` is told when a look itself fails, once: the watch goes on."""
        self._watched = watched
        self._clock = clock
        self._broke = broke
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="edgeai-watchdog", daemon=True)

    def start(self) -> None:
        """Start looking."""
        self._thread.start()

    def close(self, timeout: float) -> bool:
        """End; False when that takes longer than `timeout` seconds."""
        self._stop.set()
        if self._thread.ident is None or self._thread is threading.current_thread():
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        before = self._clock.now()
        while not self._stop.wait(TURN):
            now = self._clock.now()
            late = now - before - round(TURN * NS)
            before = now
            for each in self._watched:
                try:
                    if late > _LATE:
                        each.forgive(late)
                    each.check(now)
                except Exception as error:  # noqa: BLE001 - one that cannot be looked at must not blind the watch
                    self._broke(error)
