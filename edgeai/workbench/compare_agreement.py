"""How far two models agree, by the kind of value they give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.errors import ConfigError, Problem
from edgeai.messages import Classification, Detections, Regression, Tensors
from edgeai.workbench.evaluate_figures import score_of
from edgeai.workbench.metrics import box_f1, correlation, same_class

__all__ = ["agreement", "agreement_metric"]

SURE = 0.5
"""Boxes below this score are not compared: they are there for average precision only."""


def agreement_metric(values: Sequence[Any]) -> str:
    """Return what two models that give such values are compared by."""
    kind = values[0]
    if isinstance(kind, Classification):
        return "same top-1"
    if isinstance(kind, Detections):
        return "box F1"
    return "same pixels" if hasattr(kind, "at") else "correlation"


def agreement(a: Sequence[Any], b: Sequence[Any]) -> float:
    """Return how far the values of two models on the same inputs agree, 1 for wholly.

    The share of equal classes or pixels, the F1 of boxes, or Pearson's correlation of numbers.
    Raises ConfigError where the values are of different kinds.
    """
    if type(a[0]) is not type(b[0]):
        kinds = " and ".join(type(values[0]).__name__ for values in (a, b))
        raise ConfigError(Problem("MODEL", f"models that give {kinds}", "models of one task"))
    try:
        return _agreement(a, b)
    except ValueError as error:
        raise ConfigError(
            Problem("MODEL", f"models that cannot be compared ({error})", "models of one task")
        ) from error


def _agreement(a: Sequence[Any], b: Sequence[Any]) -> float:
    if isinstance(a[0], Classification):
        return same_class([int(value.class_id[0]) for value in a], [int(value.class_id[0]) for value in b])
    if isinstance(a[0], Detections):
        return box_f1([value.keep(score=SURE) for value in a], [value.keep(score=SURE) for value in b])
    if hasattr(a[0], "at"):
        return float(np.mean([(x.at() == y.at()).mean() for x, y in zip(a, b, strict=True)]))
    series = [np.concatenate([_numbers(value) for value in values]) for values in (a, b)]
    return correlation(series[0].tolist(), series[1].tolist())


def _numbers(value: Any) -> npt.NDArray[np.float64]:
    if isinstance(value, Regression):
        return np.array(value.values, np.float64)
    if isinstance(value, Tensors):
        return np.concatenate([np.ravel(tensor).astype(np.float64) for tensor in value.tensors.values()])
    for name in ("vector", "point"):
        if hasattr(value, name):
            return np.ravel(getattr(value, name)).astype(np.float64)
    try:
        return np.array([score_of(value)])
    except TypeError as error:
        raise ValueError(str(error)) from error
