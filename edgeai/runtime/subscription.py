"""A stream of results for one reader, as an iterator or an async iterator."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable
from typing import Any

from edgeai.messages import Frame, Result
from edgeai.runtime.taps import Tap

__all__ = ["Subscription", "SubscriptionTap"]


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
        self._items: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._room: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._ended = False
        self._waker: Callable[[], object] | None = None

    def put(self, result: Result, frame: Frame | None) -> None:
        """Add a result; called by the pipeline."""
        if self._ended:
            return
        while self._items.qsize() >= self._depth and not self._ended:
            if self._lossless and self._pump is None:
                self._await_room()
            elif not self._lossless:
                self._drop_oldest()
            else:
                break
        self._items.put((result, frame) if self._frames else result)
        if self._waker is not None:
            self._waker()

    def close(self) -> None:
        """End the subscription: what waits can still be read, nothing more comes."""
        if not self._ended:
            self._ended = True
            self._items.put(None)
            self._room.put(None)
            if self._waker is not None:
                self._waker()

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Subscription:
        return self

    def __next__(self) -> Any:
        while self._pump is not None and self._items.empty() and not self._ended:
            if not self._pump():
                self.close()
        return self._taken(self._items.get(), StopIteration)

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Any:
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        self._waker = lambda: loop.call_soon_threadsafe(woken.set)
        while True:
            try:
                item = self._items.get_nowait()
            except queue.Empty:
                if self._pump is not None:
                    if not self._pump():
                        self.close()
                    continue
                await woken.wait()
                woken.clear()
            else:
                return self._taken(item, StopAsyncIteration)

    def _taken(self, item: Any, end: type[Exception]) -> Any:
        if item is None:
            self._items.put(None)
            raise end
        if self._lossless:
            self._room.put(None)
        return item

    def _drop_oldest(self) -> None:
        try:
            self._items.get_nowait()
        except queue.Empty:
            return
        self.missed += 1

    def _await_room(self) -> None:
        try:
            self._room.get(timeout=0.1)
        except queue.Empty:
            return


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
        """Hand a result on."""
        for subscription in self._subscriptions.get(result.stream, ()):
            subscription.put(result, frame)

    def finished(self) -> None:
        """End every subscription."""
        self._over = True
        for subscriptions in self._subscriptions.values():
            for subscription in subscriptions:
                subscription.close()
