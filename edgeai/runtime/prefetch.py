"""An iterator that is a few items ahead of whoever takes them, on a thread of its own."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

__all__ = ["Prefetch"]

BUNCH = 4
"""Items handed over at once, for waking a thread costs tens of microseconds. Three times as many are held at most."""

T = TypeVar("T")


class Prefetch(Generic[T]):
    """Gives what an iterator gives, in its order; the next items are made on the thread `edgeai-prefetch-NAME`.

    What the iterator raises is raised after all items before it. `close` ends the thread. Used by one thread at a time.
    """

    def __init__(self, items: Iterator[T], name: str) -> None:
        self._items = items
        self._bunches: queue.Queue[tuple[deque[T], Exception | None]] = queue.Queue(maxsize=1)
        self._here: deque[T] = deque()
        self._end: Exception | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._work, name=f"edgeai-prefetch-{name}", daemon=True)
        self._thread.start()

    def __iter__(self) -> Prefetch[T]:
        return self

    def __next__(self) -> T:
        while not self._here:
            if self._end is not None:
                raise self._end
            self._here, self._end = self._bunches.get()
        return self._here.popleft()

    def close(self) -> None:
        """End the thread, and forget what is ahead."""
        self._closing = True
        self._here.clear()
        while self._end is None:
            _, self._end = self._bunches.get()
        self._thread.join()

    def _work(self) -> None:
        bunch: deque[T] = deque()
        end: Exception = StopIteration()
        try:
            for item in self._items:
                bunch.append(item)
                if len(bunch) == BUNCH:
                    self._bunches.put((bunch, None))
                    bunch = deque()
                if self._closing:
                    break
        except Exception as error:  # noqa: BLE001 - raised by whoever takes the items
            end = error
        self._bunches.put((bunch, end))
