"""What a stage's plan can be mixed from: one column a point and rate, with what it is worth and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from edgeai.schedule.estimate import Outlook
from edgeai.schedule.policy import Aim
from edgeai.schedule.shape import Z90
from edgeai.schedule.stage import StageState

__all__ = ["Columns", "Means", "gain_of_rate", "lay_out"]

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


@dataclass(frozen=True, slots=True)
class Means:
    """What there is to share: watts above idle (None: any), and busy seconds a second on all lanes together."""

    watts: float | None
    busy: float


@dataclass(slots=True)
class Columns:
    """One column a point and rate; joules a run by point.

    values: of the objective. costs: shares of the means. risks: misses beyond those allowed, as a share of them.
    floors: accuracy short of the floor. reach: the most on-time accuracy any point gives. real: of the points that are
    resident; what is only supposed begins at no earlier plan, and leaves no trace.
    """

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


def gain_of_rate(rate: float) -> float:
    """Return g(rate) = 1 - exp(-rate / rho), rate in Hz, rho = 5 Hz: concave, 0 at 0, towards 1."""
    return 1.0 - exp(-rate / SCENE)


def lay_out(
    state: StageState,
    aim: Aim,
    correction: float,
    means: Means,
    supposed: Sequence[int] | None = None,
    *,
    near: bool = False,
) -> Columns:
    """Lay out what can be mixed. Points only supposed to be resident are not tried for curiosity: a load costs more."""
    load, model = state.load, state.model
    points, curiosity = (state.resident, CURIOSITY) if supposed is None else (supposed, 0.0)
    if near and state.nearby:
        points = state.nearby
    target = state.bank.target(aim.miss_rate, model.surprise)
    seen = model.outlook(points, None if load.lossless else state.slack(), _waits(state))
    least = min([each.risk for each in seen])
    feasible = least <= target
    allowed = _allowed(state, list(zip(points, seen, strict=True)), 2.0 if feasible else least * (1.0 + 1e-9))
    top = state.elastic or state.rate() or 1.0
    fixed = load.chained or load.lossless or state.elastic or aim.objective == "energy"
    rates = [top] if fixed else _rates(top, load.rate_min)
    if near and len(rates) > 1:
        rates = _beside(rates, state.mixer.served * top)
    floor = state.accuracy.target(aim.accuracy)
    worths, costs, scores, excesses = [], [], [], []
    joules: dict[int, float] = {}
    per_watt = 0.0 if means.watts is None else 1.0 / max(means.watts, 1e-3)
    for point, (mean, risk, doubt) in allowed:
        seconds = mean * 1e-9
        alone = seconds * state.part
        joules[point] = energy = correction * state.watts[point] * alone
        costs.append(max(alone / means.busy, energy * per_watt))
        accuracy = load.points[point].accuracy
        scores.append(accuracy * (1.0 - risk))
        if aim.objective == "utility":
            worths.append(load.weight * (accuracy + curiosity * doubt) * (1.0 - risk))
        elif aim.objective == "energy":
            worths.append(-energy * (max(0.0, 1.0 - doubt) if curiosity else 1.0))
        else:
            worths.append(seconds)
        excesses.append((risk - target) / target if feasible else 0.0)
    if aim.objective == "energy" and aim.accuracy > 0.0:
        price = _worth_of_accuracy(state, aim.accuracy, list(joules.values()), scores)
        worths = [worth + price * score for worth, score in zip(worths, scores, strict=True)]
    return Columns(
        [point for _ in rates for point, _ in allowed],
        [rate for rate in rates for _ in allowed],
        _values(aim, load.weight, rates, worths),
        [cost * rate for rate in rates for cost in costs],
        [excess * rate / top for rate in rates for excess in excesses],
        [(floor - score) * rate / top for rate in rates for score in scores] if aim.accuracy > 0.0 else [],
        joules,
        feasible,
        max(scores),
        supposed is None,
    )


def _allowed(state: StageState, seen: list[tuple[int, Outlook]], most: float) -> list[tuple[int, Outlook]]:
    """Return the points at no more risk than `most`, and short enough for the other stages, or the shortest."""
    allowed = [pair for pair in seen if pair[1].risk <= most]
    if state.cap is None:
        return allowed
    short = [pair for pair in allowed if state.model.within(pair[0], Z90) <= state.cap]
    return short or [min(allowed, key=_mean_of)]


def _values(aim: Aim, weight: float, rates: list[float], worths: list[float]) -> list[float]:
    """Return what each point is worth at each rate; worths: of a run, seconds of it where the least age is aimed at."""
    if aim.objective == "utility":
        gains = [gain_of_rate(rate) for rate in rates] if len(rates) > 1 else [1.0]
        return [worth * gain for gain in gains for worth in worths]
    if aim.objective == "energy":
        return [worth * rate for rate in rates for worth in worths]
    return [-weight * (seconds + 0.5 / rate) for rate in rates for seconds in worths]


def _worth_of_accuracy(state: StageState, floor: float, joules: list[float], scores: list[float]) -> float:
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


def _beside(rates: list[float], served: float) -> list[float]:
    """Return the rates next to the one that is served, and that itself."""
    at = [rate >= served * _EVEN for rate in rates].count(True)
    return rates[max(0, at - 1) : at + 1]


def _mean_of(pair: tuple[int, Outlook]) -> float:
    return pair[1].mean
