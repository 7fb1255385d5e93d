"""From an aim to shares of operating points: one small linear programme a stage, one price of energy for all.

A stage's columns are pairs (point v, rate f). With a: accuracy, p: probability of a miss, t: mean duration, w: watts
above idle while it runs, c: the correction learnt, the shares x of time maximise

    sum x weight (a + bonus) (1 - p) g(f)                utility;  g(f) = 1 - exp(-f / rho)
    subject to  sum x = 1
                sum x max(f c w t / P, f t / U) <= s_k   stage k's share of the watts above idle P and the busy time U
                sum x f (p - e_t) <= 0                   misses over offered, e_t from the miss bank
                sum x f (floor - a (1 - p)) <= 0         where the aim has a floor and is not least energy

so at most three columns, four with a floor, are mixed: a point of the upper hull of (energy, utility) cut by the risk.
Where no point meets e_t, the one least likely to miss is taken: running late is better than not running, which is never
observed and never repaid. Lower rates save energy only; they never repay misses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum

from edgeai.schedule.columns import Columns, Means, lay_out
from edgeai.schedule.policy import Aim
from edgeai.schedule.programme import solve
from edgeai.schedule.stage import StageState

__all__ = ["Means", "StagePlan", "nearby", "plan_stage", "share_means"]

_OCTAVE = 2.0
"""Between two plans of all, a stage chooses among points within this factor of the durations it mixes: what moves
durations further in two seconds is no drift but a change of regime, and then all points are looked at."""

_PRICE_ROUNDS = 12
"""Prices tried at most: the means are then shared to well under a hundredth."""

_UNSPENT = 0.01
"""A price is good enough once it leaves so little of the means: that is offered to one stage after the other."""

_SAME = 1e-9
"""Values that differ by such a part are the same but for rounding."""


@dataclass(frozen=True, slots=True)
class StagePlan:
    """What a plan gives a stage: shares of points among the frames served, the share of frames served.

    used: its share of the means, 0..1. watts: above idle. feasible: whether any point keeps the miss rate. value: of
    the objective, to compare plans of one stage and aim. reach: the most on-time accuracy any of its points gives.
    """

    shares: tuple[tuple[int, float], ...]
    served: float
    used: float
    watts: float
    feasible: bool
    value: float = 0.0
    reach: float = 0.0


@dataclass(slots=True)
class _Mix:
    """Shares of columns, what they use of the means, and what they are worth."""

    weights: dict[int, float]
    used: float
    value: float


def plan_stage(
    state: StageState,
    aim: Aim,
    correction: float,
    means: Means,
    share: float = 1.0,
    points: Sequence[int] | None = None,
    *,
    near: bool = False,
) -> StagePlan:
    """Plan one stage on its own, with its share of the means.

    points: what the plan would be if these were resident, in place of those that are. near: only those that `nearby`
    gave at the last plan of all.
    """
    columns = lay_out(state, aim, correction, means, points, near=near)
    return _plan(state, columns, _mix(state, columns, aim, share, 0.0))


def nearby(state: StageState) -> tuple[int, ...]:
    """Return the points worth looking at until the next plan of all: the least, and those within an octave."""
    expected = {point: state.model.expected(point) for point in state.resident}
    mixed = [expected[point] for point, _ in state.mixer.shares if point in expected]
    low, high = min(mixed, default=0) / _OCTAVE, max(mixed, default=0) * _OCTAVE
    least = min(expected, key=expected.__getitem__)
    return tuple(point for point, ns in expected.items() if low <= ns <= high or point == least)


def share_means(
    states: list[StageState],
    aim: Aim,
    corrections: list[float],
    means: Means,
    points: Sequence[Sequence[int] | None] | None = None,
) -> list[StagePlan]:
    """Plan several stages together, at one price of the means.

    Each stage takes argmax U - price x cost; the price is the least at which the means suffice, and what is then left
    is offered to one stage after the other. points: for each stage as in plan_stage.
    """
    points = points or [None] * len(states)
    columns = [lay_out(state, aim, c, means, p) for state, c, p in zip(states, corrections, points, strict=True)]
    both = list(zip(states, columns, strict=True))

    def at(price: float) -> list[_Mix]:
        return [_mix(state, each, aim, None, price) for state, each in both]

    mixes = at(0.0)
    if fsum([mix.used for mix in mixes]) > 1.0:
        mixes = _priced(at, mixes, 1.0 + max(_dearest(each) for each in columns))
        left = max(0.0, 1.0 - fsum([mix.used for mix in mixes]))
        for i, (state, each) in enumerate(both):
            mix = _mix(state, each, aim, mixes[i].used + left, 0.0)
            left = max(0.0, left - mix.used + mixes[i].used)
            mixes[i] = mix
    return [_plan(state, each, mix) for (state, each), mix in zip(both, mixes, strict=True)]


def _priced(at: Callable[[float], list[_Mix]], beyond: list[_Mix], dearest: float) -> list[_Mix]:
    """Return the mixes at the least price of the means at which they suffice; `beyond` are those at no price.

    max U - price x cost is a convex chain of lines in the price, one line a mix: where the line of too dear a mix meets
    that of one that is paid for, either a third lies above both, and takes the place of one, or the price is found
    (Kelley, J. SIAM 1960: the cutting plane, in one dimension).
    """
    paid = at(dearest)
    for _ in range(_PRICE_ROUNDS):
        (much, worth), (little, least) = _sums(beyond), _sums(paid)
        if much - little < _UNSPENT or little > 1.0 - _UNSPENT:
            break
        price = (worth - least) / (much - little)
        tried = at(price)
        used, value = _sums(tried)
        if value - price * used <= worth - price * much + _SAME * abs(worth):
            break
        if used > 1.0:
            beyond = tried
        else:
            paid = tried
    return paid


def _dearest(columns: Columns) -> float:
    """Return a price at which a stage takes what costs least, and more than any of its columns is worth."""
    return max([abs(v) / max(c, 1e-6) for v, c in zip(columns.values, columns.costs, strict=True)])


def _sums(mixes: list[_Mix]) -> tuple[float, float]:
    return fsum([mix.used for mix in mixes]), fsum([mix.value for mix in mixes])


def _mix(state: StageState, columns: Columns, aim: Aim, share: float | None, price: float) -> _Mix:
    values = columns.values
    if price:
        values = [v - price * c for v, c in zip(values, columns.costs, strict=True)]
    rows: list[list[float]] = []
    limits: list[float] = []
    if columns.feasible and max(columns.risks) > 0.0:
        rows.append(columns.risks)
        limits.append(0.0)
    if share is not None and max(columns.costs) > share:
        scale = 1.0 / max(share, 1e-3)
        rows.append([c * scale for c in columns.costs])
        limits.append(share * scale)
    if aim.accuracy > 0.0 and aim.objective != "energy":
        rows.append(columns.floors)
        limits.append(0.0)
    best = values.index(max(values))
    if not [row for row, limit in zip(rows, limits, strict=True) if row[best] > limit]:
        return _Mix({best: 1.0}, columns.costs[best], columns.values[best])
    solution = solve(values, rows, limits, state.basis if columns.real else ())
    if columns.real:
        state.basis = solution.basis
    used = value = 0.0
    for j, w in solution.shares.items():
        used += w * columns.costs[j]
        value += w * columns.values[j]
    return _Mix(solution.shares, used, value)


def _plan(state: StageState, columns: Columns, mix: _Mix) -> StagePlan:
    runs: dict[int, float] = {}
    total = 0.0
    for j, w in mix.weights.items():
        point, rate = columns.points[j], w * columns.rates[j]
        runs[point] = runs.get(point, 0.0) + rate
        total += rate
    return StagePlan(
        tuple([(point, runs[point] / total) for point in sorted(runs)]),
        min(1.0, total / (state.rate() or 1.0)),
        mix.used,
        fsum([columns.joules[point] * run for point, run in runs.items()]),
        columns.feasible,
        mix.value,
        columns.reach,
    )
