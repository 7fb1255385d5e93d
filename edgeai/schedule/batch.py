"""Which waiting items run as one: those of stages that share a model, where that gains and nobody is late for it.

Nobody waits for company: only what waits already is taken along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeai.schedule.events import Batching
from edgeai.schedule.shape import Z99
from edgeai.schedule.stage import StageState

__all__ = ["LEAST_GAIN", "Batches"]

LEAST_GAIN = 1.1
"""A batch has to save a tenth of the lane's time: less would not make up for the most urgent item's longer wait."""

Mate = tuple[StageState, int]
"""A stage whose waiting item is taken along, and the operating point it runs at."""


@dataclass(frozen=True, slots=True)
class Batches:
    """What was measured of the stages that share a model."""

    groups: tuple[Batching, ...] = ()

    def of(self, stage: str, point: int) -> Batching | None:
        """Return the group that an operating point belongs to."""
        return next((group for group in self.groups if (stage, point) in group.members), None)

    def stretch(self, stage: str, point: int) -> float:
        """Return how much longer a run of several items takes than one of a single item."""
        group = self.of(stage, point)
        return 1.0 if group is None or group.stretch is None else group.stretch

    def told(self, stage: str, point: int) -> str:
        """Return whether a point is batched, or why not; nothing where it shares its model with no other stage."""
        group = self.of(stage, point)
        return "" if group is None else group.told

    def company(
        self, lead: StageState, point: int, ready: Sequence[StageState], room: int, t: int
    ) -> tuple[list[Mate], float]:
        """Return who runs together with the lead, which begins at time t (ns), and how much longer that run takes.

        ready: the stages whose items wait and may run. room: how many of them may be taken along. Every item aboard is
        in time by the predicted 99th percentile of the whole run, or it is not aboard; and no item that stays behind
        becomes late by it.
        """
        group = self.of(lead.load.name, point)
        if group is None or group.stretch is None or room < 1:
            return [], 1.0
        alone = t + lead.model.expected(point)
        longest = round(group.stretch * lead.model.within(point, Z99))
        together = t + longest
        if not longest or not _in_time(lead, together) or (lead.cap is not None and longest > lead.cap):
            return [], 1.0
        points = dict(group.members)
        mates = [
            (state, points[state.load.name])
            for state in sorted(ready, key=_urgency)
            if _shares(state, points.get(state.load.name)) and _in_time(state, together)
        ][:room]
        aboard = {state.index for state, _ in mates}
        left = [state for state in ready if state.index not in aboard]
        if (1 + len(mates)) / group.stretch <= LEAST_GAIN or any(_spoilt(state, alone, together) for state in left):
            return [], 1.0
        return mates, group.stretch


def _shares(state: StageState, point: int | None) -> bool:
    """Say whether a point is one that the stage's plan mixes."""
    return point in state.resident and any(point == mixed for mixed, _ in state.mixer.shares)


def _in_time(state: StageState, end: int) -> bool:
    """Say whether the item that a stage has in hand, started or waiting, is in time when it ends then (ns)."""
    due = _due(state)
    return due is None or end <= due


def _spoilt(state: StageState, alone: int, together: int) -> bool:
    """Say whether a waiting item could begin at `alone` and be in time, and at `together` could not."""
    due = _due(state)
    takes = state.model.expected(state.mixer.shares[0][0])
    return due is not None and alone + takes <= due < together + takes


def _urgency(state: StageState) -> int:
    assert state.waiting is not None
    return state.waiting.stamp + state.allowance


def _due(state: StageState) -> int | None:
    if state.load.deadline is None or state.load.lossless:
        return None
    item = state.waiting or state.running
    assert item is not None
    return item.stamp + state.load.deadline
