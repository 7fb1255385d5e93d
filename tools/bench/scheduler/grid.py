"""One stream: every regime, deadline and budget, beside the references."""

from __future__ import annotations

import random
import statistics
from dataclasses import dataclass
from math import sqrt

import numpy as np
from references import alert, oracle, static
from truth import BUSY, IDLE, REGIMES, table, told
from world import Stream, simulate

from edgeai.policies.power import Power

DEADLINES = (25.0, 50.0, 100.0)
BUDGETS = (0.3, 1.0, 2.0)
MISS_RATE = 0.01
APART = 100
"""Frames at the start that are reported apart."""


@dataclass
class Cell:
    """A cell of the grid, seeds pooled: on-time accuracy a frame and misses of each scheduler."""

    profile: str
    regime: str
    deadline: float
    budget: float
    ours: float
    misses: float
    n: int
    first: float
    o2: float
    lagged: float
    static: float
    static_misses: float
    alert: float
    alert_misses: float
    watts: float
    worst_minute: float
    switches: float

    @property
    def share(self) -> float:
        return 100 * self.ours / self.o2

    def row(self) -> dict[str, object]:
        """Return the cell as a line of the table; accuracy in % of O2, never without its misses."""
        return {
            "regime": self.regime,
            "deadline": self.deadline,
            "dyn W": self.budget,
            "O2 acc": self.o2,
            "% of O2": self.share,
            "miss %": 100 * self.misses,
            "limit": 100 * self.limit,
            "over": "!" if self.misses > self.limit else "",
            "first 100 miss %": 100 * self.first,
            "lagged %": 100 * self.lagged / self.o2,
            "static %": 100 * self.static / self.o2,
            "s miss %": 100 * self.static_misses,
            "ALERT %": 100 * self.alert / self.o2,
            "A miss %": 100 * self.alert_misses,
            "W used": self.watts,
            "worst minute %": 100 * self.worst_minute,
            "switches a frame": self.switches,
        }

    @property
    def limit(self) -> float:
        if self.profile == "scale":
            return MISS_RATE + 1.645 * sqrt(MISS_RATE * (1 - MISS_RATE) / self.n)
        return 1.1 * MISS_RATE


def run_cell(
    profile: str, regime: str, deadline: float, budget: float, seeds: range, frames: int, tweak=None, bare=False
) -> Cell:
    variants = table()
    sums: dict[str, list[float]] = {}
    offered = missed = 0
    for seed in seeds:
        rng = random.Random(1000 * seed + 7)
        slow = REGIMES[regime](frames, rng)
        profiles = told(variants, profile, rng)
        stream = Stream("s", variants, profiles, deadline)
        out = simulate([stream], slow, Power(IDLE + budget, MISS_RATE), seed, tweak=tweak)
        log = out.logs["s"]
        offered += int(log.offered[APART:].sum())
        missed += int(log.missed[APART:].sum())
        minute = np.convolve(out.joules, np.ones(600), "valid") / 60 if frames >= 600 else [0.0]
        tail = slow[APART:]
        row = {
            "ours": log.score[APART:].mean(),
            "first": log.missed[:APART].mean(),
            "o2": oracle(variants, tail, deadline, budget, MISS_RATE),
            "watts": out.joules.mean() * 10,
            "minute": (IDLE + float(np.max(minute))) / (IDLE + budget),
            "switches": out.switches / frames,
        }
        if not bare:
            row["lagged"] = oracle(variants, tail, deadline, budget, MISS_RATE, lag=1)
            row["static"], row["static_misses"] = static(variants, tail, deadline, budget, MISS_RATE)
            row["alert"], row["alert_misses"] = alert(
                variants, profiles, slow, deadline, budget, MISS_RATE, BUSY, seed, APART
            )
        for key, value in row.items():
            sums.setdefault(key, []).append(float(value))
    mean = {key: statistics.fmean(values) for key, values in sums.items()}
    nan = float("nan")
    return Cell(
        profile,
        regime,
        deadline,
        budget,
        mean["ours"],
        missed / max(1, offered),
        offered,
        mean["first"],
        mean["o2"],
        mean.get("lagged", nan),
        mean.get("static", nan),
        mean.get("static_misses", nan),
        mean.get("alert", nan),
        mean.get("alert_misses", nan),
        mean["watts"],
        max(sums["minute"]),
        mean["switches"],
    )


def summary(cells: list[Cell]) -> dict[str, object]:
    """Means and worsts over cells."""
    return {
        "% of O2 mean": statistics.fmean(c.share for c in cells),
        "worst": min(c.share for c in cells),
        "misses % mean": 100 * statistics.fmean(c.misses for c in cells),
        "most": 100 * max(c.misses for c in cells),
        "cells over limit": sum(c.misses > c.limit for c in cells),
        "worst minute, % of budget": 100 * max(c.worst_minute for c in cells),
        "lagged mean": statistics.fmean(100 * c.lagged / c.o2 for c in cells),
        "static mean": statistics.fmean(100 * c.static / c.o2 for c in cells),
        "ALERT mean": statistics.fmean(100 * c.alert / c.o2 for c in cells),
        "misses": 100 * statistics.fmean(c.alert_misses for c in cells),
    }
