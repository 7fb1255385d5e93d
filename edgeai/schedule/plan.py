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

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, fsum, sqrt

from edgeai.schedule.policy import Aim
from edgeai.schedule.programme import solve
from edgeai.schedule.stage import StageState

__all__ = ["Means", "StagePlan", "gain_of_rate", "nearby", "plan_stage", "share_means"]

SCENE = 5.0
"""rho in Hz: what a robot of walking pace sees changes in about a fifth of a second; closer frames repeat it."""

CURIOSITY = 0.2
"""Accuracy a standard deviation of an unknown bias is worth (log units): a point wrongly thought 10 % slow is tried as
long as it might cost two points of accuracy, less than the step between two variants of a ladder. Where energy is
aimed at, a point is hoped to take less by that standard deviation itself: the lower end of what is believed of it."""

_STEPS = (1.0, 0.5, 0.2, 0.05)
"""Rates tried, as shares of the highest; between them the programme mixes, to within 4 % of g."""

_EVEN = 0.999
"""A rate this near to another is the same."""

_RARE = 0.005
"""Waits rarer than this are left to the tail's ratio: half of a usual miss rate."""

Z90, Z99 = 1.2815515655446004, 2.3263478740408408
"""Normal scores of nine runs in ten and ninety-nine in a hundred."""

_OCTAVE = 2.0
"""Between two plans of all, a stage chooses among points within this factor of the durations it mixes: what moves
durations further in two seconds is no drift but a change of regime, and then all points are looked at."""

_CHEAPEST = 1e4
"""The lowest price tried, as a part of the dearest: below, means are as good as free."""

_PRICE_ROUNDS = 12
"""Bisections of the price's logarithm: to a part in 500, finer than values and costs are known."""

_UNSPENT = 0.01
"""A price is good enough once it leaves so little of the means: that is offered to one stage after the other."""


@dataclass(frozen=True, slots=True)
class Means:
    """What there is to share: watts above idle (None: any), and busy seconds a second on all lanes together."""

    watts: float | None
    busy: float


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
class _Columns:
    """One column a point and rate; joules a run by point."""

    points: list[int]
    rates: list[float]
    values: list[float]
    costs: list[float]
    risks: list[float]
    floors: list[float]
    joules: dict[int, float]
    feasible: bool
    reach: float
    real: bool
    """Of the points that are resident: what is only supposed begins at no earlier plan, and leaves no trace."""


def gain_of_rate(rate: float) -> float:
    """Return g(rate) = 1 - exp(-rate / rho), rate in Hz, rho = 5 Hz: concave, 0 at 0, towards 1."""
    return 1.0 - exp(-rate / SCENE)


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
    return _mix(state, _columns(state, aim, correction, means, points, near=near), aim, share, 0.0)


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
    """Plan several stages together, at one price of the means found by bisection.

    Each stage takes argmax U - price x cost; what is left at the price found is offered to one after the other.
    points: for each stage as in plan_stage.
    """
    points = points or [None] * len(states)
    columns = [_columns(state, aim, c, means, p) for state, c, p in zip(states, corrections, points, strict=True)]
    both = list(zip(states, columns, strict=True))
    plans = [_mix(state, column, aim, None, 0.0) for state, column in both]
    if fsum(plan.used for plan in plans) <= 1.0:
        return plans
    dearest = max(abs(v) / max(c, 1e-6) for column in columns for v, c in zip(column.values, column.costs, strict=True))
    low, high = dearest / _CHEAPEST, dearest + 1.0
    plans = [_mix(state, column, aim, None, high) for state, column in both]
    for _ in range(_PRICE_ROUNDS):
        price = sqrt(low * high)
        tried = [_mix(state, column, aim, None, price) for state, column in both]
        used = fsum(plan.used for plan in tried)
        if used > 1.0:
            low = price
        else:
            high, plans = price, tried
            if used > 1.0 - _UNSPENT:
                break
    left = max(0.0, 1.0 - fsum(plan.used for plan in plans))
    for i, (state, column) in enumerate(both):
        plan = _mix(state, column, aim, plans[i].used + left, 0.0)
        left = max(0.0, left - plan.used + plans[i].used)
        plans[i] = plan
    return plans


def _columns(
    state: StageState,
    aim: Aim,
    correction: float,
    means: Means,
    supposed: Sequence[int] | None = None,
    *,
    near: bool = False,
) -> _Columns:
    """Lay out what can be mixed. Points only supposed to be resident are not tried for curiosity: a load costs more."""
    load, model = state.load, state.model
    points, curiosity = (state.resident, CURIOSITY) if supposed is None else (supposed, 0.0)
    if near and state.nearby:
        points = state.nearby
    slack = state.slack()
    target = state.bank.target(aim.miss_rate, model.surprise)
    if slack is None or load.lossless:
        risks = dict.fromkeys(points, 0.0)
    else:
        risks = dict(zip(points, model.risks(points, slack, _waits(state)), strict=True))
    least = min(risks.values())
    feasible = least <= target
    allowed = [p for p in points if feasible or risks[p] <= least * (1.0 + 1e-9)]
    if state.cap is not None:
        short = [p for p in allowed if model.within(p, Z90) <= state.cap]
        allowed = short or [min(allowed, key=model.expected)]
    top = state.elastic or state.rate() or 1.0
    fixed = load.chained or load.lossless or state.elastic or aim.objective == "energy"
    rates = [top] if fixed else _rates(top, load.rate_min)
    if near:
        served = state.mixer.served * top
        at = [rate >= served * _EVEN for rate in rates].count(True)
        rates = rates[max(0, at - 1) : at + 1]
    gains = [gain_of_rate(rate) if len(rates) > 1 else 1.0 for rate in rates]
    floor = state.accuracy.target(aim.accuracy)
    worths, costs, scores, excesses = [], [], [], []
    joules: dict[int, float] = {}
    for point in allowed:
        seconds = model.mean(point) * 1e-9
        alone = seconds * state.part
        joules[point] = energy = correction * state.watts[point] * alone
        cost = alone / means.busy
        if means.watts is not None:
            cost = max(cost, energy / max(means.watts, 1e-3))
        costs.append(cost)
        accuracy, on_time = load.points[point].accuracy, 1.0 - risks[point]
        if aim.objective == "utility":
            worths.append(load.weight * (accuracy + curiosity * model.uncertainty(point)) * on_time)
        elif aim.objective == "energy":
            worths.append(-energy * (max(0.0, 1.0 - model.uncertainty(point)) if curiosity else 1.0))
        else:
            worths.append(seconds)
        scores.append(accuracy * on_time)
        excesses.append((risks[point] - target) / target if feasible else 0.0)
    if aim.objective == "energy" and aim.accuracy > 0.0:
        price = _price(state, aim.accuracy, list(joules.values()), scores)
        worths = [worth + price * score for worth, score in zip(worths, scores, strict=True)]
    if aim.objective == "utility":
        values = [worth * gain for gain in gains for worth in worths]
    elif aim.objective == "energy":
        values = [worth * rate for rate in rates for worth in worths]
    else:
        values = [-load.weight * (seconds + 0.5 / rate) for rate in rates for seconds in worths]
    return _Columns(
        [point for _ in rates for point in allowed],
        [rate for rate in rates for _ in allowed],
        values,
        [cost * rate for rate in rates for cost in costs],
        [excess * rate / top for rate in rates for excess in excesses],
        [(floor - score) * rate / top for rate in rates for score in scores] if aim.accuracy > 0.0 else [],
        joules,
        feasible,
        max(scores),
        supposed is None,
    )


def _price(state: StageState, floor: float, joules: list[float], scores: list[float]) -> float:
    """Return what a unit of on-time accuracy is worth in J, given what each point takes and scores."""

    def reached(price: float) -> float:
        return max(zip(joules, scores, strict=True), key=lambda point: price * point[1] - point[0])[1]

    return state.price.quote(floor, max(joules), reached)


def _waits(state: StageState) -> tuple[tuple[float, int], ...]:
    """Return (share, ns) of the waits the lane has shown: from none to twice the mean, in two atoms."""
    guard = state.guard
    if guard.share < _RARE:
        return ()
    half = guard.wait / 2.0
    return (guard.share / 2.0, round(half)), (guard.share / 2.0, round(3.0 * half))


def _rates(top: float, least: float | None) -> list[float]:
    """Return the rates to try: from the highest down to the least asked for."""
    if least is not None and least >= top * _EVEN:
        return [top]
    floor = least or 0.0
    rates = [top * step for step in _STEPS if top * step > floor]
    if least is not None:
        rates.append(least)
    return rates


def _mix(state: StageState, columns: _Columns, aim: Aim, share: float | None, price: float) -> StagePlan:
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
        weights = {best: 1.0}
    else:
        solution = solve(values, rows, limits, state.basis if columns.real else ())
        weights = solution.shares
        if columns.real:
            state.basis = solution.basis
    runs: dict[int, float] = {}
    for j, w in weights.items():
        runs[columns.points[j]] = runs.get(columns.points[j], 0.0) + w * columns.rates[j]
    total = fsum(runs.values())
    shares = tuple((point, runs[point] / total) for point in sorted(runs))
    return StagePlan(
        shares,
        min(1.0, total / (state.rate() or 1.0)),
        fsum(w * columns.costs[j] for j, w in weights.items()),
        fsum(columns.joules[point] * run for point, run in runs.items()),
        columns.feasible,
        fsum(w * columns.values[j] for j, w in weights.items()),
        columns.reach,
    )
