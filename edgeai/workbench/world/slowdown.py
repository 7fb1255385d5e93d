"""How many times longer work takes than on an idle, cool board, tenth of a second by tenth of a second.

The board does the same to every job: another process takes its caches and cores, its clock comes down. What heat does
follows from the heat (`heat.py`); these are the disturbances that come from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import exp, log, sqrt
from random import Random

__all__ = ["CELL", "REGIMES", "Regime"]

CELL = 100_000_000
"""ns for which a slowdown holds."""

Regime = Callable[[int, Random], list[float]]
"""From a number of cells and a generator to their slowdowns."""


def calm(cells: int, rng: Random) -> list[float]:
    """Return no slowdown."""
    return [1.0] * cells


def step(cells: int, rng: Random) -> list[float]:
    """Return x 1.8 for the middle third."""
    return [1.8 if cells // 3 <= i < 2 * cells // 3 else 1.0 for i in range(cells)]


def ramp(cells: int, rng: Random) -> list[float]:
    """Return what a clock does that comes down from 1500 to 1000 MHz: 1.0 to 1.5, smoothly, from a tenth to 0.8."""
    return [1.0 + 0.5 * min(1.0, max(0.0, (i / cells - 0.1) / 0.7)) for i in range(cells)]


def levels(cells: int, rng: Random) -> list[float]:
    """Return levels of 1 to 2, log-uniform, each for 10 s on average (exponential)."""
    out: list[float] = []
    while len(out) < cells:
        level = exp(rng.uniform(0.0, log(2.0)))
        out += [level] * max(1, round(rng.expovariate(1 / 100)))
    return out[:cells]


def bursts(cells: int, rng: Random) -> list[float]:
    """Return a burst of x 1.3 to 2.5 every 10 s on average, of 2 cells or, heavy-tailed (Pareto, 1.5), up to 100."""
    out = [1.0] * cells
    i = 0
    while (i := i + max(1, round(rng.expovariate(1 / 100)))) < cells:
        last, factor = min(100, round(2 * rng.paretovariate(1.5))), rng.uniform(1.3, 2.5)
        for j in range(i, min(cells, i + last)):
            out[j] = factor
        i += last
    return out


def contention(cells: int, rng: Random) -> list[float]:
    """Return another program's load: ln is AR(1) around ln 1.3, correlation 0.98 a cell, standard deviation 0.2."""
    x, out = 0.0, []
    for _ in range(cells):
        x = 0.98 * x + 0.2 * sqrt(1 - 0.98**2) * rng.gauss(0, 1)
        out.append(1.3 * exp(x))
    return out


REGIMES: Mapping[str, Regime] = {
    "calm": calm,
    "step": step,
    "ramp": ramp,
    "random": levels,
    "bursts": bursts,
    "contention": contention,
}
