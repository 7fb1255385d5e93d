"""Rates and latencies of the streams, for status lines and summaries."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from edgeai.clock import NS
from edgeai.messages import Frame, Result
from edgeai.runtime.taps import Tap

__all__ = ["Meter", "StreamFigures"]

_WINDOW = 2 * NS
"""A rate is counted over the last two seconds: steady to read, quick to follow."""

_KEPT = 20_000
"""Latencies kept of one stream for its percentiles: eleven minutes at 30 a second."""


@dataclass(frozen=True, slots=True)
class StreamFigures:
    """Of one stream: results, results a second (over the last 2 s, and over all), latency percentiles in seconds."""

    results: int
    fps: float
    mean_fps: float
    latency_p50: float
    latency_p99: float


class Meter(Tap):
    """Counts what every stream publishes."""

    def __init__(self) -> None:
        self._streams: dict[str, _Stream] = {}

    def published(self, result: Result, frame: Frame | None) -> None:
        """Count a result."""
        stream = self._streams.get(result.stream)
        if stream is None:
            stream = self._streams[result.stream] = _Stream(result.published)
        stream.add(result)

    def figures(self, name: str, now: int) -> StreamFigures:
        """Return the figures of a stream at time `now` (ns); zeros before its first result."""
        stream = self._streams.get(name)
        return stream.figures(now) if stream is not None else StreamFigures(0, 0.0, 0.0, 0.0, 0.0)


class _Stream:
    def __init__(self, first: int) -> None:
        self._first = self._last = first
        self._results = 0
        self._recent: deque[int] = deque()
        self._latencies: deque[float] = deque(maxlen=_KEPT)

    def add(self, result: Result) -> None:
        t = result.published
        self._last = t
        self._results += 1
        self._recent.append(t)
        while self._recent[0] < t - _WINDOW:
            self._recent.popleft()
        self._latencies.append(result.latency)

    def figures(self, now: int) -> StreamFigures:
        recent = sum(1 for t in self._recent.copy() if t > now - _WINDOW)
        span = min(_WINDOW, now - self._first)
        over_all = self._last - self._first
        ordered = sorted(self._latencies.copy())
        return StreamFigures(
            self._results,
            recent * NS / span if span > 0 else 0.0,
            (self._results - 1) * NS / over_all if over_all > 0 else 0.0,
            _percentile(ordered, 0.5),
            _percentile(ordered, 0.99),
        )


def _percentile(ordered: list[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0
