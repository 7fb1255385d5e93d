"""From a device's own stamp to the pipeline's clock."""

from __future__ import annotations

from collections.abc import Mapping

from edgeai.clock import offset_to_monotonic
from edgeai.messages import StampClock, Timing

__all__ = ["Stamper", "clock_of", "detect_clock"]

_WINDOW = 10_000_000_000
"""How long (ns) a smallest transit counts for a device's free-running clock: long for jitter, short for drift."""
_SLIP = 1_000_000_000
"""How late (ns) a file may fall behind its own pace before its time slips instead: ages stay those of a camera."""
_OLDEST = 2_000_000_000
_FUTURE = 5_000_000
"""A stamp is taken for one of a clock when it is at most so old (ns), or so far ahead, on it."""
_SAME = 1_000_000
"""Clocks nearer to each other than this (ns) need not be told apart."""
_TRIES = 3


def clock_of(raw: int, arrival: int, offsets: Mapping[StampClock, int]) -> StampClock:
    """Name the clock on which a device stamps, from one stamp of it.

    `raw` is the stamp (ns), `arrival` the pipeline's time at which it came (ns), `offsets` what to add to each clock in
    question to reach the pipeline's. The answer is the clock that makes the capture the youngest without putting it
    into the future; of clocks that agree the one named first; `none` when no clock explains the stamp.
    """
    ages = {name: arrival - raw - offset for name, offset in offsets.items()}
    likely = [name for name, age in ages.items() if -_FUTURE <= age <= _OLDEST]
    return min(likely, key=lambda name: round(max(0, ages[name]) / _SAME), default="none")


def detect_clock(raw: int, arrival: int) -> StampClock:
    """Name the system clock (monotonic, boottime or utc) on which a device stamps, or `none`; see `clock_of`."""
    clocks: tuple[StampClock, ...] = ("monotonic", "boottime", "utc")
    return clock_of(raw, arrival, {name: _offset(name)[0] for name in clocks})


def _offset(name: str) -> tuple[int, int]:
    return min((offset_to_monotonic(name) for _ in range(_TRIES)), key=lambda pair: pair[1])


class Stamper:
    """Maps the stamps of one source; remembers what it must to do so.

    - monotonic: the pipeline's own clock, nothing to map.
    - boottime, utc: measured against the monotonic clock at every stamp, so a step of the wall clock shows as it is.
    - media: counted from the first capture, which bears its time of arrival (or of its pace). A file that cannot be
      read at its pace slips: from 1 s late on it is counted anew from the capture at hand.
    - device: a free-running counter; its offset is the smallest (arrival - raw) of the last 10 s, the classic estimate
      of the shortest transit. A counter that jumps back was restarted, and is measured anew.
    - none: the time of arrival.

    A stamp never lies in the future and never runs backwards.
    """

    def __init__(self) -> None:
        self._anchor: int | None = None
        self._last = -(1 << 62)
        self._transit = 0
        self._newer_transit = 0
        self._window_end: int | None = None
        self._device_raw = 0

    def anew(self) -> Stamper:
        """Return a stamper for the device opened again: its clock is measured anew, stamps go on from the last one."""
        made = Stamper()
        made._last = self._last
        return made

    def media_due(self, raw: int, now: int) -> int:
        """Return when a media stamp (ns) is due on the pipeline's clock: now for the first, and for one too late."""
        if self._anchor is None or self._anchor + raw < now - _SLIP:
            self._anchor = now - raw
        return self._anchor + raw

    def stamp(
        self, clock: StampClock, raw: int | None, arrival: int, measured: tuple[int, int] | None = None
    ) -> tuple[int, Timing]:
        """Return (stamp, its Timing) for a capture that arrived at `arrival` (ns).

        measured: the offset and its uncertainty, where the driver knows them better.
        """
        timing = self._timing(clock, raw, arrival) if measured is None else Timing(clock, raw, *measured)
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
            if raw < self._device_raw:
                self._window_end = None
            self._device_raw = raw
            transit = self._shortest_transit(arrival - raw, arrival)
            return Timing(clock, raw, transit, arrival - raw - transit)
        offset, uncertainty = _offset(clock)
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
