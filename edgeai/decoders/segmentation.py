"""Semantic segmentation: a class for each pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from edgeai.errors import ModelError
from edgeai.messages import UNSEEN, ClassMap
from edgeai.perception.decoding import Decoder, Settings, Signature, require_finite
from edgeai.perception.geometry import Rect, View

__all__ = ["Segmentation"]


class Segmentation(Decoder):
    """Gives a class map at the model's resolution; `ClassMap.at` gives it at the frame's.

    Output (1, h, w) or (1, h, w, 1) of class numbers, or (1, h, w, classes) of scores, of which the highest counts and
    of equal ones the lower class.
    """

    task = "segmentation"
    says_nothing_alike: ClassVar[bool] = True

    @classmethod
    def claims(cls, signature: Signature) -> bool:
        """Claim one output of more than one row and column, in the proportions of the picture."""
        return _classes(signature) is not None

    def __init__(self, signature: Signature, settings: Settings) -> None:
        classes = _classes(signature)
        if classes is None:
            raise ModelError(
                "the decoder segmentation wants a picture in and one output (1, h, w) of classes or (1, h, w, classes) "
                "of scores: name another decoder"
            )
        self._info = signature.outputs[0]
        self._scored = classes > 0
        if self._scored and classes > UNSEEN:
            raise ModelError(
                f"it knows {classes} classes, and a class map holds {UNSEEN}: use a model of fewer classes"
            )
        if settings.labels is not None:
            self.labels = settings.labels.fit(classes) if self._scored else settings.labels.names

    def __call__(self, tensors: Sequence[npt.NDArray[Any]], view: View | None) -> ClassMap:
        """Return ClassMap. Raises ModelError for NaN, infinity and classes beyond what the model can know."""
        assert view is not None, "a model that takes pictures has a view"
        stored = tensors[0][0]
        if self._scored:
            if self._info.dtype.kind == "f":
                require_finite(stored, "scores")
            class_id = stored.argmax(axis=2)
        else:
            class_id = stored.reshape(stored.shape[:2])
            self._require_known(class_id)
        x, y, width, height = _placed(view, class_id.shape)
        return ClassMap(
            class_id[y : y + height, x : x + width].astype(np.uint8), self.labels or (), view.frame, view.crop
        )

    def _require_known(self, class_id: npt.NDArray[Any]) -> None:
        known = len(self.labels) if self.labels else UNSEEN
        lowest, highest = int(class_id.min()), int(class_id.max())
        if lowest < 0 or highest >= known:
            wrong = lowest if lowest < 0 else highest
            raise ModelError(
                f"it gives class {wrong} and there are {known}: give the labels it was trained with, one a class"
            )


def _classes(signature: Signature) -> int | None:
    """Return how many classes have scores, 0 where the output holds class numbers, None where it is no class map."""
    if signature.image is None or len(signature.outputs) != 1:
        return None
    info = signature.outputs[0]
    shape = info.shape
    if len(shape) not in {3, 4} or shape[0] != 1 or min(shape[1:3]) < 2:
        return None
    width, height = signature.image
    # Both sides are those of the picture divided by the same stride, rounded.
    if abs(shape[1] * width - shape[2] * height) > max(width, height):
        return None
    if len(shape) == 4 and shape[3] > 1:
        return shape[3] if info.dtype.kind in "fiu" else None
    return 0 if info.dtype.kind in "iu" and not info.quantized else None


def _placed(view: View, shape: tuple[int, ...]) -> Rect:
    """Return the part of a map (h, w) that shows the frame, without the bars of a letterbox."""
    sides = []
    for axis, held in ((0, shape[1]), (1, shape[0])):
        start, extent, whole = view.placed[axis], view.placed[axis + 2], view.input[axis]
        first = min(held - 1, (2 * start * held + whole) // (2 * whole))
        last = max(first + 1, (2 * (start + extent) * held + whole) // (2 * whole))
        sides.append((first, last - first))
    return sides[0][0], sides[1][0], sides[0][1], sides[1][1]
