"""BlazeFace: faces with six keypoints, from the raw heads of MediaPipe's face detectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.decoders._anchors import Anchor, grid
from edgeai.decoders._boxes import detections, group
from edgeai.decoders._scores import least_stored, logit, require_scores, sigmoid
from edgeai.errors import ModelError
from edgeai.messages import Detections, Keypoints
from edgeai.perception.decoding import Decoder, Settings, Signature, require_finite
from edgeai.perception.geometry import View

__all__ = ["Blazeface"]

_DEFAULT_SCORE = 0.5
_MOST_CANDIDATES = 200
_IOU = 0.3
"""Boxes that overlap more show one face."""
_POINTS = ("right eye", "left eye", "nose tip", "mouth", "right ear", "left ear")
"""Right and left are the person's own."""
_COORDINATES = 4 + 2 * len(_POINTS)
_LAYERS: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {
    (128, 896): ((8, 2), (16, 6)),
    (256, 896): ((16, 2), (32, 6)),
    (192, 2304): ((4, 1),),
}
"""(stride, anchors a cell) by the input's side and the number of boxes: front or short range, back, full range."""


class Blazeface(Decoder):
    """Gives the faces whose score is at least `score`, best first, with six keypoints each.

    Boxes of one face are blended, weighted by their scores, which keeps them steadier than taking the best.
    Source: google/mediapipe, tensors_to_detections_calculator.cc and non_max_suppression_calculator.cc; Bazarevsky et
    al., BlazeFace (2019), section 3.3.
    """

    task = "detection"

    @classmethod
    def claims(cls, signature: Signature) -> bool:
        """Claim scores (1, n, 1) and boxes with keypoints (1, n, 16) of a known number for that picture."""
        return _heads(signature) is not None

    def __init__(self, signature: Signature, settings: Settings) -> None:
        heads = _heads(signature)
        if heads is None or signature.image is None:
            raise ModelError(
                "the decoder blazeface wants a square picture of side 128, 192 or 256 in, and scores (1, n, 1) and "
                "boxes (1, n, 16) out: name another decoder"
            )
        self._boxes, self._scores = heads
        self._box_info, self._score_info = signature.outputs[self._boxes], signature.outputs[self._scores]
        self._side = float(signature.image[0])
        self._names = settings.labels.fit(1) if settings.labels else ("face",)
        self.labels = self._names
        self._threshold = _DEFAULT_SCORE if settings.score is None else settings.score
        if not 0 < self._threshold < 1:
            raise ModelError(f"`score` is {self._threshold}: say a number between 0 and 1")
        self._least = least_stored(self._score_info, logit(self._threshold))
        self._anchors = _anchors(signature.image[0], self._box_info.shape[1])
        self._origins = np.tile(self._anchors, len(_POINTS))

    def __call__(self, tensors: Sequence[npt.NDArray[Any]], view: View | None) -> Detections:
        """Return Detections with keypoints. Raises ModelError for NaN and infinity."""
        assert view is not None, "a model that takes pictures has a view"
        stored = tensors[self._scores].ravel()
        require_scores(stored, self._score_info)
        anchor = np.flatnonzero(stored >= self._least)
        logits = self._score_info.dequantize(stored[anchor]).tolist()
        score = np.array([sigmoid(value) for value in logits], np.float64)
        order = np.argsort(-score, kind="stable")[:_MOST_CANDIDATES]
        order = order[score[order] >= self._threshold]
        anchor, score = anchor[order], score[order]
        places = self._places(tensors[self._boxes].reshape(-1, _COORDINATES)[anchor], anchor)
        faces, best = _blend(places, score)
        points = view.unit_points(faces[:, 4:].reshape(-1, len(_POINTS), 2))
        class_id = np.zeros(len(best), np.int32)
        return detections(view, faces[:, :4], best, class_id, self._names, Keypoints(points, None, _POINTS))

    def _places(self, stored: npt.NDArray[Any], anchor: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Return x1, y1, x2, y2 and six points x, y for each box, all in 0..1 of the input."""
        real = self._box_info.dequantize(stored).astype(np.float64) / self._side
        require_finite(real, "boxes")
        half = 0.5 * real[:, 2:4]
        centre = real[:, :2] + self._anchors[anchor]
        points = real[:, 4:] + self._origins[anchor]
        return np.concatenate([centre - half, centre + half, points], axis=1)


def _heads(signature: Signature) -> tuple[int, int] | None:
    """Return the positions of boxes and scores."""
    if signature.image is None or signature.image[0] != signature.image[1] or len(signature.outputs) != 2:
        return None
    for boxes, scores in ((0, 1), (1, 0)):
        box, score = signature.outputs[boxes].shape, signature.outputs[scores].shape
        if len(box) == 3 and box[2] == _COORDINATES and score == (*box[:2], 1):
            return (boxes, scores) if (signature.image[0], box[1]) in _LAYERS else None
    return None


def _anchors(side: int, boxes: int) -> npt.NDArray[np.float64]:
    """Return the middles (n, 2) as x, y in 0..1 of the cells that boxes are relative to; anchors have no size."""
    anchors: list[Anchor] = []
    for stride, each in _LAYERS[side, boxes]:
        anchors += grid(side // stride, side // stride, [(1.0, 1.0)] * each)
    return np.array([(x, y) for y, x, _, _ in anchors])


def _blend(
    places: npt.NDArray[np.float64], score: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the mean place of each group of overlapping boxes, weighted by score, and the group's best score.

    `places` come best first. A group is a box and what overlaps it by more than _IOU of those no better box has taken.
    """
    groups = group(places[:, :4], None, _IOU, len(places))
    rows, weights = places.tolist(), score.tolist()
    faces = np.empty((len(groups), places.shape[1]))
    for face, members in enumerate(groups):
        # One after the other: the order in which numpy adds up an axis is its own affair.
        total = [0.0] * places.shape[1]
        for member in members:
            weight = weights[member]
            total = [a + weight * b for a, b in zip(total, rows[member], strict=True)]
        faces[face] = total
        faces[face] /= math.fsum([weights[member] for member in members])
    return faces, score[[members[0] for members in groups]]
