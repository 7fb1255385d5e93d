"""Which operating points are feasible for a pipeline on a board, and what they cost: rate x latency x watts.

Of each point, at the highest rate that fits: the camera's, the one asked for, the one the admission test passes, the
one the budget pays for. With t the mean duration in s, w the watts above idle, f the rate in Hz:

    W = W_idle + w t f      joules a result = w t      age at use = t + 1 / (2 f)

A point is dominated when another feasible one is at least as accurate, as quick (p99), as frugal, and better in one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, log
from typing import Literal

from edgeai.clock import NS
from edgeai.schedule.admission import Refusal, admit
from edgeai.schedule.shape import Shape
from edgeai.schedule.workload import OperatingPoint, StageLoad, Workload
from edgeai.workbench.figures import Figures
from edgeai.workbench.scenario import Scenario, SimulatedStage
from edgeai.workbench.simulate import Conditions, simulate

__all__ = ["Choice", "Frontier", "Option", "Plan", "StagePlan", "make_plan"]

Verdict = Literal["frontier", "dominated", "deadline", "utilisation", "budget"]

_MISS_RATE = 0.01
"""Where none is asked for: what every policy aims at by itself."""

_BISECTIONS = 20
"""The highest rate is found to a millionth of the camera's."""

_FRAMES = 600.0
_LEAST, _MOST = 20.0, 60.0
"""A policy runs in the calm for so many frames, of at least and at most so many seconds, until its estimates have
settled; then it is watched for as long."""

_BUDGETS = 16
"""Points of the curve of what mixing reaches."""


@dataclass(frozen=True, slots=True)
class Option:
    """An operating point at the highest rate that fits; where none does, at the least rate asked for, and why not.

    rate: Hz; latency: p99 of the point in s, with what is chained before and behind it; age: at use, s; watts: of the
    board; joules: above idle, a result; risk: share of runs that miss the deadline, 0..1.
    """

    point: OperatingPoint
    figures: Figures
    rate: float
    latency: float
    age: float
    watts: float
    joules: float
    risk: float
    verdict: Verdict
    why: str

    @property
    def feasible(self) -> bool:
        """True when deadline, utilisation and budget are kept."""
        return self.verdict in ("frontier", "dominated")


@dataclass(frozen=True, slots=True)
class Choice:
    """What the policy settles at in the calm: shares of runs by point, results on time a second, misses, accuracy."""

    shares: tuple[tuple[OperatingPoint, float], ...]
    rate: float
    miss_rate: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Frontier:
    """What mixing points reaches under budgets: (watts of the board, accuracy of the frames at the highest rate)."""

    reached: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class StagePlan:
    """A stage: its options, what the policy chooses among them, and its frontier (None for what follows a stage)."""

    stage: SimulatedStage
    top: float
    options: tuple[Option, ...]
    choice: Choice
    frontier: Frontier | None

    def chosen(self, least: float = 0.02) -> list[Option]:
        """Return the options that have at least this share of the policy's runs."""
        runs = {(point.variant, point.threads) for point, share in self.choice.shares if share >= least}
        return [option for option in self.options if (option.point.variant, option.point.threads) in runs]


@dataclass(frozen=True, slots=True)
class Plan:
    """A pipeline on a board. watts: of the board as the policy settles."""

    scenario: Scenario
    refusal: Refusal | None
    stages: tuple[StagePlan, ...]
    watts: float


def make_plan(scenario: Scenario, *, frontier: bool = True) -> Plan:
    """Return the plan of a scenario; without `frontier` it is made several times sooner.

    Raises ConfigError for a schedule that this board cannot follow.
    """
    workload, figures = scenario.workload(every=True)
    refusal = admit(workload, _medians(figures))
    settled = _Settled(scenario)
    stages = tuple(_stage(scenario, stage, settled, frontier=frontier) for stage in scenario.stages)
    return Plan(scenario, refusal, stages, settled.watts)


class _Settled:
    """What a policy does once it knows the pipeline: runs and watts of the second half of a simulation."""

    def __init__(self, scenario: Scenario) -> None:
        top = max(_top_rate(scenario, stage) for stage in scenario.stages)
        self._half = float(ceil(max(_LEAST, min(_MOST, _FRAMES / top))))
        self._done = simulate(scenario, Conditions(2.0 * self._half))
        watts = self._done.board.watts[int(self._half) :]
        self.watts = sum(watts) / len(watts)

    def choice(self, name: str) -> Choice:
        """Return what was run of a stage."""
        points = next(load.points for load in self._done.workload.stages if load.name == name)
        log = self._done.stages[name]
        runs = [0] * len(points)
        on_time = 0
        score = 0.0
        for began, point, late in zip(log.began, log.point, log.late, strict=True):
            if began >= self._half * NS:
                runs[point] += 1
                on_time += not late
                score += 0.0 if late else points[point].accuracy
        total = max(1, sum(runs))
        shares = tuple((points[i], n / total) for i, n in enumerate(runs) if n)
        return Choice(shares, on_time / self._half, 1.0 - on_time / total, score / max(1, on_time))


def _medians(figures: dict[tuple[str, int], Figures]) -> dict[tuple[str, int], int]:
    return {key: round(figure.median) for key, figure in figures.items()}


def _stage(scenario: Scenario, stage: SimulatedStage, settled: _Settled, *, frontier: bool) -> StagePlan:
    top = _top_rate(scenario, stage)
    options = [_option(scenario, stage, top, *pair) for pair in scenario.points(stage, every=True)]
    options = [replace(o, verdict="dominated") if _is_dominated(o, options) else o for o in options]
    reached = _frontier(scenario, stage, top) if frontier and not stage.chained else None
    return StagePlan(stage, top, tuple(options), settled.choice(stage.name), reached)


def _top_rate(scenario: Scenario, stage: SimulatedStage) -> float:
    """Return the highest rate a stage can have at all: its camera's, or the one asked for."""
    roots = {other.name: other for other in scenario.stages}
    root = stage
    while root.chained:
        root = roots[root.origin]
    camera = next(source.rate for source in scenario.sources if source.name == root.origin)
    return camera if root.rate is None else min(camera, root.rate[1])


def _option(scenario: Scenario, stage: SimulatedStage, top: float, point: OperatingPoint, figures: Figures) -> Option:
    least = stage.rate[0] if stage.rate is not None else 0.0
    rate, refusal = _admitted(scenario, stage, top, point, figures)
    seconds = figures.distribution().mean() / NS
    joules = figures.watts * seconds
    others = _others(scenario, stage)
    slack = None if stage.deadline is None else stage.deadline - others
    risk = 0.0 if slack is None else _risk(figures, slack)
    allowed = scenario.schedule.miss_rate or _MISS_RATE
    idle, budget = scenario.board.idle.value, scenario.schedule.asked().get("budget")
    paid = rate if budget is None else min(rate, max(0.0, budget - idle) / joules)
    verdict: Verdict = "frontier"
    why = ""
    if risk > allowed:
        verdict = "deadline"
        why = f"{100 * risk:.2g} % of its runs take longer than {(slack or 0) / 1e6:.3g} ms, {100 * allowed:g} % may"
    elif refusal is not None:
        verdict, why = "utilisation", str(refusal)
    elif paid < max(least, 1e-9) * 0.999:
        verdict = "budget"
        why = f"{idle + joules * least:.2f} W at {least:g} fps, {budget:g} W are allowed"
    shown = paid if verdict == "frontier" else max(least, 1e-9) if least else top
    return Option(
        point,
        figures,
        shown,
        (figures.quantile(0.99) + others) / NS,
        seconds + others / NS + 0.5 / shown,
        idle + joules * shown,
        joules,
        risk,
        verdict,
        why,
    )


def _risk(figures: Figures, slack: float) -> float:
    """Return the share of runs longer than the slack (ns), as the scheduler's own estimate begins."""
    if slack <= 0.0:
        return 1.0
    profile = figures.profile("", 0)
    shape = Shape(profile.p50, profile.p90, profile.p95, profile.p99, profile.p999)
    return shape.survival(log(slack / profile.p50))


def _others(scenario: Scenario, stage: SimulatedStage) -> float:
    """Return the ns that the quickest points of the stages before and behind one take of its deadline."""
    by_name = {other.name: other for other in scenario.stages}
    before: list[SimulatedStage] = []
    at = stage
    while at.chained:
        at = by_name[at.origin]
        before.append(at)
    behind = _behind(scenario, stage.name)
    return sum(min(figure.median for _, figure in scenario.points(other)) for other in (*before, *behind))


def _behind(scenario: Scenario, name: str) -> list[SimulatedStage]:
    children = [other for other in scenario.stages if other.chained and other.origin == name]
    return children + [deep for child in children for deep in _behind(scenario, child.name)]


def _admitted(
    scenario: Scenario, stage: SimulatedStage, top: float, point: OperatingPoint, figures: Figures
) -> tuple[float, Refusal | None]:
    """Return the highest rate (Hz) at which the admission test passes a stage with this point alone, or why none."""

    def ask(rate: float) -> Refusal | None:
        return admit(*_with_point(scenario, stage, point, figures, rate))

    least = stage.rate[0] if stage.rate is not None else top * 1e-3
    if (refusal := ask(min(least, top))) is not None:
        return 0.0, refusal
    if ask(top) is None:
        return top, None
    low, high = min(least, top), top
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if ask(middle) is None else (low, middle)
    return low, None


def _with_point(
    scenario: Scenario, stage: SimulatedStage, point: OperatingPoint, figures: Figures, rate: float
) -> tuple[Workload, dict[tuple[str, int], int]]:
    """Return the workload in which one stage has this point and this least rate, the others what they ask for."""
    loads: list[StageLoad] = []
    durations: dict[tuple[str, int], int] = {}
    for other in scenario.stages:
        pairs = [(point, figures)] if other is stage else scenario.points(other, every=True)
        load = other.load(tuple(operating for operating, _ in pairs))
        if other is stage and not stage.chained:
            load = replace(load, rate_min=rate, rate_max=rate)
        loads.append(load)
        durations |= {(other.name, i): round(figure.median) for i, (_, figure) in enumerate(pairs)}
    return Workload(tuple(loads), scenario.schedule.lanes), durations


def _is_dominated(option: Option, options: list[Option]) -> bool:
    def worth(o: Option) -> tuple[float, float, float]:
        return o.point.accuracy, -o.figures.quantile(0.99), -o.joules

    mine = worth(option)
    return option.feasible and any(
        other.feasible and worth(other) != mine and all(a >= b for a, b in zip(worth(other), mine, strict=True))
        for other in options
    )


def _frontier(scenario: Scenario, stage: SimulatedStage, top: float) -> Frontier:
    """Let the policy `power` mix the points of a stage alone, under budgets from little to more than enough."""
    alone = replace(scenario, stages=(replace(stage, rate=(0.05 * top, top)),))
    idle = scenario.board.idle.value
    dear = max(f.watts * min(1.0, f.distribution().mean() * top / NS) for _, f in scenario.points(stage))
    reached = []
    for i in range(1, _BUDGETS + 1):
        budget = idle + 1.02 * dear * (i / _BUDGETS) ** 1.5
        asked = {"policy": "power", "budget": budget, "miss_rate": scenario.schedule.miss_rate or _MISS_RATE}
        settled = _Settled(alone.with_schedule(asked))
        choice = settled.choice(stage.name)
        reached.append((settled.watts, choice.rate * choice.accuracy / top))
    return Frontier(tuple(sorted(reached)))
