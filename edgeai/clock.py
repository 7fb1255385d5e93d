"""The only place that reads a clock or sleeps.

Time inside edgeai is an integer of nanoseconds on the pipeline's clock: the system's monotonic clock when live, a
virtual one in lock-step. Public durations are seconds as floats.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

__all__ = ["NS", "Clock", "SystemClock", "VirtualClock", "offset_to_monotonic", "thread_cpu", "time_of_day", "utc"]

NS = 1_000_000_000
"""Nanoseconds in a second."""


class Clock(Protocol):
    """What the pipeline knows of time."""

    def now(self) -> int:
        """Return the time in nanoseconds."""
        ...

    def sleep_until(self, t: int) -> None:
        """Return at time t (ns), or at once if it has passed; a clock that is stopped wakes its sleepers early."""
        ...


class SystemClock:
    """The system's monotonic clock; `stop` wakes every sleeper."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    now = staticmethod(time.monotonic_ns)

    def sleep_until(self, t: int) -> None:
        """Sleep to time t (ns) or until `stop`."""
        left = t - time.monotonic_ns()
        if left > 0:
            self._stopped.wait(left / NS)

    def give_way(self) -> None:
        """Let threads that were just woken have the interpreter; takes some 60 us on Linux, its timer slack."""
        time.sleep(0)

    def stop(self) -> None:
        """Wake every sleeper, now and from now on."""
        self._stopped.set()


class VirtualClock:
    """A clock that stands still until it is set; the lock-step engine sets it."""

    def __init__(self, start: int = 0) -> None:
        self._now = start

    def now(self) -> int:
        """Return the virtual time in nanoseconds."""
        return self._now

    def sleep_until(self, t: int) -> None:
        """Advance to t: in virtual time, to wait is to let time pass."""
        if t > self._now:
            self._now = t


def thread_cpu(clock: Clock) -> int:
    """Return the CPU time the calling thread has used, in nanoseconds; by a virtual clock, computing takes none."""
    return 0 if isinstance(clock, VirtualClock) else time.thread_time_ns()


def utc() -> int:
    """Return the wall clock's time, nanoseconds since 1970 in UTC."""
    return time.time_ns()


def time_of_day() -> float:
    """Return the seconds since the last local midnight."""
    now = time.localtime()
    return 3600.0 * now.tm_hour + 60.0 * now.tm_min + now.tm_sec


def _boottime() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


_READ: dict[str, Callable[[], int]] = {
    "monotonic": time.monotonic_ns,
    "boottime": _boottime,
    "utc": time.time_ns,
}


def offset_to_monotonic(name: str) -> tuple[int, int]:
    """Measure what to add to a stamp of the clock `name` (monotonic, boottime, utc) to have it on the monotonic clock.

    Returns (offset, uncertainty) in ns: the other clock is read between two readings of the monotonic one, and the
    uncertainty is half their distance.
    """
    if name == "monotonic":
        return 0, 0
    before = time.monotonic_ns()
    other = _READ[name]()
    after = time.monotonic_ns()
    return (before + after) // 2 - other, (after - before + 1) // 2
