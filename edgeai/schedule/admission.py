"""Can what is asked be kept at all? Two tests of non-preemptive earliest deadline first on one lane's worth of time.

    utilisation:  sum_i C_i / min(D_i, T_i) <= 0.9 lanes, each term <= 0.9: a stage runs one job at a time
    demand:       for every t:  sum_i max(0, floor((t - D_i) / T_i) + 1) C_i + max_{D_j > t} C_j <= t

C_i: duration (s) of a stage's quickest point, T_i: 1 / its least rate, D_i: deadline; a chain counts as one job of its
root. The second, with its blocking term, is sufficient and for sporadic work necessary (Jeffay, Stanat, Martel,
RTSS 1991); it is made where one lane does all, for one job blocks one lane only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor, fsum, log10

from edgeai.schedule.workload import StageLoad, Workload

__all__ = ["BOUND", "Refusal", "admit"]

BOUND = 0.9
"""Utilisation admitted: a tenth is left for tails, hand-overs and the operating system."""

_HORIZON = 10_000
"""Points in time at which the demand is tested, at most."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a workload cannot be kept, and what could: the stage, its rate (Hz), what it exceeds, what would fit."""

    stage: str
    rate: float | None
    exceeds: str
    fits: str

    def __str__(self) -> str:
        at = "" if self.rate is None else f" at {self.rate:g} fps"
        return f"{self.stage}{at} {self.exceeds}; {self.fits}"


@dataclass(frozen=True, slots=True)
class _Task:
    name: str
    cost: float
    period: float
    deadline: float
    elastic: bool
    """Without a deadline of its own, which is then its period."""

    @property
    def load(self) -> float:
        return self.cost / min(self.deadline, self.period)


def admit(workload: Workload, durations: Mapping[tuple[str, int], int]) -> Refusal | None:
    """Return None if all deadlines can be met at the least rates asked for, else the reason.

    durations: ns of each (stage, point), 0 where unknown; stages without a least rate promise nothing.
    """
    tasks = []
    for stage in workload.stages:
        cost = _quickest(stage, durations)
        if stage.chained or stage.lossless or not cost:
            continue
        cost += _behind(stage.name, workload, durations)
        if stage.deadline is not None and cost * 1e9 > stage.deadline:
            return Refusal(
                stage.name,
                None,
                f"takes {cost * 1e3:.3g} ms with its quickest variant and the deadline is {stage.deadline / 1e6:g} ms",
                f"a deadline of {cost * 1e3 / BOUND:.3g} ms would fit",
            )
        if stage.rate_min is None:
            continue
        period = 1.0 / stage.rate_min
        deadline = period if stage.deadline is None else stage.deadline * 1e-9
        tasks.append(_Task(stage.name, cost, period, deadline, stage.deadline is None))
    return _utilisation(tasks, workload.lanes) or (_demand(tasks) if workload.lanes == 1 else None)


def _quickest(stage: StageLoad, durations: Mapping[tuple[str, int], int]) -> float:
    return min((durations.get((stage.name, point), 0) for point in range(len(stage.points))), default=0) * 1e-9


def _behind(name: str, workload: Workload, durations: Mapping[tuple[str, int], int]) -> float:
    """Seconds of all stages chained to one."""
    return fsum(
        _quickest(stage, durations) + _behind(stage.name, workload, durations)
        for stage in workload.stages
        if stage.chained and stage.origin == name
    )


def _utilisation(tasks: list[_Task], lanes: int) -> Refusal | None:
    total = fsum(task.load for task in tasks)
    limit = BOUND * lanes
    heaviest = max(tasks, key=lambda task: task.load, default=None)
    if heaviest is None or (total <= limit and heaviest.load <= BOUND):
        return None
    left = min(BOUND, limit - (total - heaviest.load))
    exceeds = f"brings the utilisation to {100 * total / lanes:.0f} %, above {100 * BOUND:.0f} %"
    if total <= limit:
        exceeds = f"takes {100 * heaviest.load:.0f} % of a lane, above {100 * BOUND:.0f} %"
    if left > 0.0 and (heaviest.elastic or heaviest.cost / left <= heaviest.deadline):
        return Refusal(heaviest.name, 1 / heaviest.period, exceeds, f"{_rate(left / heaviest.cost)} would fit")
    scale = max(total / limit, heaviest.load / BOUND)
    fits = f"all rates x {1 / scale:.2g} and deadlines x {scale:.2g} would fit"
    return Refusal(heaviest.name, 1 / heaviest.period, exceeds, fits)


def _demand(tasks: list[_Task]) -> Refusal | None:
    """Test the demand at every deadline up to the end of the first busy period the utilisation allows."""
    if not tasks:
        return None
    load = fsum(task.cost / task.period for task in tasks)
    slackest = max(task.deadline for task in tasks)
    end = max(slackest, fsum(task.cost for task in tasks) / max(1e-6, 1.0 - load) + slackest)
    times = sorted(
        {
            task.deadline + k * task.period
            for task in tasks
            for k in range(min(_HORIZON // len(tasks), floor(max(0.0, end - task.deadline) / task.period) + 1))
        }
    )
    for t in times:
        work = fsum(max(0, floor((t - task.deadline) / task.period + 1e-9) + 1) * task.cost for task in tasks)
        blocker = max((task for task in tasks if task.deadline > t), key=lambda task: task.cost, default=None)
        if work + (blocker.cost if blocker else 0.0) > t + 1e-9:
            return _late(tasks, t, work, blocker)
    return None


def _late(tasks: list[_Task], t: float, work: float, blocker: _Task | None) -> Refusal:
    tight = max((task for task in tasks if task.deadline <= t), key=lambda task: task.cost)
    total = work + (blocker.cost if blocker else 0.0)
    by = f" with {blocker.cost * 1e3:.3g} ms of {blocker.name}, which is not interrupted," if blocker else ""
    return Refusal(
        tight.name,
        1 / tight.period,
        f"needs{by} {total * 1e3:.3g} ms of work within {t * 1e3:.3g} ms",
        f"a deadline of {(tight.deadline + total - t) * 1e3:.3g} ms would fit",
    )


def _rate(hertz: float) -> str:
    """Round down to two digits, so that what is said to fit does."""
    step = 10.0 ** (floor(log10(hertz)) - 1)
    return f"{floor(hertz / step + 1e-9) * step:.10g} fps"
