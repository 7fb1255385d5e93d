"""The newest message of a stream and the recent past of a sensor, for code that must never block."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from edgeai.clock import NS, Clock
from edgeai.messages import FAULT, FRESH, NEVER, STALE, Basis, Frame, Reading, Result, Snapshot
from edgeai.perception.tracking.tracks import Tracks
from edgeai.runtime.plan import Plan
from edgeai.runtime.taps import Fault, Tap

__all__ = ["Latest", "LatestTap"]

_MOST_READINGS = 100_000
"""Readings kept of one sensor at the most, whatever its history in seconds: 100 s at 1 kHz."""


class Latest:
    """A handle on the newest message of one stream. Any thread may call `get`; it never blocks and never raises."""

    def __init__(self, name: str, clock: Clock, plan: Callable[[str], Plan | None]) -> None:
        self.name = name
        self._plan = plan
        self._clock = clock
        self._state: tuple[tuple[Result | Reading, ...], tuple[Fault, ...]] = ((), ())
        """The newest message of each basis, the newest of all last; and the faults."""

    def get(
        self, max_age: float | None = None, *, basis: Basis | Collection[Basis] | None = None, at: int | None = None
    ) -> Snapshot[Any]:
        """Return a snapshot: FRESH, or STALE when older than `max_age` seconds, or NEVER, or FAULT.

        basis: only a result that rests on this (`inferred`: a model looked at the very frame), or one of these. at: a
        time (ns) to which the boxes of a tracked stage are carried; the result then has that stamp, the basis
        `coasted`, and the stamp of the last inference, while the age stays that of what was seen. Values that do not
        move are given as they are.

        A fault lasts until what failed works again and the stream has published; the snapshot then still holds the last
        message, with its age.
        """
        messages, faults = self._state
        if basis is not None:
            wanted = (basis,) if isinstance(basis, str) else basis
            messages = tuple(message for message in messages if _basis(message) in wanted)
        message = messages[-1] if messages else None
        snapshot = self._judged(message, faults, max_age)
        return snapshot if at is None or message is None else replace(snapshot, message=_coasted(message, at))

    def at(self, t: int, max_age: float | None = None) -> Snapshot[Any]:
        """Return where a tracked stage's objects are at time t (ns): `get(max_age, at=t)`."""
        return self.get(max_age, at=t)

    def _judged(
        self, message: Result | Reading | None, faults: tuple[Fault, ...], max_age: float | None
    ) -> Snapshot[Any]:
        age = math.inf if message is None else (self._clock.now() - message.stamp) / NS
        if faults:
            return Snapshot(FAULT, age, message, str(faults[-1]))
        if message is None:
            return Snapshot(NEVER, age, None, f"{self.name} has published nothing yet")
        if max_age is not None and age > max_age:
            return Snapshot(STALE, age, message, f"{age * 1e3:.0f} ms old, {max_age * 1e3:.0f} ms allowed")
        return Snapshot(FRESH, age, message)

    @property
    def plan(self) -> Plan | None:
        """How the stage is run now (variant, threads, rate, watts) and why; None for a sensor, and before the start."""
        return self._plan(self.name)

    def put(self, message: Result | Reading, failed: Collection[str] = ()) -> None:
        """Take a new message; ends every fault but those of what is in `failed`. One thread at a time."""
        messages, faults = self._state
        others = tuple(other for other in messages if _basis(other) != _basis(message))
        self._state = ((*others, message), tuple(fault for fault in faults if fault.name in failed) if faults else ())

    def fault(self, fault: Fault) -> None:
        """Keep the last message and mark it as not to be trusted. One thread at a time."""
        self._state = (self._state[0], (*self._state[1], fault))


def _basis(message: Result | Reading) -> Basis:
    return message.basis if isinstance(message, Result) else "inferred"


def _coasted(message: Result | Reading, t: int) -> Result | Reading:
    """Return a tracked result carried to time t (ns), the pipeline's; anything else as it is."""
    if not isinstance(message, Result) or not isinstance(message.value, Tracks):
        return message
    tracks = message.value
    there = tracks.at(tracks.stamp + t - message.stamp)
    return replace(message, stamp=t, value=there, basis="coasted")


class History:
    """Readings of one sensor within the last `seconds`; what does not fit into memory is counted in `overflow`."""

    def __init__(self, seconds: float) -> None:
        self.overflow = 0
        self._span = int(seconds * NS)
        self._readings: deque[Reading] = deque()

    def put(self, reading: Reading) -> None:
        """Add the newest reading, forget those too old."""
        readings = self._readings
        readings.append(reading)
        while readings[0].stamp < reading.stamp - self._span:
            readings.popleft()
        if len(readings) > _MOST_READINGS:
            readings.popleft()
            self.overflow += 1

    def last(self, seconds: float, now: int) -> tuple[Reading, ...]:
        """Return the readings of the last `seconds` before `now` (ns), oldest first."""
        since = now - int(seconds * NS)
        return tuple(reading for reading in self._readings.copy() if reading.stamp >= since)


class LatestTap(Tap):
    """Keeps the newest message of every stage and sensor, and the histories of the sensors."""

    def __init__(self, stages: Mapping[str, Collection[str]], sensors: dict[str, float], clock: Clock) -> None:
        """`stages` maps each stage to all it depends on, `sensors` each sensor to its history in seconds."""
        self.plans: Callable[[str], Plan] | None = None
        """Tells how a stage is run; set when the engine has been made."""
        self._latest = {name: Latest(name, clock, self._plan) for name in (*stages, *sensors)}
        self._feeds = stages
        self._failed: set[str] = set()
        self._lock = threading.Lock()
        self.histories = {name: History(seconds) for name, seconds in sensors.items()}

    def __getitem__(self, name: str) -> Latest:
        return self._latest[name]

    def names(self) -> list[str]:
        """Return the names of all streams and sensors."""
        return list(self._latest)

    def _plan(self, name: str) -> Plan | None:
        return None if self.plans is None or name not in self._feeds else self.plans(name)

    def published(self, result: Result, frame: Frame | None) -> None:
        """Make a result the newest of its stream."""
        with self._lock:
            self._latest[result.stream].put(result, self._failed)

    def sensed(self, reading: Reading) -> None:
        """Make a reading the newest of its sensor."""
        self.histories[reading.source].put(reading)
        with self._lock:
            self._latest[reading.source].put(reading, self._failed)

    def faulted(self, fault: Fault) -> None:
        """Distrust the stream that failed, and every stage that depends on it."""
        with self._lock:
            self._failed.add(fault.name)
            for name, latest in self._latest.items():
                if name == fault.name or fault.name in self._feeds.get(name, ()):
                    latest.fault(fault)

    def recovered(self, name: str) -> None:
        """Trust what depends on it again, once it has published."""
        with self._lock:
            self._failed.discard(name)
