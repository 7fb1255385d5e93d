"""Energy at an accuracy, steps, battery life, heat, power without a meter: one question each."""

from __future__ import annotations

import math
import random
import statistics
from dataclasses import dataclass, replace

import numpy as np
from grid import APART, MISS_RATE
from references import WINDOW, miss_table
from scipy.optimize import linprog
from streams import LADDER
from truth import BUSY, IDLE, REGIMES, Variant, table, told
from world import MS, Stream, simulate

from edgeai.policies.accuracy_floor import AccuracyFloor
from edgeai.policies.battery import Battery
from edgeai.policies.latency import Latency
from edgeai.policies.power import Power
from edgeai.power.thermal import T_SET
from edgeai.schedule.commands import Run
from edgeai.schedule.events import Calibrated, FrameReady, JobDone, Profile, Sensed
from edgeai.schedule.scheduler import Scheduler
from edgeai.schedule.workload import Workload


def least_energy(
    variants: tuple[Variant, ...], slow: list[float], deadline_ms: float, accuracy: float, e: float
) -> float:
    """Joules a frame of the best mixture that knows the slowdown and reaches an on-time accuracy in each minute."""
    s = np.asarray(slow)
    p = miss_table(variants, s, deadline_ms)
    state = np.round(np.log(s) * 20).astype(int)
    window = np.arange(len(s)) // WINDOW
    cells = sorted({*zip(window.tolist(), state.tolist(), strict=True)})
    levels, windows = sorted({level for _, level in cells}), sorted({w for w, _ in cells})
    n = len(variants)
    cost = []
    risk = np.zeros((len(levels), n * len(cells)))
    score = np.zeros((len(windows), n * len(cells)))
    eq = np.zeros((len(cells), n * len(cells)))
    for i, (w, level) in enumerate(cells):
        frames = np.flatnonzero((state == level) & (window == w))
        part = len(frames) / len(s)
        mean = p[frames].mean(axis=0)
        cost += [part * v.mean_ms * 1e-3 * v.watts * s[frames].mean() for v in variants]
        at = slice(i * n, (i + 1) * n)
        score[windows.index(w), at] = -part * np.array([v.accuracy for v in variants]) * (1 - mean)
        risk[levels.index(level), at] = part * (mean - e)
        eq[i, at] = 1
    a = np.vstack([risk, score])
    b = [0.0] * len(levels) + [-float(np.mean(window == w)) * accuracy for w in windows]
    result = linprog(cost, A_ub=a, b_ub=b, A_eq=eq, b_eq=np.ones(len(cells)), bounds=(0, None), method="highs")
    return float(result.fun) if result.status == 0 else math.nan


def floor(regime: str, deadline: float, accuracy: float, seeds: range, frames: int) -> dict[str, object]:
    """accuracy-floor: energy beside the oracle's at the accuracy reached, and beside the floor asked."""
    over, reached, missed, offered = [], [], 0, 0
    for seed in seeds:
        rng = random.Random(1000 * seed + 3)
        slow = REGIMES[regime](frames, rng)
        stream = Stream("s", table(), told(table(), "scale", rng), deadline)
        out = simulate([stream], slow, AccuracyFloor(accuracy, MISS_RATE), seed)
        log = out.logs["s"]
        mean = float(log.score[APART:].mean())
        used = float(out.joules[APART:].mean())
        best = least_energy(table(), slow[APART:], deadline, mean, MISS_RATE)
        over.append(100 * (used / best - 1))
        reached.append(mean)
        missed += int(log.missed[APART:].sum())
        offered += int(log.offered[APART:].sum())
    return {
        "regime": regime,
        "deadline ms": deadline,
        "floor": accuracy,
        "reached": statistics.fmean(reached),
        "energy over oracle %": statistics.fmean(over),
        "misses %": 100 * missed / offered,
    }


def steps(seeds: range) -> dict[str, object]:
    """x 1.8 every 500 frames, up and down: frames until the estimate is within 10 % of the truth, extra misses."""
    frames_to, extra, n = [], [], 0
    for seed in seeds:
        for deadline in (25.0, 50.0, 100.0):
            rng = random.Random(seed)
            slow = [1.8 if (i // 500) % 2 else 1.0 for i in range(4000)]
            stream = Stream("s", table(), told(table(), "scale", rng), deadline)
            out = simulate([stream], slow, Power(IDLE + 1.0, MISS_RATE), seed)
            log = out.logs["s"]
            mu = log.mu
            for at in range(500, 4000, 500):
                before = statistics.median(mu[at - 100 : at])
                jump = math.log(slow[at] / slow[at - 1])
                hit = next((k for k in range(200) if abs(mu[at + k] - before - jump) < math.log(1.1)), 200)
                frames_to.append(hit + 1)
                if jump > 0:
                    extra.append(log.missed[at : at + 20].sum() - 20 * MISS_RATE)
                n += 1
    return {
        "steps": n,
        "frames median": statistics.median(frames_to),
        "frames p90": float(np.percentile(frames_to, 90)),
        "extra misses a step up": statistics.fmean(extra),
    }


def battery(hours: float, seeds: range) -> dict[str, object]:
    """Last a time that full rate would not: how far from it the battery was empty."""
    errors = []
    for seed in seeds:
        rng = random.Random(seed)
        frames = round(hours * 36_000)
        slow = REGIMES["random"](2 * frames, rng)
        stream = Stream("s", table(), told(table(), "scale", rng), 100.0)
        joules = hours * 3600 * (IDLE + 0.7)
        out = simulate([stream], slow, Battery(hours, capacity=joules / 3600), seed)
        total = np.cumsum(out.joules + IDLE * 0.1)
        empty = int(np.searchsorted(total, joules))
        errors.append(100 * (empty / frames - 1))
    return {"hours": hours, "life error % least": min(errors), "most": max(errors)}


def unmetered(regime: str, seeds: range, frames: int) -> dict[str, object]:
    """The budget kept by the board table alone: the worst minute of the true watts, in % of the budget."""
    minutes, means = [], []
    for seed in seeds:
        rng = random.Random(1000 * seed + 9)
        slow = REGIMES[regime](frames, rng)
        stream = Stream("s", table(), told(table(), "scale", rng), 100.0)
        out = simulate([stream], slow, Power(IDLE + 1.0, MISS_RATE), seed, metered=False)
        watts = IDLE + np.convolve(out.joules, np.ones(WINDOW), "valid") / 60
        minutes.append(100 * float(watts.max()) / (IDLE + 1.0))
        means.append(100 * float(watts.mean()) / (IDLE + 1.0))
    return {"regime": regime, "mean, % of budget": statistics.fmean(means), "worst minute %": max(minutes)}


@dataclass
class Heat:
    """A board with two thermal poles: fast (chip to board) and slow (board to ambient)."""

    ambient: float
    fast: float
    slow: float
    resistance: float
    part: float = 0.4
    a: float = 0.0
    b: float = 0.0

    def step(self, watts: float, dt: float) -> float:
        self.a += (watts * self.resistance * self.part - self.a) * (1 - math.exp(-dt / self.fast))
        self.b += (watts * self.resistance * (1 - self.part) - self.b) * (1 - math.exp(-dt / self.slow))
        return self.ambient + self.a + self.b


def heat(ambient: float, fast: float, slow: float, resistance: float) -> dict[str, object]:
    """As much work as the board gives, until its slow pole has settled.

    Counts seconds above 80 deg C; the last quarter's power stands beside what holds the set point.
    """
    seconds = round(max(3600, 8 * slow))
    board = Heat(ambient, fast, slow, resistance)
    rng = random.Random(1)
    ladder = tuple(table()[i] for i in LADDER)
    ladder = (*ladder, table()[39], table()[40])
    stream = Stream("s", ladder, told(ladder, "scale", rng), 400.0, fps=20.0)
    top = IDLE + BUSY * 0.9
    sustained = (T_SET - ambient) / resistance
    scheduler = Scheduler(Workload((stream.load(),)), Latency(MISS_RATE))
    profiles = tuple(Profile("s", i, q[0], q[3], q[1], q[2], q[4]) for i, q in enumerate(stream.profiles))
    scheduler.handle(Calibrated(0, profiles, idle=IDLE, busy=BUSY))
    seq, hot, used, celsius = 0, 0, [], ambient
    state = scheduler.state("s")
    for second in range(seconds):
        spent = 0.0
        t = second * 1000 * MS
        free = t
        for k in range(20):
            stamp = max(free, t + k * 50 * MS)
            commands = scheduler.handle(FrameReady(stamp, "s.camera", seq, stamp))
            seq += 1
            while runs := [command.job for command in commands if isinstance(command, Run)]:
                v = ladder[runs[0].point]
                ms = v.mean_ms * rng.lognormvariate(0.0, 0.03)
                spent += ms * 1e-3 * v.watts
                free = max(free, stamp) + round(ms * MS)
                commands = scheduler.handle(JobDone(free, runs[0].id, True, free, (("ran", round(ms * MS)),)))
        watts = IDLE + spent
        celsius = board.step(watts, 1.0)
        hot += celsius >= 80.0
        used.append(watts)
        scheduler.handle(Sensed(max(free, t + 1000 * MS - 1), watts, round(2 * (celsius + rng.gauss(0, 0.2))) / 2))
    steady = statistics.fmean(used[-seconds // 4 :])
    most = min(top, sustained)
    return {
        "ambient": ambient,
        "fast s": fast,
        "slow s": slow,
        "C/W": resistance,
        "s throttled": hot,
        "watts": steady,
        "sustained W": most,
        "share %": 100 * (steady - IDLE) / max(1e-9, most - IDLE),
        "counts": IDLE * resistance + ambient < T_SET,
        "served": state.counts.delivered,
    }


def switches(regime: str, cost_ms: float, seeds: range, frames: int) -> dict[str, object]:
    """Switches between resident points when each costs `cost_ms`, and what avoiding them takes from accuracy."""

    def priced(scheduler: Scheduler) -> None:
        state = scheduler.state("s")
        state.load = replace(state.load, switch=round(cost_ms * MS))

    made = busy = score = free = 0.0
    for seed in seeds:
        rng = random.Random(1000 * seed + 7)
        slow = REGIMES[regime](frames, rng)
        stream = Stream("s", table(), told(table(), "scale", rng), 50.0)
        out = simulate([stream], slow, Power(IDLE + 0.3, MISS_RATE), seed, tweak=priced)
        made += out.switches
        busy += out.logs["s"].busy.sum()
        score += out.logs["s"].score[APART:].mean()
        free += simulate([stream], slow, Power(IDLE + 0.3, MISS_RATE), seed).logs["s"].score[APART:].mean()
    return {
        "regime": regime,
        "a switch costs ms": cost_ms,
        "switches a frame": made / (frames * len(seeds)),
        "% of busy time": 100 * made * cost_ms * MS / busy,
        "accuracy, % of that without": 100 * score / free,
    }
