"""Regression: every number of the outputs is a value with a name and a unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.errors import ModelError
from edgeai.messages import Column
from edgeai.messages import Regression as RegressionValue
from edgeai.perception.decoding import Decoder, Settings, Signature, require_finite
from edgeai.perception.geometry import View

__all__ = ["Regression"]


class Regression(Decoder):
    """Gives the outputs' numbers in order. Without names they are `value`, or `value_0`, `value_1`, ..."""

    task = "regression"

    @classmethod
    def claims(cls, signature: Signature) -> bool:
        """Claim rows of numbers, (1, n) or (n,)."""
        return bool(signature.outputs) and all(
            info.dtype.kind in "fiu" and info.size and info.size == info.shape[-1]
            for info in signature.outputs
            if info.shape
        )

    def __init__(self, signature: Signature, settings: Settings) -> None:
        self._outputs = signature.outputs
        count = sum(info.size for info in signature.outputs)
        names = ("value",) if count == 1 else tuple(f"value_{i}" for i in range(count))
        columns = tuple(Column(name) for name in names) if settings.columns is None else settings.columns
        if len(columns) != count:
            raise ModelError(
                f"{len(columns)} outputs are named and the model gives {count} values: name each of them in `outputs`"
            )
        self.columns: tuple[Column, ...] = columns

    def __call__(self, tensors: Sequence[npt.NDArray[Any]], view: View | None) -> RegressionValue:
        """Return Regression. Raises ModelError for NaN and infinity."""
        values: list[float] = []
        for info, tensor in zip(self._outputs, tensors, strict=True):
            values += info.dequantize(tensor).ravel().tolist()
        if not all(map(math.isfinite, values)):
            require_finite(np.asarray(values), "values")
        return RegressionValue(tuple(values), self.columns)
