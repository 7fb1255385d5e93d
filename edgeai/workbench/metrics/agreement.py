"""How far two models say the same of the same inputs, whatever is true."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeai.messages import Detections
from edgeai.workbench.metrics.boxes import ious, paired

__all__ = ["box_f1", "correlation", "same_class"]


def same_class(a: Sequence[int], b: Sequence[int]) -> float:
    """Return the share of inputs to which both give the same class. Raises ValueError without inputs."""
    if not a:
        raise ValueError("there is no input to compare on")
    return sum(x == y for x, y in zip(a, b, strict=True)) / len(a)


def box_f1(a: Sequence[Detections], b: Sequence[Detections], overlap: float = 0.5) -> float:
    """Return 2 x pairs / (boxes of a + boxes of b), a pair being of one label and overlapping enough.

    1 where neither finds anything. Symmetric, as neither is the truth.
    """
    pairs = total = 0
    for one, other in zip(a, b, strict=True):
        total += len(one) + len(other)
        same = np.array([[x == y for y in other.label] for x in one.label], bool).reshape(len(one), len(other))
        pairs += len(paired(np.where(same, ious(one.box, other.box), 0.0), overlap))
    return 2 * pairs / total if total else 1.0


def correlation(a: Sequence[float], b: Sequence[float]) -> float:
    """Return Pearson's coefficient of two series. Raises ValueError for fewer than two values, or a constant series."""
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if len(x) < 2 or x.shape != y.shape:
        raise ValueError("a correlation needs two series of two values or more")
    x, y = x - x.mean(), y - y.mean()
    spread = float(np.sqrt((x * x).sum() * (y * y).sum()))
    if not spread > 0:
        raise ValueError("a series is constant, so that nothing correlates with it")
    return float((x * y).sum() / spread)
