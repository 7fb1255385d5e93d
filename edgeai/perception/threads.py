"""Numbers of threads: which are worth trying, and which are worth having."""

from __future__ import annotations

import os
from collections.abc import Mapping

__all__ = ["cores", "to_try", "worth_having"]

SAVES = 0.1
"""A slower number of threads is worth an interpreter of its own where it saves a tenth of the energy of each quicker
one: less is within what a board's table knows of its cores."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def to_try(count: int, lanes: int = 1) -> tuple[int, ...]:
    """Return the numbers worth measuring on so many cores: 1, doubling, and a lane's share of them."""
    share = max(1, count // lanes)
    return tuple(sorted({1, share, *(2**n for n in range(1, 7) if 2**n <= share)}))


def worth_having(times: Mapping[int, float]) -> tuple[int, ...]:
    """Return the numbers of threads that none of the others dominates in time and energy, the quickest first.

    times: duration by number of threads. Energy goes with threads x time, as each busy core takes its watts.
    """
    kept: list[int] = []
    for threads in sorted(times, key=lambda n: (times[n], n)):
        energy = threads * times[threads]
        if all(energy <= (1.0 - SAVES) * other * times[other] for other in kept):
            kept.append(threads)
    return tuple(kept)
