"""When a driver that failed is tried again: later each time, never all at once, and not for ever."""

from __future__ import annotations

import random
from collections import deque

from edgeai.clock import NS
from edgeai.driver import Retry

__all__ = ["Backoff"]

FIRST = 0.1
MOST = 1.0
"""Seconds to the first try and, doubled each time, between two tries at the most: a device that is back is found within
two seconds."""

_JITTER = 0.25
"""The part by which a wait is longer or shorter, by chance: what failed together is not tried together."""


class Backoff:
    """Decides when one driver is tried again. The chance is seeded by its name: the same in every run."""

    def __init__(self, name: str, retry: Retry) -> None:
        self._chance = random.Random(name)  # noqa: S311 - it spreads load, it guards nothing
        self._retry = retry
        self._restarts: deque[int] = deque(maxlen=max(1, retry.budget))
        self._wait = FIRST

    def next_try(self, now: int) -> int | None:
        """Return when to open the driver again (ns); None when its budget is spent."""
        budget, within = self._retry.budget, round(self._retry.within * NS)
        if budget == 0 or (len(self._restarts) == budget and now - self._restarts[0] < within):
            return None
        wait = self._wait * self._chance.uniform(1 - _JITTER, 1 + _JITTER)
        self._wait = min(2 * self._wait, MOST)
        return now + round(wait * NS)

    def restarted(self, now: int) -> None:
        """Count an opening that succeeded."""
        self._restarts.append(now)

    def worked(self) -> None:
        """Begin with short waits again: it delivered."""
        self._wait = FIRST
