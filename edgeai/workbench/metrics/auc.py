"""AUC: the area under the curve of true against false positives, over all thresholds."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["auc"]


def auc(truth: Sequence[bool], score: Sequence[float]) -> float:
    """Return the probability that a positive has a higher score than a negative, ties counting a half.

    That is the area under the ROC curve: U / (n+ n-), U the statistic of Mann and Whitney (Hanley and McNeil,
    Radiology 143, 1982). Raises ValueError where positives or negatives are missing, or a score is NaN.
    """
    if any(math.isnan(value) for value in score):
        raise ValueError("a score is NaN")
    positives = sum(map(bool, truth))
    negatives = len(truth) - positives
    if not positives or not negatives:
        raise ValueError("the AUC needs samples with and without what is looked for")
    ranks = _ranks(score)
    above = math.fsum(rank for rank, there in zip(ranks, truth, strict=True) if there)
    return (above - positives * (positives + 1) / 2) / (positives * negatives)


def _ranks(score: Sequence[float]) -> list[float]:
    """Return the ranks from 1, equal scores sharing the mean of theirs."""
    order = sorted(range(len(score)), key=score.__getitem__)
    ranks = [0.0] * len(score)
    begin = 0
    for end in range(1, len(order) + 1):
        if end == len(order) or score[order[end]] != score[order[begin]]:
            for position in order[begin:end]:
                ranks[position] = (begin + 1 + end) / 2
            begin = end
    return ranks
