"""A thread for each output, behind a bounded queue, so that a slow output blocks nobody."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from edgeai.clock import Clock
from edgeai.messages import Frame, Result
from edgeai.runtime.assembly import OutputRoute
from edgeai.runtime.program import raised
from edgeai.runtime.taps import Tap

__all__ = ["OutputWorker"]

_log = logging.getLogger("edgeai")

DEPTH = 64
"""Results that wait for an output which keeps all: two seconds at 30 a second, or 60 MB of frames at 640x480."""


class OutputWorker(Tap):
    """Queues results for one output and writes them on its own thread.

    `keeps: newest` holds the newest result of each stream; `all` holds up to DEPTH, and when those are full makes a
    lossless pipeline wait and any other lose the newcomer, counted in the output's `lost`.
    """

    def __init__(
        self, route: OutputRoute, lossless: bool, clock: Clock, failed: Callable[[str, Exception], None]
    ) -> None:
        self.output = route.output
        self._clock = clock
        self._stages = route.stages
        self._wait_for_room = lossless
        self._failed = failed
        self._broken = False
        self._closing = False
        self._give_up: int | None = None
        self._writing = False
        self._changed = threading.Condition()
        self._items: deque[tuple[Result, Frame | None]] = deque()
        self._thread = threading.Thread(target=self._work, name=f"edgeai-output-{self.output.name}", daemon=True)

    def start(self) -> None:
        """Start writing."""
        self._thread.start()

    def published(self, result: Result, frame: Frame | None) -> None:
        """Queue a result."""
        if result.stream not in self._stages:
            return
        if self._broken:
            self.output.lost += 1
            return
        item = result, frame if self.output.wants_frames else None
        with self._changed:
            if self.output.keeps == "newest":
                self._replace(item)
            elif not self._has_room():
                self.output.lost += 1
                return
            else:
                self._items.append(item)
            self._changed.notify()

    def begin_close(self, give_up: int | None) -> None:
        """Let the thread write what waits, close the output and end; what waits still at `give_up` (ns) is lost."""
        with self._changed:
            self._closing = True
            self._give_up = give_up
            self._changed.notify_all()

    def close(self, timeout: float, *, patient: bool = False) -> bool:
        """Wait for the thread after `begin_close`; False when it has not ended in `timeout` seconds.

        With `patient` it has so long for each result, and again for closing, not for all of them.
        """
        before = -1
        while before < self.output.written and self._is_elsewhere():
            before = self.output.written
            self._thread.join(timeout)
            if not patient:
                break
        if self.output.lost and self.output.keeps == "all" and not self._broken:
            _log.warning("output %s was too slow and lost %d results", self.output.name, self.output.lost)
        return not self._is_elsewhere()

    @property
    def drained(self) -> bool:
        """True when nothing waits to be written and nothing is being written."""
        with self._changed:
            return self._broken or not (self._items or self._writing)

    @property
    def thread(self) -> threading.Thread:
        """The thread that writes."""
        return self._thread

    def _is_elsewhere(self) -> bool:
        """Say whether there is a thread to wait for: not when a callback on it stops the pipeline."""
        return self._thread.is_alive() and self._thread is not threading.current_thread()

    def _replace(self, item: tuple[Result, Frame | None]) -> None:
        stream = item[0].stream
        for i, (waiting, _) in enumerate(self._items):
            if waiting.stream == stream:
                self._items[i] = item
                self.output.lost += 1
                return
        self._items.append(item)

    def _has_room(self) -> bool:
        while self._wait_for_room and len(self._items) >= DEPTH and not (self._closing or self._broken):
            self._changed.wait(0.1)
        return len(self._items) < DEPTH

    def _work(self) -> None:
        try:
            while (item := self._next()) is not None:
                self.output.write(*item)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - an output that fails must not end the others
            self._broken = True
            self.output.lost += self._writing
            self._failed(self.output.name, raised(error))
        finally:
            self._close_output()

    def _next(self) -> tuple[Result, Frame | None] | None:
        with self._changed:
            self._writing = False
            if self._give_up is not None and self._clock.now() > self._give_up:
                self.output.lost += len(self._items)
                self._items.clear()
            while not self._items:
                if self._closing:
                    return None
                self._changed.wait()
            item = self._items.popleft()
            self._writing = True
            self._changed.notify()
            return item

    def _close_output(self) -> None:
        try:
            self.output.close()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - reported like any failure to write
            self._failed(self.output.name, raised(error))
