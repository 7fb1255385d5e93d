"""From a device's own stamp to the pipeline's clock."""

from __future__ import annotations

from edgeai.clock import offset_to_monotonic
from edgeai.messages import StampClock, Timing

__all__ = ["Stamper"]

_WINDOW = 10_000_000_000
"""How long (ns) a smallest transit counts for a device's free-running clock: long against jitter, short against drift."""


class Stamper:
    """Maps the stamps of one source; remembers what it must to do so.

    - monotonic: the pipeline's own clock, nothing to map.
    - boottime, utc: measured against the monotonic clock at every stamp, so a step of the wall clock shows as it is.
    - media: counted from the first capture, which bears its time of arrival (or of its pace).
    - device: a free-running counter; its offset is the smallest (arrival - raw) of the last 10 s, the classic estimate
      of the shortest transit.
    - none: the time of arrival.

    A stamp never lies in the future and never runs backwards.
    """

    def __init__(self) -> None:
        self._anchor: int | None = None
        self._last = -(1 << 62)
        self._transit = 0
        self._newer_transit = 0
        self._window_end: int | None = None

    def media_due(self, raw: int, now: int) -> int:
        """Return when a media stamp (ns) is due on the pipeline's clock; the first one is due now."""
        if self._anchor is None:
            self._anchor = now - raw
        return self._anchor + raw

    def stamp(self, clock: StampClock, raw: int | None, arrival: int) -> tuple[int, Timing]:
        """Return (stamp, its Timing) for a capture that arrived at `arrival` (ns)."""
        timing = self._timing(clock, raw, arrival)
        stamp = arrival if timing.raw is None else timing.raw + timing.offset
        stamp = max(min(stamp, arrival), self._last)
        self._last = stamp
        return stamp, timing

    def _timing(self, clock: StampClock, raw: int | None, arrival: int) -> Timing:
        if raw is None or clock == "none":
            return Timing()
        if clock == "monotonic":
            return Timing(clock, raw)
        if clock == "media":
            return Timing(clock, raw, self.media_due(raw, arrival) - raw)
        if clock == "device":
            transit = self._shortest_transit(arrival - raw, arrival)
            return Timing(clock, raw, transit, arrival - raw - transit)
        offset, uncertainty = offset_to_monotonic(clock)
        return Timing(clock, raw, offset, uncertainty)

    def _shortest_transit(self, transit: int, now: int) -> int:
        if self._window_end is None:
            self._transit = self._newer_transit = transit
            self._window_end = now + _WINDOW
        elif now >= self._window_end:
            self._transit, self._newer_transit = self._newer_transit, transit
            self._window_end = now + _WINDOW
        self._newer_transit = min(self._newer_transit, transit)
        self._transit = min(self._transit, self._newer_transit)
        return self._transit
