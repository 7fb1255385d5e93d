"""What waits to be written: a queue with room for so many bytes, in which pictures give way first."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator

from edgeai.errors import RecordingError
from edgeai.recording.logbook import Entry

__all__ = ["MORE_ROOM", "ROOM", "Backlog"]

ROOM = 128 << 20
"""Bytes that may wait before frames are left out: two seconds of four raw cameras."""

MORE_ROOM = 32 << 20
"""Beyond that, so much more for readings and results, and as much again for decisions. Without a decision nothing could
be recomputed: where even those find no room, the recording ends."""


class Backlog:
    """Lies between the pipeline's threads, any of which may add, and the one that writes.

    Beside entries it holds orders, which take no room and keep their place among them.
    """

    def __init__(self) -> None:
        self.lost: Counter[str] = Counter()
        """By topic, what there was no room for."""
        self.ended = False
        """True while no entries are taken."""
        self._items: deque[tuple[object, int]] = deque()
        self._waiting = 0
        self._lock = threading.RLock()

    def add(self, entry: Entry, size: int, room: int, topic: Callable[[str], str] | None, name: str) -> None:
        """Queue an entry of `size` bytes where all that waits stays within `room`.

        Else it is counted under `topic(name)`; without a topic it cannot be spared, and recording ends.
        """
        with self._lock:
            if self.ended:
                return
            if self._waiting + size <= room:
                self._waiting += size
                self._items.append((entry, size))
            elif topic is not None:
                self.lost[topic(name)] += 1
            else:
                self.ended = True
                self._items.append((RecordingError("the disk is too slow for the scheduler's decisions"), 0))

    def order(self, order: object) -> None:
        """Queue an order."""
        self._items.append((order, 0))

    def take(self, *, unless: Callable[[object], bool]) -> Iterator[object]:
        """Yield what waits now, up to the first thing of which `unless` is true; its room is free when it is done."""
        for _ in range(len(self._items)):
            item, size = self._items[0]
            if unless(item):
                return
            self._items.popleft()
            yield item
            with self._lock:
                self._waiting -= size

    def end(self) -> None:
        """Take no more entries."""
        with self._lock:
            self.ended = True

    def clear(self) -> None:
        """Forget what waits."""
        with self._lock:
            self._items.clear()
            self._waiting = 0
