"""Thresholds taken to where the scores are stored, so that only what reaches them is computed, by `math`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.errors import ModelError
from edgeai.perception.decoding import require_finite
from edgeai.perception.tensor import TensorInfo

__all__ = ["best_of_each", "least_stored", "logit", "require_scores", "sigmoid"]


def sigmoid(value: float) -> float:
    """Return 1 / (1 + e**-value), without overflow on either side."""
    if value >= 0:
        return 1.0 / (1.0 + math.exp(-value))
    power = math.exp(value)
    return power / (1.0 + power)


def logit(probability: float) -> float:
    """Return the value whose sigmoid is a probability between 0 and 1."""
    return math.log(probability / (1.0 - probability))


def least_stored(info: TensorInfo, real: float) -> float:
    """Return the stored value, a little below, from which on a tensor's real value may reach `real`."""
    return real / info.scale + info.zero_point - 1 if info.quantized else real - 1e-3


def require_scores(stored: npt.NDArray[Any], info: TensorInfo) -> None:
    """Raise ModelError for scores that are not numbers, or all at the end of what their dtype can say."""
    if info.dtype.kind == "f":
        require_finite(stored, "scores")
    elif stored.size > 1 and stored.flat[0] == np.iinfo(stored.dtype).max and int(stored.min()) == stored.flat[0]:
        raise ModelError(
            "all the model's scores are at the upper end of their range: check the normalisation of its input (mean, "
            "std), or quantize the model again with pictures like those it will see"
        )


def best_of_each(
    row: npt.NDArray[Any], class_id: npt.NDArray[Any], score: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Keep the best class of each row, of equal ones the lower."""
    order = np.lexsort((class_id, -score, row))
    firsts = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
    return row[firsts], class_id[firsts], score[firsts]
