"""What stages owe each other, for a job is not interrupted: short jobs, expected waits, time for who comes behind."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from edgeai.schedule.shape import Z99
from edgeai.schedule.stage import StageState

__all__ = ["behind", "cap_jobs", "expect_waits"]


def cap_jobs(states: list[StageState], lanes: int) -> None:
    """Keep jobs short enough for the others: not even the least job of another stage may be late behind one.

    Jobs are not interrupted, so the longest of the others blocks once (Jeffay, Stanat, Martel, RTSS 1991): for each
    stage the duration nine runs in ten keep, plus that which 99 in 100 of another's quickest point keep, is to be
    within the other's slack. Lanes that outnumber the other stages never block.
    """
    for state in states:
        state.cap = None
        others = [other for other in states if other is not state and other.slack() is not None]
        if len(others) < lanes:
            continue
        rooms = []
        for other in others:
            slack = other.slack() or 0
            need = min(other.model.within(p, Z99) for p in other.resident)
            if need < slack:
                rooms.append(slack - need)
        state.cap = min(rooms, default=None)


def expect_waits(states: Sequence[StageState], lanes: int, busy: float) -> None:
    """Before any wait was seen: the lanes are busy as planned, and half of the others' longest job is left.

    busy: the part of a lane's time that is planned for.
    """
    if len(states) <= lanes:
        return
    for state in states:
        others = [other for other in states if other is not state]
        share = fsum(other.allotted for other in others) * busy
        longest = max(other.model.expected(p) for other in others for p, _ in other.mixer.shares)
        state.guard.share, state.guard.wait = min(1.0, share), longest / 2.0


def behind(state: StageState, states: Sequence[StageState]) -> int:
    """Return the expected duration (ns) of the longest chain of stages behind one; ask for children before parents."""
    return max(
        (
            child.model.expected(child.mixer.shares[0][0]) + child.reserve
            for child in states
            if child.load.chained and child.load.origin == state.load.name
        ),
        default=0,
    )
