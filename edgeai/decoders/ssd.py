"""SSD with its post-processing in the graph (TFLite_Detection_PostProcess): boxes, classes, scores and a count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from edgeai.decoders._boxes import detections
from edgeai.errors import ModelError
from edgeai.messages import Detections
from edgeai.perception.decoding import Decoder, PostProcess, Settings, Signature, require_finite
from edgeai.perception.geometry import View
from edgeai.perception.labels import MAX_CLASSES

__all__ = ["Ssd"]

_DEFAULT_SCORE = 0.5
_XYXY = np.array((1, 0, 3, 2))
"""The operation gives y1, x1, y2, x2 in 0..1 of the input."""


class Ssd(Decoder):
    """Gives the detections whose score is at least `score`, best first. Classes are counted without the background.

    Source: tensorflow/lite/kernels/detection_postprocess.cc.
    """

    task = "detection"
    says_nothing_alike: ClassVar[bool] = True

    @classmethod
    def claims(cls, signature: Signature) -> bool:
        """Claim four outputs of the shapes (1, n, 4), (1, n), (1, n) and (1,)."""
        return signature.image is not None and _roles(signature) is not None

    @classmethod
    def recognises(cls, signature: Signature) -> bool:
        """Recognise the operation itself."""
        return signature.image is not None and signature.postprocess is not None

    def __init__(self, signature: Signature, settings: Settings) -> None:
        roles = _roles(signature)
        if roles is None or signature.image is None:
            raise ModelError(
                "the decoder ssd wants a picture in, and boxes (1, n, 4), classes (1, n), scores (1, n) and a count "
                "out: name another decoder"
            )
        self._boxes, self._classes, self._scores, self._count = roles.boxes, roles.classes, roles.scores, roles.count
        self._threshold = _DEFAULT_SCORE if settings.score is None else settings.score
        if settings.labels is not None:
            self.labels = settings.labels.names if roles.known is None else settings.labels.fit(roles.known)
        self._names = self.labels or ()

    def __call__(self, tensors: Sequence[npt.NDArray[Any]], view: View | None) -> Detections:
        """Return Detections. Raises ModelError for NaN and infinity."""
        assert view is not None, "a model that takes pictures has a view"
        # A few numbers at a time: in lists, for a call of numpy takes longer than all of them together.
        count = tensors[self._count].ravel()
        require_finite(count, "counts")
        scores = tensors[self._scores].ravel()[: max(0, int(count[0]))]
        require_finite(scores, "scores")
        listed, threshold = scores.tolist(), self._threshold
        best = [i for i, score in enumerate(listed) if score >= threshold]
        best.sort(key=lambda i: -listed[i])
        rows = np.array(best, np.intp)
        boxes = tensors[self._boxes].reshape(-1, 4).take(rows, 0)
        require_finite(boxes, "boxes")
        classes = tensors[self._classes].take(rows)
        if not all(0 <= each <= MAX_CLASSES for each in classes.tolist()):
            raise ModelError(
                "the model's classes are no class numbers: name another decoder, or check the normalisation of its "
                "input (mean, std)"
            )
        return detections(view, boxes.take(_XYXY, 1), scores.take(rows), classes.astype(np.int32), self._names)


def _roles(signature: Signature) -> PostProcess | None:
    """Say which output is which: by the operation, else by shape, classes before scores unless names differ."""
    if signature.postprocess is not None:
        return signature.postprocess
    outputs = signature.outputs
    if len(outputs) != 4 or any(info.dtype.kind != "f" for info in outputs):
        return None
    boxes = [i for i, info in enumerate(outputs) if len(info.shape) == 3 and info.shape[2] == 4]
    rows = [i for i, info in enumerate(outputs) if len(info.shape) == 2]
    count = [i for i, info in enumerate(outputs) if info.size == 1 and len(info.shape) < 2]
    if len(boxes) != 1 or len(rows) != 2 or len(count) != 1:
        return None
    if any(outputs[i].size != outputs[boxes[0]].shape[1] for i in rows):
        return None
    first, second = rows
    swapped = "score" in outputs[first].name.lower() or "class" in outputs[second].name.lower()
    classes, scores = (second, first) if swapped else (first, second)
    return PostProcess(boxes[0], classes, scores, count[0], None)
