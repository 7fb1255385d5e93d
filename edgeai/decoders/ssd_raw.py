"""SSD raw heads: box encodings and class scores for each anchor, without post-processing in the graph."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.decoders._anchors import generate_anchors, read_anchors
from edgeai.decoders._boxes import detections, suppress
from edgeai.decoders._scores import best_of_each, least_stored, logit, require_scores, sigmoid
from edgeai.errors import ModelError
from edgeai.messages import Detections
from edgeai.perception.decoding import Decoder, Settings, Signature, require_finite
from edgeai.perception.geometry import View
from edgeai.perception.options import SsdOptions

__all__ = ["SsdRaw"]

_DEFAULT_SCORE = 0.5
_MOST_CANDIDATES = 400
"""Only so many boxes, the best, are decoded and compared."""


class SsdRaw(Decoder):
    """Gives the detections whose score is at least `score`, best first. Classes are counted without the background.

    Box encodings are relative to anchors (y, x, height, width), divided by SsdOptions.scales.
    Source: tensorflow/lite/kernels/detection_postprocess.cc.
    """

    task = "detection"

    @classmethod
    def claims(cls, signature: Signature) -> bool:
        """Claim two outputs (1, n, 4) and (1, n, classes), or (1, n, 1, 4) and (1, n, classes), for a picture."""
        return signature.image is not None and _heads(signature) is not None

    def __init__(self, signature: Signature, settings: Settings) -> None:
        heads = _heads(signature)
        if heads is None or signature.image is None:
            raise ModelError(
                "the decoder ssd_raw wants a picture in, and box encodings (1, n, 4) and scores (1, n, classes) out: "
                "name another decoder"
            )
        self._boxes, self._scores = heads
        self._options = options = self._with_family(settings.ssd or SsdOptions())
        self._box_info, self._score_info = signature.outputs[self._boxes], signature.outputs[self._scores]
        self._columns = self._score_info.shape[-1]
        self._background = int(options.background)
        classes = self._columns - self._background
        if classes < 1:
            raise ModelError("its scores have one class, the background: say `ssd: {background: false}`")
        self.labels = settings.labels.fit(classes) if settings.labels else None
        self._names = self.labels or tuple(str(i) for i in range(classes))
        self._anchors = (
            self._generate_anchors(options, signature.image)
            if options.anchors is None
            else read_anchors(signature.file.parent / options.anchors)
        )
        if len(self._anchors) != self._box_info.size // 4:
            raise ModelError(
                f"it has {self._box_info.size // 4} boxes and there are {len(self._anchors)} anchors: give the anchors "
                "it was trained with, `ssd: {anchors: <file.npy>}`, or the strides they are generated from"
            )
        self._threshold = _DEFAULT_SCORE if settings.score is None else settings.score
        if not 0 < self._threshold < 1 and options.scores != "probability":
            raise ModelError(f"`score` is {self._threshold}: say a number between 0 and 1")
        least = self._threshold if options.scores == "probability" else logit(self._threshold)
        self._least = least_stored(self._score_info, least)

    def _with_family(self, options: SsdOptions) -> SsdOptions:
        """Return the options with what a family of models leaves no choice about."""
        return options

    def _generate_anchors(self, options: SsdOptions, image: tuple[int, int]) -> npt.NDArray[np.float64]:
        """Return anchors (n, 4) as centre y, centre x, height, width in 0..1 of the input."""
        return generate_anchors(options, image)

    def __call__(self, tensors: Sequence[npt.NDArray[Any]], view: View | None) -> Detections:
        """Return Detections. Raises ModelError for NaN and infinity."""
        assert view is not None, "a model that takes pictures has a view"
        encodings, stored = tensors[self._boxes].reshape(-1, 4), tensors[self._scores].reshape(-1, self._columns)
        require_scores(stored, self._score_info)
        anchor, class_id, score = self._candidates(stored)
        if self._options.nms == "agnostic":
            anchor, class_id, score = best_of_each(anchor, class_id, score)
        order = np.argsort(-score, kind="stable")[:_MOST_CANDIDATES]
        anchor, class_id, score = anchor[order], class_id[order], score[order]
        boxes = self._decode_boxes(encodings[anchor], self._anchors[anchor])
        kinds = class_id if self._options.nms == "per-class" else None
        rows = suppress(boxes, kinds, self._options.iou, self._options.max_detections)
        return detections(view, boxes[rows], score[rows], class_id[rows], self._names)

    def _candidates(self, stored: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
        """Return anchor, class and score of everything that reaches the threshold, the background left out."""
        if self._options.scores == "softmax":
            return self._softmax_candidates(stored)
        places = np.flatnonzero(stored >= self._least)
        anchor, column = np.divmod(places, self._columns)
        real = self._score_info.dequantize(stored.ravel()[places]).astype(np.float64)
        if self._options.scores == "sigmoid":
            real = np.array([sigmoid(value) for value in real.tolist()])
        keep = (column >= self._background) & (real >= self._threshold)
        return anchor[keep], column[keep] - self._background, real[keep]

    def _softmax_candidates(
        self, stored: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
        # A class whose probability is p beats each other class by at least the logit of p, so that a comparison with
        # the background leaves few rows whose exponentials are needed.
        real = self._score_info.dequantize(stored).astype(np.float64, copy=False)
        rows = np.arange(len(real))
        if self._background:
            rows = np.flatnonzero(real[:, 1:].max(axis=1) - real[:, 0] >= logit(self._threshold) - 1e-6)
        found = []
        for row in rows.tolist():
            values = real[row].tolist()
            highest = max(values)
            powers = [math.exp(value - highest) for value in values]
            total = math.fsum(powers)
            found += [
                (row, column - self._background, power / total)
                for column, power in enumerate(powers)
                if column >= self._background and power / total >= self._threshold
            ]
        anchor, class_id, score = zip(*found, strict=True) if found else ((), (), ())
        return np.array(anchor, np.int64), np.array(class_id, np.int64), np.array(score, np.float64)

    def _decode_boxes(self, encodings: npt.NDArray[Any], anchors: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Return boxes (n, 4) as x1, y1, x2, y2 in 0..1 of the input."""
        real = self._box_info.dequantize(encodings).astype(np.float64) / self._options.scales
        require_finite(real, "boxes")
        y, x = (real[:, i] * anchors[:, i + 2] + anchors[:, i] for i in (0, 1))
        # `math.exp` and not numpy's, whose last bit differs between processors; a size beyond e**30 is nonsense.
        powers = np.array([math.exp(min(value, 30.0)) for value in real[:, 2:].ravel().tolist()]).reshape(-1, 2)
        half_high, half_wide = (0.5 * powers[:, i] * anchors[:, i + 2] for i in (0, 1))
        return np.stack([x - half_wide, y - half_high, x + half_wide, y + half_high], axis=1)


def _heads(signature: Signature) -> tuple[int, int] | None:
    """Return the positions of box encodings and class scores."""
    if len(signature.outputs) != 2 or any(info.dtype.kind not in "fiu" for info in signature.outputs):
        return None
    for boxes, scores in ((0, 1), (1, 0)):
        box, score = signature.outputs[boxes].shape, signature.outputs[scores].shape
        is_box = (len(box) == 3 or (len(box) == 4 and box[2] == 1)) and box[0] == 1 and box[-1] == 4
        if is_box and len(score) == 3 and score[:2] == (1, box[1]):
            return boxes, scores
    return None
