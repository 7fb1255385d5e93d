"""Top-k accuracy: how often the true class is among the k most probable."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["top_k"]


def top_k(truth: Sequence[int], found: Sequence[Sequence[int]], k: int) -> float:
    """Return the share of samples whose true class is among the first k of their found ones, best first.

    Raises ValueError for no samples, or lists of different lengths.
    """
    if not truth:
        raise ValueError("there is no sample to judge")
    return sum(true in list(ranked)[:k] for true, ranked in zip(truth, found, strict=True)) / len(truth)
