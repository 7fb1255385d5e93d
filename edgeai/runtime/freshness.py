"""Which required results have grown too old."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from edgeai.clock import NS, Clock
from edgeai.errors import StaleResult
from edgeai.messages import Frame, Result
from edgeai.runtime.taps import Tap

__all__ = ["Expiry", "Freshness"]

START = 5 * NS
"""ns from the start to the first result at the most: devices open, models are warmed."""


class Freshness:
    """Follows the stages of `limits` (ns): a newest result older than that is a fault of its stage.

    `fault` is told once; the stage works again with the first result that is young enough when it is published.
    """

    def __init__(self, limits: Mapping[str, int], clock: Clock, fault: Callable[[str, Exception], None]) -> None:
        self.limits = dict(limits)
        self._clock = clock
        self._fault = fault
        self._lock = threading.Lock()
        self._due: dict[str, int] = {}
        self._stale: set[str] = set()

    def start(self) -> None:
        """From now on results are expected."""
        with self._lock:
            self._due = dict.fromkeys(self.limits, self._clock.now() + START)

    def published(self, stage: str, stamp: int) -> bool:
        """Note a result of a capture at `stamp` (ns), and say whether it is young enough to be acted on."""
        limit = self.limits.get(stage)
        if limit is None:
            return True
        with self._lock:
            if self._clock.now() > stamp + limit:
                return False
            self._due[stage] = stamp + limit
            self._stale.discard(stage)
        return True

    def check(self, now: int) -> None:
        """Find results that have grown too old."""
        for stage in self.limits:
            with self._lock:
                stale = now > self._due.get(stage, now) and stage not in self._stale
                if stale:
                    self._stale.add(stage)
            if stale:
                allowed = self.limits[stage] / 1e6
                self._fault(stage, StaleResult(f"{stage} has given no result younger than {allowed:g} ms: {_LOOK}"))

    def forgive(self, ns: int) -> None:
        """Forgive nothing: a robot that drives by an old result does not care why it is old."""


class Expiry(Tap):
    """In virtual time: has every result looked at when it is about to be too old."""

    def __init__(self, freshness: Freshness, push: Callable[[int, Callable[[], object]], None], clock: Clock) -> None:
        self._freshness, self._push, self._clock = freshness, push, clock

    def start(self) -> None:
        """Expect the first results."""
        self._freshness.start()
        if self._freshness.limits:
            self._look_after(self._clock.now() + START)

    def published(self, result: Result, frame: Frame | None) -> None:
        """Look when this result will have been the newest for too long."""
        limit = self._freshness.limits.get(result.stream)
        if limit is not None:
            self._look_after(result.stamp + limit)

    def _look_after(self, t: int) -> None:
        self._push(t + 1, lambda: self._freshness.check(self._clock.now()))


_LOOK = "look at what feeds it, and whether its model keeps up"
