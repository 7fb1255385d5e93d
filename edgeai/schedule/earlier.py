"""Schedulers whose state an earlier edgeai wrote: what has since moved, or come."""

from __future__ import annotations

from edgeai.schedule.account import EnergyAccount
from edgeai.schedule.announcer import Announcer
from edgeai.schedule.batch import Batches
from edgeai.schedule.scheduler import Scheduler

__all__ = ["upgrade"]

_ACCOUNTED = ("energy", "bank", "rejected", "power", "spent", "_full_load", "_settled", "_metered")
"""What the planner held in version 1, and its account holds since."""


def upgrade(scheduler: Scheduler, version: int) -> None:
    """Bring a scheduler just restored to what this edgeai's is. Raises KeyError for one that is damaged."""
    if version > 1:
        return
    planner = scheduler.planner
    held = vars(planner)
    announcer = held["_announcer"] = Announcer(planner.notes)
    vars(announcer)["_said"] = held.pop("_said")
    planner.account = EnergyAccount(planner.states, announcer)
    for name in _ACCOUNTED:
        setattr(planner.account, name, held.pop(name))
    held.setdefault("_started", 0.0)
    for name, value in {"paused": False, "batches": Batches(), "_aboard": ()}.items():
        vars(scheduler).setdefault(name, value)
    for state in planner.states:
        for name, part in {"aboard": 1, "stretch": 1.0, "part": 1.0, "nearby": ()}.items():
            vars(state).setdefault(name, part)
