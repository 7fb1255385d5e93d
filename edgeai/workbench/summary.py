"""A simulation in figures: plain values, for a page of text and for JSON."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.clock import NS
from edgeai.schedule.workload import OperatingPoint
from edgeai.workbench.figures import Figures
from edgeai.workbench.record import StageLog
from edgeai.workbench.simulate import Simulation

__all__ = ["MINUTE", "mean_age", "rolling", "summary"]

MINUTE = 60
"""Seconds of the window over which a budget of watts is judged."""


def summary(simulation: Simulation) -> dict[str, Any]:
    """Return every figure under its name; units are in the names, shares are 0..1."""
    scenario, conditions = simulation.scenario, simulation.conditions
    return {
        "scenario": scenario.name,
        "board": scenario.board.name,
        "policy": {"name": scenario.schedule.policy, **scenario.schedule.asked()},
        "conditions": {
            "seconds": conditions.seconds,
            "ambient_celsius": conditions.ambient,
            "celsius_a_watt": conditions.cooling.resistance,
            "celsius_a_watt_basis": "assumed",
            "regime": conditions.regime,
            "battery_wh": conditions.battery,
            "meter": conditions.meter,
            "seed": conditions.seed,
        },
        "admission": str(simulation.refusal) if simulation.refusal else "admitted",
        "sources": {
            source.name: {"rate_hz": source.rate, "basis": "assumed" if source.assumed else "given"}
            for source in scenario.sources
        },
        "seconds": round(simulation.seconds, 3),
        "board_figures": _board(simulation),
        "stages": {stage.name: _stage(simulation, stage.name) for stage in scenario.stages},
    }


def _board(simulation: Simulation) -> dict[str, Any]:
    log = simulation.board
    watts, celsius = np.asarray(log.watts), np.asarray(log.celsius)
    if not len(watts):
        return {}
    budget = simulation.budget
    worst = float(rolling(watts, MINUTE).max())
    soft = simulation.scenario.board.throttle_soft.value
    useful = sum(_on_time(log) for log in simulation.stages.values())
    figures: dict[str, Any] = {
        "watts_mean": _short(watts.mean()),
        "watts_worst_minute": _short(worst),
        "watts_budget": budget,
        "worst_minute_of_budget": None if budget is None else _short(worst / budget),
        "watts_basis": _power_basis(simulation),
        "celsius_max": _short(celsius.max(), 2),
        "seconds_throttled": int((celsius >= soft).sum()),
        "energy_wh": _short(watts.sum() / 3600.0),
        "joules_a_useful_result": _short(watts.sum() / useful) if useful else None,
    }
    if simulation.conditions.battery is not None:
        figures["battery"] = _battery(simulation, float(watts.mean()))
    return figures


def _battery(simulation: Simulation, watts: float) -> dict[str, Any]:
    left = simulation.board.battery[-1]
    hours = simulation.seconds / 3600.0
    return {
        "empty": left <= 0.0,
        "left_wh": _short(left / 3600.0),
        "hours": _short(hours if left <= 0.0 else hours + left / 3600.0 / watts),
        "basis": "simulated" if left <= 0.0 else "extrapolated",
    }


def _power_basis(simulation: Simulation) -> str:
    known = {figure.watts_basis for figure in simulation.figures.values()}
    return known.pop() if len(known) == 1 else "estimated"


def _stage(simulation: Simulation, name: str) -> dict[str, Any]:
    counts, log = simulation.counts[name], simulation.stages[name]
    load = next(load for load in simulation.workload.stages if load.name == name)
    runs = Counter(log.point)
    accuracies = np.array([point.accuracy for point in load.points])
    late, point = np.asarray(log.late, bool), np.asarray(log.point)
    ended = np.asarray(log.ended)
    done = ended <= round(simulation.seconds * NS)
    right = accuracies[point[done & ~late]] if len(point) else np.zeros(0)
    latency = (ended - np.asarray(log.stamp))[done] / 1e6
    busy = (ended - np.asarray(log.began)) / NS
    known = all(simulation.figures[name, i].accuracy is not None for i in runs)
    watts = np.array([simulation.figures[name, i].watts for i in range(len(load.points))])
    joules = float((busy * watts[point]).sum()) if len(point) else 0.0
    seconds = max(simulation.seconds, 1e-9)
    return {
        "offered": counts.offered,
        "on_time": len(right),
        "missed": counts.missed,
        "miss_rate": _short(counts.miss_rate),
        "late": counts.late,
        "dropped": {cause: n for cause, n in sorted(counts.dropped.items()) if n},
        "rate_hz": _short(len(right) / seconds),
        "accuracy": _short(right.mean()) if known and len(right) else None,
        "on_time_accuracy": _short(right.sum() / counts.offered) if known and counts.offered else None,
        "latency_p50_ms": _short(np.percentile(latency, 50)) if len(latency) else None,
        "latency_p99_ms": _short(np.percentile(latency, 99)) if len(latency) else None,
        "age_at_use_ms": mean_age(log),
        "switches_a_minute": _short(simulation.switches[name] * 60.0 / seconds),
        "busy": _short(busy.sum() / seconds),
        "joules_above_idle": _short(joules),
        "joules_above_idle_a_useful_result": _short(joules / len(right)) if len(right) else None,
        "points": [
            _point(operating, runs[i] / max(1, len(point)), simulation.figures[name, i])
            for i, operating in enumerate(load.points)
        ],
    }


def _point(point: OperatingPoint, share: float, figures: Figures) -> dict[str, Any]:
    return {
        "variant": point.variant,
        "threads": point.threads,
        "accuracy": None if figures.accuracy is None else _short(figures.accuracy),
        "share_of_runs": _short(share),
        "p50_ms": _short(figures.median / 1e6),
        "p99_ms": _short(figures.quantile(0.99) / 1e6),
        "basis": figures.basis,
        "source": figures.source,
        "watts": _short(figures.watts),
        "watts_basis": figures.watts_basis,
    }


def mean_age(log: StageLog) -> float | None:
    """Return the mean age (ms) of the newest result, over the time from the first publication to the last.

    Between two publications it grows from the first one's latency, a second a second.
    """
    if len(log.ended) < 2:
        return None
    ended, stamp = np.asarray(log.ended) / 1e6, np.asarray(log.stamp) / 1e6
    spans = np.diff(ended)
    return _short(float((spans * ((ended - stamp)[:-1] + spans / 2.0)).sum() / spans.sum()))


def rolling(values: npt.NDArray[np.float64], window: int) -> npt.NDArray[np.float64]:
    """Return the means of all windows of so many values; of all values where there are fewer."""
    n = min(window, len(values))
    total = np.concatenate([np.zeros(1), np.cumsum(values)])
    means: npt.NDArray[np.float64] = (total[n:] - total[:-n]) / n
    return means


def _on_time(log: StageLog) -> int:
    return len(log.late) - sum(log.late)


def _short(value: Any, digits: int = 6) -> float:
    return round(float(value), digits)
