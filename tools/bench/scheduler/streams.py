"""Several streams on one lane: misses beside an oracle that knows the slowdown and has its best blocking guard."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from math import sqrt

import numpy as np
from references import miss_table
from scipy.optimize import linprog
from truth import IDLE, REGIMES, Variant, table, told
from world import Stream, simulate

from edgeai.policies.latency import Latency
from edgeai.policies.power import Power

MISS_RATE = 0.01
APART = 100
MOST_GUARD = 1.5
"""Of the longest planned job of the other streams: the oracle's guard is looked for below."""
BISECTIONS = 6
LADDER = (0, 5, 12, 18, 24, 29, 33, 36)
"""Eight variants of the table, 2 to 31 ms."""


def make(count: int, profile: str, rng: random.Random, load: float = 1.0) -> list[Stream]:
    """Two streams of 50 and 100 ms at 10 fps, or four at 5 fps; phases at random, rates not in step."""
    ladder = tuple(table()[i] for i in LADDER)
    fps = (10.0 if count <= 2 else 5.0) * load
    return [
        Stream(
            f"s{i}",
            ladder,
            told(ladder, profile, rng),
            (50.0, 100.0)[i % 2],
            fps=fps * (1 - 0.013 * i),
            rate_min=None,
            phase_ms=rng.uniform(0, 100),
        )
        for i in range(count)
    ]


@dataclass
class Row:
    """Misses and on-time accuracy of both, over all streams and seeds."""

    streams: int
    regime: str
    budget: float | None
    misses: float
    oracle_misses: float
    score: float
    oracle_score: float

    def row(self) -> dict[str, object]:
        return {
            "streams": self.streams,
            "regime": self.regime,
            "dyn W": "any" if self.budget is None else self.budget,
            "miss %": 100 * float(self.misses),
            "oracle miss %": 100 * float(self.oracle_misses),
            "ratio": float(self.misses / max(self.oracle_misses, 1e-9)),
            "accuracy": float(self.score),
            "oracle accuracy": float(self.oracle_score),
        }


def run_row(count: int, regime: str, budget: float | None, seeds: range, frames: int) -> Row:
    got = np.zeros(6)
    for seed in seeds:
        rng = random.Random(1000 * seed + 11)
        slow = REGIMES[regime](frames, rng)
        streams = make(count, "scale", rng)
        policy = Latency(MISS_RATE) if budget is None else Power(IDLE + budget, MISS_RATE)
        out = simulate(streams, slow, policy, seed)
        for log in out.logs.values():
            got[:3] += log.missed[APART:].sum(), log.offered[APART:].sum(), log.score[APART:].sum()
        got[3:] += _oracle(count, regime, budget, seed, frames)
    return Row(count, regime, budget, got[0] / got[1], got[3] / got[4], got[2] / got[1], got[5] / got[4])


@cache
def _oracle(count: int, regime: str, budget: float | None, seed: int, frames: int) -> np.ndarray:
    """Return the oracle's sums with its best guard: the least that keeps the miss rate, found by bisection."""
    rng = random.Random(1000 * seed + 11)
    slow = REGIMES[regime](frames, rng)
    streams = make(count, "scale", rng)
    tried = [_edf(streams, slow, budget, seed, 0.0)]
    low, high = 0.0, MOST_GUARD
    for _ in range(BISECTIONS if not _preferred(tried[0])[0] else 0):
        guard = 0.5 * (low + high)
        tried.append(_edf(streams, slow, budget, seed, guard))
        low, high = (low, guard) if _preferred(tried[-1])[0] else (guard, high)
    return max(tried, key=_preferred)


def _preferred(sums: np.ndarray) -> tuple[bool, float]:
    """Prefer a guard that keeps the miss rate, among these the most accuracy; else the fewest misses."""
    rate = sums[0] / sums[1]
    return (True, sums[2]) if rate <= MISS_RATE else (False, -rate)


def _edf(streams: list[Stream], slow: list[float], budget: float | None, seed: int, guard: float) -> np.ndarray:
    """Run the oracle: shares by linear programme for each level of slowdown, non-preemptive EDF, newest frame wins."""
    levels = {}
    which = np.round(np.log(slow) * 20).astype(int)
    for level in set(which.tolist()):
        levels[level] = _shares(streams, float(np.mean(np.asarray(slow)[which == level])), budget, guard)
    noise = np.random.default_rng(seed)
    n = len(slow)
    counts = [round(n * s.fps / 10) for s in streams]
    z = [noise.standard_normal(c) for c in counts]
    times = [[np.exp(v.ln_ms(z[i])) for v in s.variants] for i, s in enumerate(streams)]
    frames = sorted((s.phase_ms + k * 1000 / s.fps, i, k) for i, s in enumerate(streams) for k in range(counts[i]))
    accounts = [np.zeros(len(s.variants)) for s in streams]
    waiting: dict[int, tuple[float, int]] = {}
    sums = np.zeros(3)
    free, at = 0.0, 0

    def note(k: int, missed: bool, score: float) -> None:
        if k >= APART:
            sums[:] += missed, 1, score

    while at < len(frames) or waiting:
        now = max(free, frames[at][0] if not waiting else free)
        while at < len(frames) and frames[at][0] <= now:
            stamp, i, k = frames[at]
            if i in waiting:
                note(waiting[i][1], True, 0.0)
            waiting[i] = (stamp, k)
            at += 1
        if not waiting:
            continue
        i = min(waiting, key=lambda i: waiting[i][0] + streams[i].deadline_ms)
        stamp, k = waiting.pop(i)
        cell = min(n - 1, int(now // 100))
        accounts[i] += levels[int(which[cell])][i]
        pick = int(np.argmax(accounts[i]))
        accounts[i][pick] -= 1
        free = now + times[i][pick][k] * slow[cell]
        late = free > stamp + streams[i].deadline_ms
        note(k, late, 0.0 if late else streams[i].variants[pick].accuracy)
    return sums


def _shares(streams: list[Stream], s: float, budget: float | None, guard: float) -> list[np.ndarray]:
    """Shares of all streams' variants at slowdown s, with a guard for the others' longest planned job."""
    longest = [0.0] * len(streams)
    shares: list[np.ndarray] = []
    for _ in range(3 if guard else 1):
        shares = _programme(streams, s, budget, [guard * x for x in longest])
        jobs = [
            max(v.mean_ms * s for v, w in zip(x.variants, y, strict=True) if w > 0.05)
            for x, y in zip(streams, shares, strict=True)
        ]
        longest = [max((j for k, j in enumerate(jobs) if k != i), default=0.0) for i in range(len(streams))]
    return shares


def _programme(streams: list[Stream], s: float, budget: float | None, guards: list[float]) -> list[np.ndarray]:
    n = len(streams[0].variants)
    m = len(streams)
    values, energy, busy = np.zeros(m * n), np.zeros(m * n), np.zeros(m * n)
    risk, eq = np.zeros((m, m * n)), np.zeros((m, m * n))
    for i, stream in enumerate(streams):
        at = slice(i * n, (i + 1) * n)
        p = miss_table(stream.variants, np.array([s]), max(1.0, stream.deadline_ms - guards[i]))[0]
        mean = np.array([v.mean_ms * 1e-3 * s for v in stream.variants])
        values[at] = -np.array([v.accuracy for v in stream.variants]) * (1 - p) + 100 * np.maximum(
            0, p.min() - MISS_RATE
        )
        busy[at] = mean * stream.fps
        energy[at] = busy[at] * np.array([v.watts for v in stream.variants])
        risk[i, at] = p - max(MISS_RATE, p.min())
        eq[i, at] = 1
    rows = [*risk, busy]
    limits = [0.0] * m + [0.95]
    if budget is not None:
        rows.append(energy)
        limits.append(budget)
    result = linprog(
        values, A_ub=np.array(rows), b_ub=limits, A_eq=eq, b_eq=np.ones(m), bounds=(0, None), method="highs"
    )
    if result.status:
        cheapest = np.zeros((m, n))
        cheapest[:, 0] = 1
        return list(cheapest)
    return list(result.x.reshape(m, n))


def overload(seeds: range, frames: int) -> dict[str, float]:
    """Twice what the quickest variants can do, weights 1 to 4: misses, and the largest error of a share of time."""
    missed = offered = 0.0
    worst = 0.0
    for seed in seeds:
        rng = random.Random(seed)
        variant: tuple[Variant, ...] = tuple(table()[i] for i in (24, 29))
        cost = variant[0].mean_ms / 1000
        streams = [
            Stream(
                f"s{i}",
                variant,
                told(variant, "scale", rng),
                400.0,
                fps=2 / cost / 4,
                rate_min=None,
                weight=float(i + 1),
                phase_ms=rng.uniform(0, 30),
            )
            for i in range(4)
        ]
        out = simulate(streams, [1.0] * frames, Latency(MISS_RATE), seed)
        busy = []
        for log in out.logs.values():
            missed += log.missed[APART:].sum()
            offered += log.offered[APART:].sum()
            busy.append(log.busy[APART:].sum())
        for i, b in enumerate(busy):
            worst = max(worst, abs(b / sum(busy) / ((i + 1) / 10) - 1))
    limit = MISS_RATE + 1.645 * sqrt(MISS_RATE * (1 - MISS_RATE) / offered)
    return {"miss %": 100 * missed / offered, "limit %": 100 * limit, "worst error of a share %": 100 * worst}
