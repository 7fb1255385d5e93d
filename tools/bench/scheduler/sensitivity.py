"""Each constant of the scheduler x 0.7 and x 1.3: what happens to accuracy, energy and misses."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from types import ModuleType

import grid
import situations
import streams

from edgeai.schedule import (
    account,
    bank,
    change,
    columns,
    energy,
    estimate,
    guard,
    plan,
    planner,
    price,
    scheduler,
    tail,
)
from edgeai.schedule.scheduler import Scheduler

CELLS = (("calm", 25.0, 1.0), ("step", 50.0, 1.0), ("bursts", 25.0, 0.3), ("contention", 100.0, 2.0))
"""One stream: a cell a kind of trouble."""
FLOORS = (("step", 50.0, 0.6), ("random", 100.0, 0.65))
SEVERAL = ((2, "step", None), (4, "calm", 1.0))

Found = tuple[list[float], list[float]]
"""Of each cell: what was reached, in % of the oracle's (of its energy, where a floor is held), and misses."""
Tweak = Callable[[Scheduler], None]


def _one_stream(seeds: range, frames: int, tweak: Tweak | None = None) -> Found:
    cells = [grid.run_cell("scale", *cell, seeds, frames, tweak=tweak, bare=True) for cell in CELLS]
    return [cell.share for cell in cells], [100 * cell.misses for cell in cells]


def _floor(seeds: range, frames: int) -> Found:
    rows = [situations.floor(*cell, seeds, frames) for cell in FLOORS]
    over = [float(row["energy over oracle %"]) for row in rows]  # type: ignore[arg-type]
    return [100 / (1 + each / 100) for each in over], [float(row["misses %"]) for row in rows]  # type: ignore[arg-type]


def _several(seeds: range, frames: int) -> Found:
    rows = [streams.run_row(*cell, seeds, frames) for cell in SEVERAL]
    return [100 * row.score / row.oracle_score for row in rows], [100 * row.misses for row in rows]


Scene = Callable[[range, int], Found]
CONSTANTS: tuple[tuple[ModuleType, tuple[str, ...], Scene], ...] = (
    (bank, ("MISS_HORIZON", "MISS_CREDIT", "MISS_DEBT"), _one_stream),
    (change, ("_FLAT", "_STRAY", "_FADE", "_LIKELY"), _one_stream),
    (energy, ("_FORGET", "_METER_ERROR", "_MOST_SPREAD"), _one_stream),
    (estimate, ("_SETTLED", "_STRAY", "_MOST_NOISE", "_TAIL"), _one_stream),
    (tail, ("_TRUSTS", "_FORGET"), _one_stream),
    (columns, ("CURIOSITY",), _one_stream),
    (plan, ("_OCTAVE",), _one_stream),
    (planner, ("PLAN_EVERY", "MOVED", "SHARE_EVERY", "REPAY_FRAMES"), _one_stream),
    (account, ("CREDIT_SECONDS",), _one_stream),
    (scheduler, ("PATIENCE",), _one_stream),
    (price, ("HORIZON", "RANGE"), _floor),
    (guard, ("_MEMORY", "_NOTICED"), _several),
    (columns, ("SCENE", "_RARE"), _several),
    (planner, ("BUSY", "OVERLOAD_DEBT"), _several),
    (scheduler, ("WAITED",), _several),
)


def run(seeds: range, frames: int) -> list[dict[str, object]]:
    """Return a row for each constant and factor, after a row of each scene as it is."""
    rows = [_row(f"all as they are: {scene.__name__[1:]}", 1.0, scene(seeds, frames)) for scene in SCENES]
    for field in fields(estimate.Tuning):
        value = getattr(estimate.Tuning(), field.name)
        for factor in (0.7, 1.3):
            tuning = replace(estimate.Tuning(), **{field.name: _scaled(value, factor)})
            rows.append(_row(f"Tuning.{field.name}", factor, _one_stream(seeds, frames, _with(tuning))))
    for module, name, scene in _constants():
        value = getattr(module, name)
        try:
            for factor in (0.7, 1.3):
                setattr(module, name, _scaled(value, factor))
                label = f"{module.__name__.rpartition('.')[2]}.{name}"
                rows.append(_row(label, factor, scene(seeds, frames)))
        finally:
            setattr(module, name, value)
    return rows


SCENES: tuple[Scene, ...] = (_one_stream, _floor, _several)


def _constants() -> Iterator[tuple[ModuleType, str, Scene]]:
    for module, names, scene in CONSTANTS:
        for name in names:
            yield module, name, scene


def _scaled(value: object, factor: float) -> object:
    """Return a constant moved; of one that says how much is kept, what acts is its distance from 1."""
    if isinstance(value, tuple):
        return tuple(each * factor for each in value)
    if isinstance(value, int):
        return max(1, round(value * factor))
    assert isinstance(value, float)
    return 1 - (1 - value) * factor if 0.85 < value < 1.0 else value * factor


def _with(tuning: estimate.Tuning) -> Tweak:
    def tweak(made: Scheduler) -> None:
        for state in made.planner.states:
            state.model = estimate.LatencyModel(len(state.load.points), tuning)

    return tweak


def _row(name: str, factor: float, found: Found) -> dict[str, object]:
    shares, misses = found
    return {
        "constant": name,
        "x": factor,
        "% of the oracle": statistics.fmean(shares),
        "worst": min(shares),
        "misses %": statistics.fmean(misses),
        "most": max(misses),
    }
