"""A ladder of eight of which three fit: heavy switches, what loading costs, and what is lost by it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np
from streams import LADDER
from truth import IDLE, REGIMES, table, told
from world import MS, Outcome, Stream, simulate

from edgeai.policies.latency import Latency
from edgeai.policies.power import Power
from edgeai.schedule.policy import Policy

MISS_RATE = 0.01
APART = 100
MEGABYTES = 10
FIT = 3
SWITCH_MS = 0.3
"""A run that follows another variant finds its weights out of the cache: a megabyte or so, read at 4 GB/s."""
POLICIES: dict[str, Policy] = {"power 0.3 W": Power(IDLE + 0.3, MISS_RATE), "latency": Latency(MISS_RATE)}


@dataclass
class Sums:
    """Of all seeds: minutes, loads by kind, the most unforced ones in a minute, misses, switches, busy time (ns)."""

    minutes: float = 0.0
    forced: int = 0
    unforced: int = 0
    most: int = 0
    in_loads: int = 0
    missed_in_loads: int = 0
    stalled: int = 0
    late: int = 0
    missed: int = 0
    missed_whole: int = 0
    offered: int = 0
    offered_whole: int = 0
    switches: int = 0
    busy: float = 0.0
    score: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)


def run(regime: str, policy: str, deadline: float, fps: float, seeds: range, frames: int) -> dict[str, object]:
    """One row: the same seeds with three of eight resident and with all."""
    sums = Sums()
    variants = tuple(table()[i] for i in LADDER)
    for seed in seeds:
        rng = random.Random(1000 * seed + 5)
        slow = REGIMES[regime](frames, rng)
        profiles = told(variants, "scale", rng)
        stream = Stream("s", variants, profiles, deadline, fps, rate_min=fps, megabytes=MEGABYTES, switch_ms=SWITCH_MS)
        limited = simulate([stream], slow, POLICIES[policy], seed, megabytes=FIT * MEGABYTES)
        whole = simulate([stream], slow, POLICIES[policy], seed)
        _count(sums, limited, frames, fps)
        sums.score.append(float(limited.logs["s"].score[APART:].mean()))
        sums.whole.append(float(whole.logs["s"].score[APART:].mean()))
        sums.missed_whole += int(whole.logs["s"].missed[APART:].sum())
        sums.offered_whole += int(whole.logs["s"].offered[APART:].sum())
    return {
        "regime": regime,
        "policy": policy,
        "deadline": deadline,
        "fps": fps,
        "unforced a min": sums.unforced / sums.minutes,
        "most in a min": sums.most,
        "forced a min": sums.forced / sums.minutes,
        "frames in loads": sums.in_loads,
        "missed %": 100 * sums.missed_in_loads / max(1, sums.in_loads),
        "stalled": sums.stalled,
        "late by it": sums.late,
        "all miss %": 100 * sums.missed / sums.offered,
        "all-resident miss %": 100 * sums.missed_whole / sums.offered_whole,
        "mixing a frame": sums.switches / sums.offered,
        "their cost, % of busy": 100 * sums.switches * SWITCH_MS * MS / sums.busy,
        "utility, % of all-resident": 100 * sum(sums.score) / sum(sums.whole),
    }


def _count(sums: Sums, out: Outcome, frames: int, fps: float) -> None:
    assert out.scheduler is not None
    log = out.logs["s"]
    loads = out.scheduler.planner.residency.loads
    sums.minutes += frames / 600
    sums.forced += loads["forced"]
    sums.unforced += loads["unforced"]
    sums.stalled += out.stalled
    sums.late += out.late
    if not loads["forced"]:
        starts = [start for start, _ in out.loads]
        sums.most = max(sums.most, *(sum(s <= t < s + 60_000 * MS for t in starts) for s in starts), 0)
    inside = np.zeros(len(log.missed), bool)
    for start, end in out.loads:
        inside[round(start * 1e-9 * fps) : round(end * 1e-9 * fps)] = True
    inside[:APART] = False
    sums.in_loads += int((inside & log.offered).sum())
    sums.missed_in_loads += int((inside & log.missed).sum())
    sums.missed += int(log.missed[APART:].sum())
    sums.offered += int(log.offered[APART:].sum())
    sums.switches += out.switches
    sums.busy += float(log.busy.sum())
