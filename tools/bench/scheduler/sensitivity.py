"""Each constant of the scheduler x 0.7 and x 1.3: what happens to misses and accuracy."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import fields, replace

import grid

from edgeai.schedule import bank, change, estimate, plan, planner, tail
from edgeai.schedule.scheduler import Scheduler

CELLS = (("calm", 25.0, 1.0), ("step", 50.0, 1.0), ("bursts", 25.0, 0.3), ("contention", 100.0, 2.0))
"""A cell a kind of trouble."""

MODULES = (
    (bank, ("MISS_HORIZON", "MISS_CREDIT", "MISS_DEBT")),
    (change, ("_FLAT", "_STRAY")),
    (estimate, ("_SETTLED", "_STRAY", "_MOST_NOISE")),
    (tail, ("_TRUSTS",)),
    (plan, ("CURIOSITY",)),
    (planner, ("PLAN_EVERY", "MOVED", "BUSY", "REPAY_FRAMES", "CREDIT_SECONDS")),
)


def run(seeds: range, frames: int) -> list[dict[str, object]]:
    rows = [_row("as it is", 1.0, seeds, frames, None)]
    for field in fields(estimate.Tuning):
        for factor in (0.7, 1.3):
            value = getattr(estimate.Tuning(), field.name) * factor
            if field.name == "memory":  # its distance from 1 is what acts
                value = 1 - (1 - estimate.Tuning().memory) * factor
            tuning = replace(estimate.Tuning(), **{field.name: value})
            rows.append(_row(f"Tuning.{field.name}", factor, seeds, frames, _with(tuning)))
    for module, name, value, scaled in _constants():
        for factor in (0.7, 1.3):
            setattr(module, name, scaled(factor))
            rows.append(_row(f"{module.__name__.rsplit('.', 1)[1]}.{name}", factor, seeds, frames, None))
        setattr(module, name, value)
    return rows


def _constants() -> Iterator[tuple[object, str, object, Callable[[float], object]]]:
    for module, names in MODULES:
        for name in names:
            value = getattr(module, name)
            if isinstance(value, tuple):
                yield module, name, value, lambda f, value=value: tuple(v * f for v in value)
            elif isinstance(value, int):
                yield module, name, value, lambda f, value=value: round(value * f)
            else:
                yield module, name, value, lambda f, value=value: value * f


def _with(tuning: estimate.Tuning) -> Callable[[Scheduler], None]:
    def tweak(scheduler: Scheduler) -> None:
        for state in scheduler.planner.states:
            state.model = estimate.LatencyModel(len(state.load.points), tuning)

    return tweak


def _row(
    name: str, factor: float, seeds: range, frames: int, tweak: Callable[[Scheduler], None] | None
) -> dict[str, object]:
    cells = [grid.run_cell("scale", *cell, seeds, frames, tweak=tweak, bare=True) for cell in CELLS]
    return {
        "constant": name,
        "x": factor,
        "share of O2 %": statistics.fmean(c.share for c in cells),
        "worst": min(c.share for c in cells),
        "misses %": 100 * statistics.fmean(c.misses for c in cells),
        "most": 100 * max(c.misses for c in cells),
    }
