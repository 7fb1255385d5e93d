"""Anomaly: how badly an autoencoder reconstructs what it was given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from edgeai.errors import ModelError
from edgeai.messages import Score
from edgeai.perception.decoding import Decoder, Settings, Signature, require_finite
from edgeai.perception.geometry import View

__all__ = ["Anomaly"]


class Anomaly(Decoder):
    """Gives the mean squared difference of input and output, and whether it reaches `score`.

    Both as real values, the input as the model saw it: normalised and, where it is quantized, rounded. The name is that
    of the one output in the card, else `anomaly`.
    """

    task = "anomaly"
    reads_input: ClassVar[bool] = True

    @classmethod
    def claims(cls, signature: Signature) -> bool:
        """Claim one output of the same shape as the one input, of more than one number."""
        if len(signature.inputs) != 1 or len(signature.outputs) != 1:
            return False
        given, made = signature.inputs[0], signature.outputs[0]
        return given.shape == made.shape and given.size > 1 and made.dtype.kind in "fiu"

    def __init__(self, signature: Signature, settings: Settings) -> None:
        if not self.claims(signature):
            raise ModelError("the decoder anomaly wants an output of the same shape as the input: name another decoder")
        self._given, self._made = signature.inputs[0], signature.outputs[0]
        self._name = settings.columns[0].name if settings.columns else "anomaly"
        self._threshold = settings.score

    def __call__(self, tensors: Sequence[npt.NDArray[Any]], view: View | None) -> Score:
        """Return Score. Raises ModelError for NaN and infinity."""
        made, given = tensors
        apart = self._made.dequantize(made).astype(np.float64) - self._given.dequantize(given)
        require_finite(apart, "values")
        squares = (apart * apart).ravel().tolist()
        return Score(self._name, math.fsum(squares) / len(squares), self._threshold)
