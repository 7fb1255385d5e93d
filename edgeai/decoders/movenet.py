"""MoveNet, single pose: 17 keypoints of one person."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.errors import ModelError
from edgeai.messages import Keypoints
from edgeai.perception.decoding import Decoder, Settings, Signature, require_finite
from edgeai.perception.geometry import View

__all__ = ["Movenet"]

_DEFAULT_SCORE = 0.2
"""The mean score from which the model's authors take it that somebody is there."""
_NAMES = (
    "nose",
    "left eye",
    "right eye",
    "left ear",
    "right ear",
    "left shoulder",
    "right shoulder",
    "left elbow",
    "right elbow",
    "left wrist",
    "right wrist",
    "left hip",
    "right hip",
    "left knee",
    "right knee",
    "left ankle",
    "right ankle",
)
"""COCO's keypoints. Left and right are the person's own."""
_SKELETON = (
    (0, 1),
    (0, 2),
    (1, 3),
    (2, 4),
    (5, 6),
    (5, 7),
    (7, 9),
    (6, 8),
    (8, 10),
    (5, 11),
    (6, 12),
    (11, 12),
    (11, 13),
    (13, 15),
    (12, 14),
    (14, 16),
)


class Movenet(Decoder):
    """Gives the keypoints of one person, or of nobody where their mean score is below `score`.

    Output (1, 1, 17, 3) of y, x in 0..1 of the input and a score.
    Source: the model card of MoveNet.SinglePose (tfhub.dev/google/movenet/singlepose/lightning).
    """

    task = "pose"

    @classmethod
    def claims(cls, signature: Signature) -> bool:
        """Claim one output (1, 1, 17, 3) for a picture."""
        return signature.image is not None and [info.shape for info in signature.outputs] == [(1, 1, len(_NAMES), 3)]

    def __init__(self, signature: Signature, settings: Settings) -> None:
        if not self.claims(signature):
            raise ModelError(
                "the decoder movenet wants a picture in and one output (1, 1, 17, 3): name another decoder"
            )
        self._info = signature.outputs[0]
        self._names = settings.labels.fit(len(_NAMES)) if settings.labels else _NAMES
        self.labels = self._names
        self._threshold = _DEFAULT_SCORE if settings.score is None else settings.score

    def __call__(self, tensors: Sequence[npt.NDArray[Any]], view: View | None) -> Keypoints:
        """Return Keypoints. Raises ModelError for NaN and infinity."""
        assert view is not None, "a model that takes pictures has a view"
        found = self._info.dequantize(tensors[0][0])
        require_finite(found, "keypoints")
        score = found[..., 2]
        if math.fsum(score[0].tolist()) < self._threshold * len(_NAMES):
            found, score = found[:0], score[:0]
        point = view.unit_points(found[..., 1::-1].astype(np.float64))
        return Keypoints(point, score.astype(np.float32, copy=False), self._names, _SKELETON)
