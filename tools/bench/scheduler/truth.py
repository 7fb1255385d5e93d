"""What really happens in the bench and the scheduler does not see: durations, watts, slowdowns."""

from __future__ import annotations

import csv
import os
import random
import sys
from dataclasses import dataclass
from functools import cache
from math import erfc, exp, log, sqrt
from pathlib import Path
from statistics import NormalDist

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
BOARDS = Path(os.environ.get("EDGEAI_BOARDS", ROOT.parent / "shared" / "boards"))
TFLITE = "mlperf_v1.0_rpi4coral-fan.on-tflite-v2.4.1-ruy.csv"
ARMNN = "mlperf_v1.0_rpi4coral-fan.on-armnn-v21.02-neon.csv"

IDLE = 1.6
"""Watts of an idle Raspberry Pi 4."""
BUSY = 3.02
"""Watts above idle while it computes: the median over the table, which is all the scheduler is told."""

QUANTILES = ("p50", "p90", "p95", "p99", "p999")
_Z = NormalDist()
_LEVELS = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}


@dataclass(frozen=True)
class Variant:
    """A model on the board: top-1 (0..1), watts above idle, duration as knots (normal score, ln ms)."""

    name: str
    accuracy: float
    watts: float
    zs: tuple[float, ...]
    xs: tuple[float, ...]
    quantiles: tuple[float, ...]

    def ln_ms(self, z: np.ndarray) -> np.ndarray:
        return np.interp(z, self.zs, self.xs)

    def survival(self, ln_ms: np.ndarray) -> np.ndarray:
        """Share of runs longer than exp(ln_ms)."""
        z = np.interp(ln_ms, self.xs, self.zs, left=-9.0, right=9.0)
        return _survival(z)

    @property
    def mean_ms(self) -> float:
        return _mean(self)


_survival = np.vectorize(lambda z: 0.5 * erfc(z / sqrt(2.0)))


@cache
def _mean(variant: Variant) -> float:
    z = np.linspace(-5, 5, 4001)
    w = np.exp(-0.5 * z * z)
    return float((np.exp(variant.ln_ms(z)) * w).sum() / w.sum())


@cache
def table(name: str = TFLITE) -> tuple[Variant, ...]:
    """Return the quantized classifiers of a table, quickest first."""
    path = BOARDS / name
    if not path.exists():
        sys.exit(f"the scheduler's bench needs the board tables; set EDGEAI_BOARDS to their folder ({path} is missing)")
    with path.open() as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row["model"].endswith("-quantized") and "non-quant" not in row["model"]
        ]
    return tuple(sorted(map(_variant, rows), key=lambda v: v.quantiles[0]))


def _variant(row: dict[str, str]) -> Variant:
    ms = {key: float(row[f"{key}_ms"]) for key in ("min", *QUANTILES, "mean", "max")}
    runs = 600_000 / ms["mean"]
    knots = [(_Z.inv_cdf(0.5 / runs), log(ms["min"]))]
    knots += [(_Z.inv_cdf(_LEVELS[key]), log(ms[key])) for key in QUANTILES]
    knots.append((_Z.inv_cdf(1 - 0.5 / runs), log(ms["max"])))
    return Variant(
        row["model"].removesuffix("-quantized"),
        float(row["acc_top1"]) / 100,
        float(row["active_w"]) - float(row["idle_w"]),
        tuple(z for z, _ in knots),
        tuple(x for _, x in knots),
        tuple(ms[key] for key in QUANTILES),
    )


# -- what the scheduler is told -----------------------------------------------------------------------------------


def told(variants: tuple[Variant, ...], how: str, rng: random.Random) -> list[tuple[int, ...]]:
    """Return the quantiles (p50, p90, p95, p99, p999) in ns given to the scheduler.

    scale: all of a variant's quantiles wrong by one factor of 0.8 to 1.2. tails: p99 and p99.9 by another one too.
    armnn: those of another runtime on the same board, unchanged.
    """
    if how == "armnn":
        other = {v.name: v for v in table(ARMNN)}
        return [_ns(other[v.name].quantiles) for v in variants]
    profiles = []
    for variant in variants:
        scale, tail = rng.uniform(0.8, 1.2), rng.uniform(0.8, 1.2)
        q = [x * scale for x in variant.quantiles]
        if how == "tails":
            q[3] *= tail
            q[4] *= tail
        profiles.append(_ns(q))
    return profiles


def _ns(ms: tuple[float, ...] | list[float]) -> tuple[int, ...]:
    rising = np.maximum.accumulate(ms)
    return tuple(round(x * 1e6) for x in rising)


# -- slowdowns, one a frame ---------------------------------------------------------------------------------------


def calm(n: int, rng: random.Random) -> list[float]:
    return [1.0] * n


def step(n: int, rng: random.Random) -> list[float]:
    """x 1.8 for the middle third."""
    return [1.8 if n // 3 <= i < 2 * n // 3 else 1.0 for i in range(n)]


def ramp(n: int, rng: random.Random) -> list[float]:
    """1500 to 1000 MHz, smoothly, over the middle of the run: 1.0 to 1.5."""
    return [1.0 + 0.5 * min(1.0, max(0.0, (i / n - 0.1) / 0.7)) for i in range(n)]


def levels(n: int, rng: random.Random) -> list[float]:
    """A level of 1 to 2, log-uniform, for 10 s on average (exponential)."""
    out: list[float] = []
    while len(out) < n:
        level = exp(rng.uniform(0.0, log(2.0)))
        out += [level] * max(1, round(rng.expovariate(1 / 100)))
    return out[:n]


def bursts(n: int, rng: random.Random) -> list[float]:
    """Every 10 s on average a burst of 1.3 to 2.5 that lasts 2 frames or, heavy-tailed (Pareto 1.5), up to 100."""
    out = [1.0] * n
    i = 0
    while (i := i + max(1, round(rng.expovariate(1 / 100)))) < n:
        last, factor = min(100, round(2 * rng.paretovariate(1.5))), rng.uniform(1.3, 2.5)
        for j in range(i, min(n, i + last)):
            out[j] = factor
        i += last
    return out


def contention(n: int, rng: random.Random) -> list[float]:
    """ln of the slowdown is AR(1): correlation 0.98 from frame to frame, standard deviation 0.2 around ln 1.3."""
    x, out = 0.0, []
    for _ in range(n):
        x = 0.98 * x + 0.2 * sqrt(1 - 0.98**2) * rng.gauss(0, 1)
        out.append(1.3 * exp(x))
    return out


REGIMES = {"calm": calm, "step": step, "ramp": ramp, "random": levels, "bursts": bursts, "contention": contention}
