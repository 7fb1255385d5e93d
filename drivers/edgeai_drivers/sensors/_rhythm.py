"""How far apart a device's captures come, learned from when they arrive; pure."""

from __future__ import annotations

from collections import deque
from statistics import median

_COUNTED = 32
"""Gaps that are looked at, and that have to be seen before anything is said."""
_BURST = 2_000_000
"""ns between two captures that came with one look at the port: no gap."""
_LONG, _FEW = 2, 2
"""A gap is long that is twice the typical one, and two of them are no rhythm lost: a busy machine reads late. Of events
that come at random, eight of 32 are."""


class Rhythm:
    """Is told of each capture, and tells the rate of a device that delivers regularly."""

    rate: float | None = None
    """Captures a second by the longest of the newest gaps; None while little is known, or they are irregular."""

    def __init__(self) -> None:
        self._gaps: deque[int] = deque(maxlen=_COUNTED)
        self._last: int | None = None

    def arrived(self, t: int) -> None:
        """Take note of a capture at t (ns)."""
        gap = None if self._last is None else t - self._last
        if gap is None or gap >= _BURST:
            self._last = t
        if gap is not None and gap >= _BURST:
            self._gaps.append(gap)
            self.rate = self._regular() if len(self._gaps) == _COUNTED else None

    def _regular(self) -> float | None:
        typical = median(self._gaps)
        return 1e9 / max(self._gaps) if sum(gap > _LONG * typical for gap in self._gaps) <= _FEW else None
