"""Which variants of a ladder nobody needs: another is quicker and no less accurate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edgeai.perception.profile import ModelProfile

__all__ = ["Dominated", "dominated"]

NOISE = 0.03
"""Medians closer than this share are taken for equal: one repetition differs from the next by as much."""


@dataclass(frozen=True, slots=True)
class Dominated:
    """A variant, the one that dominates it, how many times longer it takes, and the accuracy it lacks."""

    name: str
    by: str
    slower: float
    accuracy: float

    def __str__(self) -> str:
        less = f"{self.accuracy:.3g} less accurate" if self.accuracy else "no more accurate"
        return f"{self.name} is dominated by {self.by}: {self.slower:.2f} times as slow and {less}"


def dominated(ladder: Iterable[ModelProfile]) -> tuple[Dominated, ...]:
    """Return the variants that are slower than another, each on its best threads, and no more accurate.

    Of several that dominate one, the most accurate is named. Variants without an accuracy, or with figures of different
    metrics, are not compared.
    """
    members = list(ladder)
    found = []
    for model in members:
        above = [other for other in members if other is not model and _dominates(other, model)]
        if above:
            best = max(above, key=lambda other: other.accuracy or 0.0)
            lacks = round((best.accuracy or 0.0) - (model.accuracy or 0.0), 6)
            found.append(Dominated(model.name, best.name, _median(model) / _median(best), lacks))
    return tuple(found)


def _dominates(one: ModelProfile, other: ModelProfile) -> bool:
    if one.accuracy is None or other.accuracy is None or one.metric != other.metric:
        return False
    return one.accuracy >= other.accuracy and _median(one) * (1.0 + NOISE) < _median(other)


def _median(model: ModelProfile) -> float:
    return min(row.job.p50 for row in model.rows)
