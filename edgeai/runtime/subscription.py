"""A stream of results for one reader, as an iterator or an async iterator."""

from __future__ import annotations

import asyncio
import queue
from collections import deque
from collections.abc import Callable
from typing import Any

from edgeai.messages import Frame, Result
from edgeai.runtime.taps import Tap

__all__ = ["Subscription", "SubscriptionTap"]

GATHER = 5_000_000
"""Nanoseconds within which a lossless stream wakes its reader once: waking a thread costs tens of microseconds, much
beside a small model, and offline it is throughput that counts."""

_LOOK = 0.1
"""Seconds between two looks of a pipeline that waits for its reader."""


class Subscription:
    """Results of one stream from now on, oldest first; ends when the pipeline does.

    At most `depth` wait for the reader. Beyond that the oldest is dropped and counted in `missed`; with `lossless` the
    pipeline waits for the reader instead. Iterate with `for` or `async for`; `close` (or leaving a `with`) ends it.
    """

    def __init__(
        self, stream: str, *, frames: bool, depth: int, lossless: bool, pump: Callable[[], bool] | None
    ) -> None:
        self.stream = stream
        self.missed = 0
        self._frames = frames
        self._depth = depth
        self._lossless = lossless
        self._pump = pump
        self._items: deque[Any] = deque()
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._room: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._waits_for_room = False
        self._ended = False
        self._rung = 0
        self._unrung = False
        self._waker: Callable[[], object] | None = None

    def put(self, result: Result, frame: Frame | None) -> None:
        """Add a result; called by the pipeline."""
        if self._ended:
            return
        if self.full:
            self._make_room()
        self._items.append((result, frame) if self._frames else result)
        if self._lossless and result.published - self._rung < GATHER and 2 * len(self._items) < self._depth:
            self._unrung = True
        else:
            self._rung = result.published
            self._ring()

    @property
    def full(self) -> bool:
        """True while as many results wait as may."""
        return len(self._items) >= self._depth

    def settle(self) -> None:
        """Wake the reader for results it was not woken for yet; called when the pipeline has nothing to do."""
        if self._unrung:
            self._ring()

    def close(self) -> None:
        """End the subscription: what waits can still be read, nothing more comes."""
        if not self._ended:
            self._ended = True
            self._ring()
            self._room.put(None)

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Subscription:
        return self

    def __next__(self) -> Any:
        while (item := self._take()) is None:
            if self._ended:
                raise StopIteration
            if self._pump is None:
                self._bell.get()
            elif not self._pump():
                self.close()
        return item

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Any:
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        self._waker = lambda: loop.call_soon_threadsafe(woken.set)
        while (item := self._take()) is None:
            if self._ended:
                raise StopAsyncIteration
            if self._pump is None:
                await woken.wait()
                woken.clear()
            elif not self._pump():
                self.close()
        return item

    def _take(self) -> Any:
        """Return the oldest result, None when there is none."""
        try:
            item = self._items.popleft()
        except IndexError:
            return None
        if self._waits_for_room:
            self._room.put(None)
        return item

    def _ring(self) -> None:
        self._unrung = False
        if self._bell.empty():
            self._bell.put(None)
        if self._waker is not None:
            self._waker()

    def _make_room(self) -> None:
        """Drop the oldest result; a lossless pipeline waits for the reader, but not for one on its own thread."""
        if not self._lossless:
            self.missed += self._take() is not None
        elif self._pump is None:
            self._ring()
            self._waits_for_room = True
            while self.full and not self._ended:
                try:
                    self._room.get(timeout=_LOOK)
                except queue.Empty:
                    continue
            self._waits_for_room = False


class SubscriptionTap(Tap):
    """Hands every result to the subscriptions of its stream."""

    def __init__(self) -> None:
        self._subscriptions: dict[str, tuple[Subscription, ...]] = {}
        self._over = False

    def add(self, subscription: Subscription) -> None:
        """Feed a subscription from now on."""
        name = subscription.stream
        self._subscriptions[name] = (*self._subscriptions.get(name, ()), subscription)
        if self._over:
            subscription.close()

    def published(self, result: Result, frame: Frame | None) -> None:
        """Hand a result on; before the pipeline waits for one reader, no other is left asleep over its results."""
        for subscription in self._subscriptions.get(result.stream, ()):
            if subscription.full:
                self.settled()
            subscription.put(result, frame)

    def settled(self) -> None:
        """Let every reader have what it was not woken for yet."""
        for subscriptions in self._subscriptions.values():
            for subscription in subscriptions:
                subscription.settle()

    def finished(self) -> None:
        """End every subscription."""
        self._over = True
        for subscriptions in self._subscriptions.values():
            for subscription in subscriptions:
                subscription.close()
