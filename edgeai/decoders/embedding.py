"""Embedding: the outputs as a point in a space where alike things lie close."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.errors import ModelError
from edgeai.messages import Embedding as EmbeddingValue
from edgeai.perception.decoding import Decoder, Settings, Signature, require_finite
from edgeai.perception.geometry import View

__all__ = ["Embedding"]


class Embedding(Decoder):
    """Gives the numbers of the one output, brought to length 1 where the card says `normalise: true`."""

    task = "embedding"

    @classmethod
    def claims(cls, signature: Signature) -> bool:
        """Claim one row of more than two numbers: (1, n), or (1, 1, 1, n)."""
        if len(signature.outputs) != 1:
            return False
        info = signature.outputs[0]
        return info.dtype.kind in "fiu" and len(info.shape) in {2, 4} and 2 < info.size == info.shape[-1]

    def __init__(self, signature: Signature, settings: Settings) -> None:
        if len(signature.outputs) != 1:
            raise ModelError("the decoder embedding wants one output: name another decoder")
        self._info = signature.outputs[0]
        self._normalise = bool(settings.normalise)

    def __call__(self, tensors: Sequence[npt.NDArray[Any]], view: View | None) -> EmbeddingValue:
        """Return Embedding. Raises ModelError for NaN, infinity, and zeros that cannot be brought to length 1."""
        vector = self._info.dequantize(tensors[0]).ravel().astype(np.float32, copy=False)
        require_finite(vector, "values")
        if not self._normalise:
            return EmbeddingValue(vector)
        length = math.sqrt(math.fsum(value * value for value in vector.tolist()))
        if not length:
            raise ModelError("its embedding is all zeros, which has no direction: check the model's input")
        return EmbeddingValue((vector.astype(np.float64) / length).astype(np.float32))
