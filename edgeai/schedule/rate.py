"""Which captures are due at a chosen rate."""

from __future__ import annotations

__all__ = ["RateGate"]

_SMOOTHING = 8
"""The source's interval is averaged over about so many captures: quick to learn, steady against jitter."""


class RateGate:
    """Lets captures through at a rate: slots lie on a grid, and a due slot takes the next capture.

    A capture counts for a slot up to half a source interval early; so a camera at exactly the wanted rate passes whole
    in spite of jitter, and 15 of 30 frames a second are every other one.
    """

    def __init__(self, rate: float | None) -> None:
        """`rate` in Hz; None lets everything through."""
        self._period = None if rate is None else int(1e9 / rate)
        self._slot: int | None = None
        self._last: int | None = None
        self._interval = 0

    def takes(self, stamp: int) -> bool:
        """Say whether the capture of this stamp (ns) is due; stamps come in order."""
        if self._period is None:
            return True
        self._observe(stamp)
        if self._slot is None:
            self._slot = stamp
        if stamp + self._interval // 2 < self._slot:
            return False
        self._slot += self._period
        if self._slot <= stamp:
            self._slot = stamp + self._period
        return True

    def _observe(self, stamp: int) -> None:
        if self._last is not None:
            interval = stamp - self._last
            step = (interval - self._interval) // _SMOOTHING if self._interval else interval
            self._interval += step
        self._last = stamp
