"""EfficientDet-Lite without its post-processing in the graph: an SSD head with anchors of its own."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgeai.decoders._anchors import Anchor, grid
from edgeai.decoders.ssd_raw import SsdRaw
from edgeai.perception.decoding import Signature
from edgeai.perception.options import SsdOptions

__all__ = ["Efficientdet"]

_LEVELS = (3, 4, 5, 6, 7)
"""A level has one cell for each 2**level pixels, halved and rounded up from one to the next."""
_OCTAVES = 3
_RATIOS = (1.0, 2.0, 0.5)
"""Width over height."""


class Efficientdet(SsdRaw):
    """Gives the detections whose score is at least `score`, best first. No class is the background.

    Source: google/automl, efficientdet/tf2/anchors.py. With post-processing in the graph the model is an `ssd`.
    """

    @classmethod
    def claims(cls, signature: Signature) -> bool:
        """Claim SSD heads that have as many boxes as an EfficientDet for that picture."""
        boxes = [info.shape[1] for info in signature.outputs if len(info.shape) == 3 and info.shape[2] == 4]
        if signature.image is None or not super().claims(signature) or not boxes:
            return False
        return boxes[0] == sum(columns * rows for columns, rows in _cells(signature.image)) * _OCTAVES * len(_RATIOS)

    @classmethod
    def recognises(cls, signature: Signature) -> bool:
        """Recognise what it claims: the number of boxes is that of no other family."""
        return cls.claims(signature)

    def _with_family(self, options: SsdOptions) -> SsdOptions:
        return replace(options, background=False, scales=(1.0, 1.0, 1.0, 1.0))

    def _generate_anchors(self, options: SsdOptions, image: tuple[int, int]) -> npt.NDArray[np.float64]:
        """Return anchors: three octaves of `anchor_scale` cells, each in three proportions of one area."""
        anchors: list[Anchor] = []
        for columns, rows in _cells(image):
            sizes = [
                (scale / rows / math.sqrt(ratio), scale / columns * math.sqrt(ratio))
                for scale in (options.anchor_scale * 2 ** (octave / _OCTAVES) for octave in range(_OCTAVES))
                for ratio in _RATIOS
            ]
            anchors += grid(columns, rows, sizes)
        return np.array(anchors)


def _cells(image: tuple[int, int]) -> list[tuple[int, int]]:
    """Return (columns, rows) of each level."""
    return [(-(-image[0] // 2**level), -(-image[1] // 2**level)) for level in _LEVELS]
