"""Presence: whether one thing is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from edgeai.errors import ModelError
from edgeai.messages import Score
from edgeai.perception.decoding import Decoder, Settings, Signature, require_finite
from edgeai.perception.geometry import View

__all__ = ["Presence"]

_DEFAULT_SCORE = 0.5


class Presence(Decoder):
    """Gives how surely the thing is there, and whether that reaches `score`.

    Two classes, absent and present in this order, or one number. Scores are the model's own: probabilities. The name
    is that of the second label, or of the one output.
    """

    task = "presence"

    @classmethod
    def claims(cls, signature: Signature) -> bool:
        """Claim one output of one or two numbers."""
        outputs = signature.outputs
        return len(outputs) == 1 and outputs[0].size in {1, 2} and outputs[0].dtype.kind in "fiu"

    def __init__(self, signature: Signature, settings: Settings) -> None:
        if not self.claims(signature):
            raise ModelError("the decoder presence wants one output of one or two numbers: name another decoder")
        self._info = signature.outputs[0]
        if settings.labels is not None:
            self.labels = settings.labels.fit(self._info.size)
        named = settings.columns[-1].name if settings.columns else "present"
        self._name = self.labels[-1] if self.labels else named
        self._threshold = _DEFAULT_SCORE if settings.score is None else settings.score

    def __call__(self, tensors: Sequence[npt.NDArray[Any]], view: View | None) -> Score:
        """Return Score. Raises ModelError for NaN, infinity and what is no probability."""
        real = self._info.dequantize(tensors[0]).ravel()
        require_finite(real, "scores")
        value = float(real[-1])
        if not -0.01 <= value <= 1.01:
            raise ModelError(f"its score is {value:.3g}, which is no probability: name another decoder")
        return Score(self._name, value, self._threshold)
