"""Classification: one score a class, the best ones kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.decoders._scores import require_scores
from edgeai.errors import ModelError
from edgeai.messages import Classification as ClassificationValue
from edgeai.perception.decoding import Decoder, Settings, Signature
from edgeai.perception.geometry import View

__all__ = ["Classification"]

_DEFAULT_TOP = 5
_SEARCH_UP_TO = 12
"""Up to this many classes, looking for the best again and again is quicker than sorting all."""


class Classification(Decoder):
    """Gives the `top` best classes, best first, of equal ones the lower class first. Scores are the model's own."""

    task = "classification"

    @classmethod
    def claims(cls, signature: Signature) -> bool:
        """Claim a single row of two numbers or more: (1, n), or (1, 1, 1, n)."""
        if len(signature.outputs) != 1:
            return False
        info = signature.outputs[0]
        return info.dtype.kind in "fiu" and len(info.shape) in {2, 4} and 1 < info.size == info.shape[-1]

    @classmethod
    def recognises(cls, signature: Signature) -> bool:
        """Recognise a single row that comes from a softmax."""
        return 0 in signature.softmax and cls.claims(signature)

    def __init__(self, signature: Signature, settings: Settings) -> None:
        if len(signature.outputs) != 1:
            raise ModelError("the decoder classification wants one output: name another decoder")
        self._info = signature.outputs[0]
        classes = self._info.size
        self.labels = settings.labels.fit(classes) if settings.labels else None
        self._names = self.labels or tuple(str(i) for i in range(classes))
        self._least = -np.inf if self._info.dtype.kind == "f" else np.iinfo(self._info.dtype).min
        self._top = min(classes, max(1, settings.top or _DEFAULT_TOP))

    def __call__(self, tensors: Sequence[npt.NDArray[Any]], view: View | None) -> ClassificationValue:
        """Return Classification. Raises ModelError for NaN and infinity."""
        scores = tensors[0].ravel()
        require_scores(scores, self._info)
        best = self._search(scores) if self._top <= _SEARCH_UP_TO else self._sort(scores)
        score = self._info.dequantize(tensors[0].ravel()[best]).astype(np.float32, copy=False)
        names = self._names
        return ClassificationValue(score, np.array(best, np.int32), tuple([names[i] for i in best]))

    def _search(self, scores: npt.NDArray[Any]) -> list[int]:
        left = scores.copy()
        best = []
        for _ in range(self._top):
            first = int(left.argmax())
            best.append(first)
            left[first] = self._least
        return best

    def _sort(self, scores: npt.NDArray[Any]) -> list[int]:
        order: list[int] = np.argsort(-scores.astype(np.float64), kind="stable")[: self._top].tolist()
        return order
