"""Frames of a lossless camera that wait until a lane has room."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable

from edgeai.messages import Frame

__all__ = ["ReadAhead"]

DEPTH = 8
"""Frames read ahead: the source sleeps while so many wait, and is woken when half are gone. Waking a thread costs
tens of microseconds, so it is done for several frames at once."""

_LOOK = 0.1
"""Seconds between two looks at whether the pipeline stops."""


class ReadAhead:
    """Offers frames one at a time: the next one when every stage has taken the last.

    `put` is called by the source's thread; `freed` by the core, under its lock; `move_on` by any thread after either.
    """

    def __init__(self, offer: Callable[[Frame], None]) -> None:
        self._offer = offer
        self._lock = threading.Lock()
        self._frames: deque[Frame] = deque()
        self._free = True
        self._asleep = False
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()

    def put(self, frame: Frame, stopping: threading.Event) -> None:
        """Add a frame; while DEPTH of them wait, sleep until there are half as many or the pipeline stops."""
        with self._lock:
            self._frames.append(frame)
        self.move_on()
        with self._lock:
            self._asleep = len(self._frames) >= DEPTH
        while self._asleep and not stopping.is_set():
            try:
                self._wake.get(timeout=_LOOK)
            except queue.Empty:
                continue

    def freed(self) -> None:
        """Note that every stage has taken the last frame."""
        self._free = True

    def move_on(self) -> None:
        """Offer the next frame, if there is room for it and one waits."""
        while self._free and self._frames:
            with self._lock:
                if not (self._free and self._frames):
                    return
                self._free = False
                frame = self._frames.popleft()
                if self._asleep and len(self._frames) <= DEPTH // 2:
                    self._asleep = False
                    self._wake.put(None)
            self._offer(frame)

    def give_up(self) -> None:
        """Offer whatever waits, room or not: the scheduler has been shut down and counts it as dropped."""
        while self._frames:
            self._offer(self._frames.popleft())

    @property
    def empty(self) -> bool:
        """True when nothing waits."""
        return not self._frames
