"""A thread that does things at their time."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable

from edgeai.clock import NS, Clock

__all__ = ["TimerThread"]


class TimerThread:
    """Calls functions at given times of a clock, on the thread `edgeai-timers`; it is started by the first of them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._heap: list[tuple[int, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._closing = False
        self._thread: threading.Thread | None = None

    def at(self, t: int, call: Callable[[], object]) -> None:
        """Call a function at time t (ns)."""
        with self._changed:
            heapq.heappush(self._heap, (t, next(self._order), call))
            self._changed.notify()
            if self._thread is None and not self._closing:
                self._thread = threading.Thread(target=self._work, name="edgeai-timers", daemon=True)
                self._thread.start()

    def close(self, timeout: float) -> bool:
        """End; False when a call takes longer than `timeout` seconds."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is None or self._thread is threading.current_thread():
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (call := self._next()) is not None:
            call()

    def _next(self) -> Callable[[], object] | None:
        with self._changed:
            while not self._closing:
                left = self._heap[0][0] - self._clock.now() if self._heap else None
                if left is not None and left <= 0:
                    return heapq.heappop(self._heap)[2]
                self._changed.wait(None if left is None else left / NS)
            return None
