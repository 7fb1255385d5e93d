"""YOLO v5, v8 and 11 as Ultralytics exports them: one tensor of boxes and class scores, without suppression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.decoders._boxes import detections, suppress
from edgeai.decoders._scores import least_stored, require_scores
from edgeai.errors import ModelError
from edgeai.messages import Detections
from edgeai.perception.decoding import Decoder, Settings, Signature, require_finite
from edgeai.perception.geometry import View
from edgeai.perception.options import YoloOptions

__all__ = ["Yolo"]

_DEFAULT_SCORE = 0.5
_MOST_CANDIDATES = 1000
"""Only so many boxes, the best, are compared."""
_STRIDES = ((8, 16, 32), (8, 16, 32, 64))
"""Of the usual models and of those for large pictures (P6)."""
_ANCHORS_V5 = 3
_LARGEST_UNIT = 8.0
"""No box is so many times as large as the input."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the tensor is laid out, told by its shape: v5 has three boxes a cell and an objectness, v8 and 11 neither."""

    objectness: bool
    rows_are_boxes: bool
    classes: int


class Yolo(Decoder):
    """Gives the detections whose score is at least `score`, best first, each of its best class.

    v8 and 11: (1, 4 + classes, boxes) of centre x, centre y, width, height and class scores. v5: (1, boxes, 5 +
    classes) with the objectness before the class scores, by which they are multiplied. Either may be transposed.
    Source: ultralytics/yolov5 models/tf.py, ultralytics/ultralytics nn/modules/head.py and utils/nms.py.
    """

    task = "detection"

    @classmethod
    def claims(cls, signature: Signature) -> bool:
        """Claim one output with as many boxes as the strides of a YOLO give for that picture."""
        return _layout(signature) is not None

    def __init__(self, signature: Signature, settings: Settings) -> None:
        layout = _layout(signature)
        if layout is None:
            raise ModelError(
                "the decoder yolo wants a picture in, and one tensor out of boxes and class scores for the cells of "
                "strides 8, 16, 32: name another decoder"
            )
        self._layout, self._info = layout, signature.outputs[0]
        self._options = settings.yolo or YoloOptions()
        if not 0 < self._options.iou <= 1 or self._options.max_detections < 1:
            raise ModelError("`yolo`: say an `iou` above 0, at most 1, and `max_detections` of 1 or more")
        self.labels = settings.labels.fit(layout.classes) if settings.labels else None
        self._names = self.labels or tuple(str(i) for i in range(layout.classes))
        self._threshold = _DEFAULT_SCORE if settings.score is None else settings.score
        self._least = least_stored(self._info, self._threshold)
        assert signature.image is not None
        self._side = np.array([*signature.image, *signature.image], np.float64)

    def __call__(self, tensors: Sequence[npt.NDArray[Any]], view: View | None) -> Detections:
        """Return Detections. Raises ModelError for NaN, infinity and scores that are all saturated."""
        assert view is not None, "a model that takes pictures has a view"
        stored = tensors[0][0].T if self._layout.rows_are_boxes else tensors[0][0]
        cell, class_id, score = self._candidates(stored)
        boxes = self._unit_boxes(stored[:4, cell])
        kinds = class_id if self._options.nms == "per-class" else None
        rows = suppress(boxes, kinds, self._options.iou, self._options.max_detections)
        return detections(view, boxes[rows], score[rows], class_id[rows], self._names)

    def _candidates(self, stored: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
        """Return cell, best class and score of the cells that reach the threshold, best first."""
        if self._layout.objectness:
            # A product of two scores up to 1 reaches the threshold only where each of them does.
            require_scores(stored[4], self._info)
            cell = np.flatnonzero(stored[4] >= self._least)
            scores = stored[5:, cell]
            best = scores.max(axis=0)
        else:
            all_best = stored[4:].max(axis=0)
            require_scores(all_best, self._info)
            cell = np.flatnonzero(all_best >= self._least)
            scores, best = stored[4:, cell], all_best[cell]
        score = self._real(best)
        require_finite(score, "scores")
        if self._layout.objectness:
            score *= self._real(stored[4, cell])
        order = np.argsort(-score, kind="stable")[:_MOST_CANDIDATES]
        order = order[score[order] >= self._threshold]
        return cell[order], scores[:, order].argmax(axis=0), score[order]

    def _unit_boxes(self, stored: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Return boxes (n, 4) as x1, y1, x2, y2 in 0..1 of the input."""
        real = self._real(stored).T
        require_finite(real, "boxes")
        if self._options.boxes == "pixel":
            real = real / self._side
        elif (real[:, 2:] > _LARGEST_UNIT).any():
            raise ModelError(
                "its boxes are many times as large as its input, as if they were in pixels: say `yolo: {boxes: pixel}` "
                "in its card"
            )
        centre, half = real[:, :2], 0.5 * real[:, 2:]
        return np.concatenate([centre - half, centre + half], axis=1)

    def _real(self, stored: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        return self._info.dequantize(stored).astype(np.float64)


def _layout(signature: Signature) -> _Layout | None:
    """Tell the layout by the number of boxes, which the picture's size fixes."""
    if signature.image is None or len(signature.outputs) != 1:
        return None
    info = signature.outputs[0]
    if len(info.shape) != 3 or info.shape[0] != 1 or info.dtype.kind not in "fiu":
        return None
    width, height = signature.image
    for strides in _STRIDES:
        cells = sum((width // stride) * (height // stride) for stride in strides)
        for boxes, objectness in ((cells, False), (cells * _ANCHORS_V5, True)):
            for rows_are_boxes in (False, True):
                channels, n = info.shape[:0:-1] if rows_are_boxes else info.shape[1:]
                classes = channels - 4 - objectness
                if n == boxes and classes >= 1:
                    return _Layout(objectness, rows_are_boxes, classes)
    return None
