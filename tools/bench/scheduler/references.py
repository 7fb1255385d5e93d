"""What the scheduler is compared with, on the same hidden slowdowns."""

from __future__ import annotations

from math import erf, sqrt

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_matrix
from truth import Variant

WINDOW = 600
"""Frames of a power window: 60 s at 10 Hz."""


def miss_table(variants: tuple[Variant, ...], slow: np.ndarray, deadline_ms: float) -> np.ndarray:
    """Probability of a miss, (frames, variants)."""
    levels, which = np.unique(slow, return_inverse=True)
    table = np.stack([v.survival(np.log(deadline_ms / levels)) for v in variants], axis=1)
    return table[which]


def oracle(
    variants: tuple[Variant, ...], slow: list[float], deadline_ms: float, watts: float, e: float, *, lag: int = 0
) -> float:
    """On-time accuracy a frame of the best long-run mixture that knows the slowdown (of `lag` frames ago).

    Shares by (power window, state of slowdown, variant); misses <= e within each state; energy <= watts within each
    window. States are a twentieth wide in ln; the risk of a state is the mean over its frames.
    """
    s = np.asarray(slow)
    p = miss_table(variants, s, deadline_ms)
    mean = np.array([v.mean_ms * 1e-3 * v.watts for v in variants])
    accuracy = np.array([v.accuracy for v in variants])
    known = np.concatenate([s[:1].repeat(lag), s[: len(s) - lag]]) if lag else s
    state = np.round(np.log(known) * 20).astype(int)
    window = np.arange(len(s)) // WINDOW
    cells: dict[tuple[int, int], np.ndarray] = {}
    for key in {*zip(window.tolist(), state.tolist(), strict=True)}:
        cells[key] = np.flatnonzero((window == key[0]) & (state == key[1]))
    n, m = len(variants), len(cells)
    values = np.zeros(m * n)
    rows, cols, data = [], [], []
    states = {k: i for i, k in enumerate(sorted({key[1] for key in cells}))}
    windows = {k: i for i, k in enumerate(sorted({key[0] for key in cells}))}
    eq_rows, eq_cols = [], []
    bound = np.zeros(len(states) + len(windows))
    sizes = np.zeros(m)
    for c, (key, frames) in enumerate(sorted(cells.items())):
        risk, rate = p[frames].mean(axis=0), s[frames].mean()
        sizes[c] = len(frames)
        at = np.arange(c * n, (c + 1) * n)
        values[at] = -accuracy * (1 - risk)
        rows += [states[key[1]]] * n
        cols += at.tolist()
        data += (risk - e).tolist()
        rows += [len(states) + windows[key[0]]] * n
        cols += at.tolist()
        data += (mean * rate).tolist()
        bound[len(states) + windows[key[0]]] += len(frames) * watts / 10
        eq_rows += [c] * n
        eq_cols += at.tolist()
    a = coo_matrix((data, (rows, cols)), shape=(len(bound), m * n))
    eq = coo_matrix((np.ones(m * n), (eq_rows, eq_cols)), shape=(m, m * n))
    # A frame may also be skipped, at no accuracy and no miss: hence <= in place of =.
    result = linprog(values, A_ub=_stack(a, eq), b_ub=np.concatenate([bound, sizes]), bounds=(0, None), method="highs")
    return float(-result.fun / len(s))


def _stack(a: coo_matrix, b: coo_matrix) -> coo_matrix:
    from scipy.sparse import vstack

    return vstack([a, b]).tocsr()


def static(
    variants: tuple[Variant, ...], slow: list[float], deadline_ms: float, watts: float, e: float
) -> tuple[float, float]:
    """Best single variant in hindsight: (on-time accuracy, misses); the least risky where none keeps both limits."""
    s = np.asarray(slow)
    p = miss_table(variants, s, deadline_ms).mean(axis=0)
    energy = np.array([v.mean_ms * 1e-3 * v.watts for v in variants]) * s.mean() * 10
    score = np.array([v.accuracy for v in variants]) * (1 - p)
    allowed = (p <= e) & (energy <= watts)
    best = int(np.argmax(np.where(allowed, score, -1))) if allowed.any() else int(np.argmin(p))
    return float(score[best]), float(p[best])


def alert(
    variants: tuple[Variant, ...],
    told: list[tuple[int, ...]],
    slow: list[float],
    deadline_ms: float,
    watts: float,
    e: float,
    busy: float,
    seed: int,
    skip: int,
) -> tuple[float, float]:
    """Gaussian Kalman filter on the ratio of times after ALERT (ATC 2020): (on-time accuracy, misses) after `skip`.

    xi ~ N(mu, sigma^2); K = (P + Q) / (P + Q + R), Q = max(Q0, a Q + (1 - a)(K y)^2), K0 = 0.5, R = 0.001, Q0 = 0.1,
    a = 0.3 as there; the configuration of greatest expected accuracy with P(t <= D) >= 1 - e within the energy goal.
    """
    z = np.random.default_rng(seed).standard_normal(len(slow))
    times = [np.exp(v.ln_ms(z)) for v in variants]
    profile = np.array([q[0] / 1e6 for q in told])
    accuracy = np.array([v.accuracy for v in variants])
    mu, gain, q, sigma = 1.0, 0.5, 0.1, 0.1
    score = missed = 0.0
    for k, s in enumerate(slow):
        chance = _cdf((deadline_ms / profile - mu) / max(1e-3, sqrt(sigma)))
        fits = (chance >= 1 - e) & (profile * 1e-3 * mu * busy * 10 <= watts)
        worth = np.where(fits, accuracy * chance, -1)
        pick = int(np.argmax(worth)) if fits.any() else int(np.argmax(chance - profile * 1e-9))
        took = times[pick][k] * s
        if k >= skip:
            missed += took > deadline_ms
            score += accuracy[pick] * (took <= deadline_ms)
        y = took / profile[pick] - mu
        q = max(0.001, 0.3 * q + 0.7 * (gain * y) ** 2)
        prior = (1 - gain) * sigma + q
        gain = prior / (prior + 0.001)
        mu += gain * y
        sigma = prior
    n = len(slow) - skip
    return score / n, missed / n


_cdf = np.vectorize(lambda x: 0.5 * (1 + erf(x / sqrt(2))))
