"""What really happens in the bench and the scheduler does not see: durations, watts, slowdowns."""

from __future__ import annotations

import csv
import os
import random
import sys
from dataclasses import dataclass
from functools import cache
from math import erfc, log, sqrt
from pathlib import Path

import numpy as np

from edgeai.workbench.world.distribution import Distribution
from edgeai.workbench.world.slowdown import REGIMES

__all__ = ["ARMNN", "BUSY", "IDLE", "REGIMES", "TFLITE", "Variant", "table", "told"]

ROOT = Path(__file__).resolve().parents[3]
BOARDS = Path(os.environ.get("EDGEAI_BOARDS", ROOT.parent / "shared" / "boards"))
TFLITE = "mlperf_v1.0_rpi4coral-fan.on-tflite-v2.4.1-ruy.csv"
ARMNN = "mlperf_v1.0_rpi4coral-fan.on-armnn-v21.02-neon.csv"

IDLE = 1.6
"""Watts of an idle Raspberry Pi 4."""
BUSY = 3.02
"""Watts above idle while it computes: the median over the table, which is all the scheduler is told."""

LN_MS = log(1e6)
"""ln of a millisecond in ns."""

QUANTILES = ("p50", "p90", "p95", "p99", "p999")
_LEVELS = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}


@dataclass(frozen=True)
class Variant:
    """A model on the board: top-1 (0..1), watts above idle, durations and their quantiles in ms."""

    name: str
    accuracy: float
    watts: float
    durations: Distribution
    quantiles: tuple[float, ...]

    def ln_ms(self, z: np.ndarray) -> np.ndarray:
        return np.interp(z, self.durations.zs, np.subtract(self.durations.xs, LN_MS))

    def survival(self, ln_ms: np.ndarray) -> np.ndarray:
        """Share of runs longer than exp(ln_ms)."""
        z = np.interp(np.add(ln_ms, LN_MS), self.durations.xs, self.durations.zs, left=-9.0, right=9.0)
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
    quantiles = [(0.0, ms["min"]), *((_LEVELS[key], ms[key]) for key in QUANTILES), (1.0, ms["max"])]
    return Variant(
        row["model"].removesuffix("-quantized"),
        float(row["acc_top1"]) / 100,
        float(row["active_w"]) - float(row["idle_w"]),
        Distribution.through(((p, x * 1e6) for p, x in quantiles), runs),
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
