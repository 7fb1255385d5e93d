"""Which point to load, and which to let go for it: plans are compared, with and without."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from math import fsum, log

from edgeai.schedule.plan import Means, StagePlan, plan_stage, share_means
from edgeai.schedule.policy import Aim
from edgeai.schedule.stage import StageState

__all__ = ["Exchange", "Judge", "held", "make_room", "neighbour", "quickest"]

Slot = tuple[StageState, int]
"""An operating point of a stage."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Load `point` of `state`, after letting go of `leaving`.

    gain: what the plan's value rises by, as a share of it. forced: what is resident cannot do what is asked.
    """

    state: StageState
    point: int
    leaving: tuple[Slot, ...]
    gain: float
    forced: bool


def held(states: Sequence[StageState]) -> int:
    """Return the bytes that resident points take."""
    return int(fsum(state.load.points[point].memory for state in states for point in state.resident))


def quickest(state: StageState, points: Collection[int]) -> int:
    """Return the point least likely to be late: the quickest, or the smallest where nothing is known of some."""
    if all(state.model.points[point] is not None for point in points):
        return min(points, key=lambda point: (state.model.expected(point), point))
    return min(points, key=lambda point: (state.load.points[point].memory, point))


def make_room(
    states: Sequence[StageState], limit: int, wanted: Slot, loss: Callable[[Slot, tuple[Slot, ...]], tuple[float, int]]
) -> tuple[Slot, ...] | None:
    """Return what has to go for a point to fit, least loss first; None where that is not enough.

    The quickest resident point of a stage stays, and what runs.
    """
    state, point = wanted
    room = limit - held(states)
    leaving: tuple[Slot, ...] = ()
    while room < state.load.points[point].memory:
        candidates = [
            (other, p)
            for other in states
            for p in other.resident
            if other.load.points[p].memory
            and (other, p) not in leaving
            and p != quickest(other, other.resident)
            and (other.running is None or other.running.point != p)
        ]
        if not candidates:
            return None
        best = min(candidates, key=lambda slot: loss(slot, leaving))
        room += best[0].load.points[best[1]].memory
        leaving = (*leaving, best)
    return leaving


def neighbour(state: StageState, free: int, barred: Collection[Slot]) -> tuple[float, int] | None:
    """Return how far the point that fits into `free` bytes and is furthest from all resident ones is, and the point.

    Distances are between logarithms of durations.

    So the resident ones come to cover the ladder, and a board that slows down finds one near what it then needs
    (farthest-point sampling; Gonzalez, 1985). Points slower than what is planned, and points beside which a quicker
    one is as accurate, are of no use to it.
    """
    expected, points = state.model.expected, state.load.points
    slowest = max(expected(point) for point, _ in state.mixer.shares)
    useful = [
        point
        for point in range(len(points))
        if point not in state.resident
        and (state, point) not in barred
        and 0 < expected(point) <= slowest
        and points[point].memory <= free
        and not any(
            expected(other) <= expected(point) and points[other].accuracy >= points[point].accuracy
            for other in range(len(points))
            if other != point
        )
    ]
    away = [(min(abs(log(expected(p) / max(1, expected(r)))) for r in state.resident), -p) for p in useful]
    if not away:
        return None
    distance, point = max(away)
    return distance, -point


class Judge:
    """Compares what stages could do with other points resident, all else being as it is."""

    def __init__(
        self, states: list[StageState], aim: Aim, corrections: list[float], means: Means, barred: Collection[Slot]
    ) -> None:
        self._states = states
        self._aim = aim
        self._corrections = {state.index: c for state, c in zip(states, corrections, strict=True)}
        self._means = means
        every = [
            [p for p in range(len(s.load.points)) if s.model.points[p] is not None and (s, p) not in barred]
            for s in states
        ]
        if len(states) == 1:
            self._best = {states[0].index: plan_stage(states[0], aim, corrections[0], means, 1.0, every[0])}
            self._share = {states[0].index: 1.0}
        else:
            plans = share_means(states, aim, corrections, means, every)
            self._best = {state.index: plan for state, plan in zip(states, plans, strict=True)}
            self._share = {index: plan.used for index, plan in self._best.items()}

    def exchanges(self, limit: int, everyone: Sequence[StageState], idle: Callable[[Slot], int]) -> list[Exchange]:
        """Return the best exchange of each stage that could gain by one, the forced first, then the most gain.

        idle: when a point was last planned; of points that are missed equally, the longest unused goes.
        """
        found = [self._exchange(state, limit, everyone, idle) for state in self._states]
        return sorted((e for e in found if e is not None), key=lambda e: (not e.forced, -e.gain, e.state.index))

    def _exchange(
        self, state: StageState, limit: int, everyone: Sequence[StageState], idle: Callable[[Slot], int]
    ) -> Exchange | None:
        wanted = [point for point, _ in self._best[state.index].shares if point not in state.resident]
        if not wanted:
            return None
        now = self._plan(state, state.resident)
        best: Exchange | None = None
        for point in wanted:
            with_it = {state.index: (*state.resident, point)}

            def value(
                of: StageState, leaving: tuple[Slot, ...], with_it: dict[int, tuple[int, ...]] = with_it
            ) -> float:
                points = with_it.get(of.index, of.resident)
                return self._value(of, [p for p in points if (of, p) not in leaving])

            def loss(slot: Slot, leaving: tuple[Slot, ...], value: Callable[..., float] = value) -> tuple[float, int]:
                return round(value(slot[0], leaving) - value(slot[0], (*leaving, slot)), 9), idle(slot)

            leaving = make_room(everyone, limit, (state, point), loss)
            if leaving is None:
                continue
            after = self._plan(state, [p for p in with_it[state.index] if (state, p) not in leaving])
            others = {slot[0].index: slot[0] for slot in leaving if slot[0] is not state}
            lost = fsum(value(other, ()) - value(other, leaving) for other in others.values())
            gain = (after.value - now.value - lost) / max(1e-9, abs(now.value))
            floor = self._aim.accuracy
            forced = (after.feasible and not now.feasible) or now.reach < min(floor, after.reach)
            if best is None or (forced, gain) > (best.forced, best.gain):
                best = Exchange(state, point, leaving, gain, forced)
        return best

    def _plan(self, state: StageState, points: Sequence[int]) -> StagePlan:
        share = self._share[state.index]
        return plan_stage(state, self._aim, self._corrections[state.index], self._means, share, sorted(points))

    def _value(self, state: StageState, points: Sequence[int]) -> float:
        return self._plan(state, points).value if state.index in self._share else 0.0
