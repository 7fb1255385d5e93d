"""Counts of every stream since the start: results by variant, and how long each step took."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Iterable

from edgeai.messages import Frame, Result
from edgeai.runtime.taps import Tap

__all__ = ["BOUNDS", "Histogram", "StreamTally", "Tallies"]

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the histograms, seconds."""

_RECENT = 600
"""Results whose latencies and ages make the percentiles shown: 20 s at 30 a second."""


class Histogram:
    """How many durations were at most each bound, and their sum in seconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Count a duration."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


class StreamTally:
    """Counts of one stream; written by the lane that publishes, read by anybody."""

    def __init__(self) -> None:
        self.by_variant: Counter[tuple[str, int]] = Counter()
        self.latency = Histogram()
        self.steps: defaultdict[str, Histogram] = defaultdict(Histogram)
        self.recent: deque[float] = deque(maxlen=_RECENT)

    def add(self, result: Result) -> None:
        """Count a result: its latency from capture, and its own steps by their marks, `queued` for the lane."""
        latency = result.latency
        self.by_variant[result.variant, result.threads] += 1
        self.latency.add(latency)
        self.recent.append(latency)
        before = result.stamp
        for stage, mark, t in result.ledger:
            if stage == result.stream and mark != "published":
                self.steps["queued" if mark == "started" else mark].add((t - before) * 1e-9)
            before = t

    def percentiles(self, *parts: float) -> list[float]:
        """Return percentiles of the recent latencies in seconds, zeros before the first result."""
        ordered = sorted(self.recent.copy())
        return [ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0 for part in parts]


class Tallies(Tap):
    """A tally for each stream."""

    def __init__(self, streams: Iterable[str]) -> None:
        self.of = {name: StreamTally() for name in streams}

    def published(self, result: Result, frame: Frame | None) -> None:
        """Count a result."""
        self.of[result.stream].add(result)
