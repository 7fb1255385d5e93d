"""Ticks at a fixed rate on a pipeline's clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edgeai.clock import NS, Clock

__all__ = ["Tick", "ticks"]


@dataclass(frozen=True, slots=True)
class Tick:
    """One turn of `Pipeline.rate`: its number, its time (ns), and how late it came (s)."""

    n: int
    t: int
    late: float


def ticks(clock: Clock, hz: float, sleep_until: Callable[[int], bool]) -> Iterator[Tick]:
    """Yield a tick each 1 / `hz` seconds from now, without those overslept, until `sleep_until` (ns) says False."""
    period = round(NS / hz)
    start, n = clock.now(), 0
    while True:
        n = max(n + 1, (clock.now() - start) // period)
        due = start + n * period
        if not sleep_until(due):
            return
        now = clock.now()
        yield Tick(n, due, (now - due) / NS)
