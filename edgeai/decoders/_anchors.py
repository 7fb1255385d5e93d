"""The anchors that heads of detectors are relative to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.errors import ModelError
from edgeai.perception.options import SsdOptions

__all__ = ["generate_anchors", "grid", "read_anchors"]

Anchor = tuple[float, float, float, float]

_MAX_BYTES = 64 << 20


def generate_anchors(options: SsdOptions, image: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Return the anchors of an SSD (n, 4) as centre y, centre x, height, width in 0..1 of a picture (width, height).

    Scales run evenly from `min_scale` to `max_scale`; a layer has one anchor for each ratio and one of ratio 1 between
    its scale and the next. The lowest layer has three: scale 0.1 at ratio 1, and its scale at the next two ratios.
    Source: TensorFlow Object Detection API, multiple_grid_anchor_generator.py, create_ssd_anchors.
    """
    layers = len(options.strides)
    step = (options.max_scale - options.min_scale) / max(1, layers - 1)
    scales = [options.min_scale + step * i for i in range(layers)] + [1.0]
    anchors: list[Anchor] = []
    for layer, stride in enumerate(options.strides):
        columns, rows = (math.ceil(side / stride) for side in image)
        if layer == 0:
            pairs = [(0.1, 1.0)] + [(scales[0], ratio) for ratio in options.aspect_ratios[1:3]]
        else:
            pairs = [(scales[layer], ratio) for ratio in options.aspect_ratios]
            pairs.append((math.sqrt(scales[layer] * scales[layer + 1]), 1.0))
        anchors += grid(columns, rows, [(scale / math.sqrt(ratio), scale * math.sqrt(ratio)) for scale, ratio in pairs])
    return np.array(anchors)


def grid(columns: int, rows: int, sizes: Sequence[tuple[float, float]]) -> list[Anchor]:
    """Return anchors of all sizes (height, width) at the middle of each cell, row by row."""
    return [
        ((row + 0.5) / rows, (column + 0.5) / columns, high, wide)
        for row in range(rows)
        for column in range(columns)
        for high, wide in sizes
    ]


def read_anchors(path: Path) -> npt.NDArray[np.float64]:
    """Read anchors (n, 4) from a .npy file. Raises ModelError."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ModelError(f"the anchors {path} are larger than {_MAX_BYTES >> 20} MiB: give another file")
        anchors: Any = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ModelError(f"the anchors {path} cannot be read ({error}): give a .npy file (n, 4)") from error
    if not isinstance(anchors, np.ndarray) or anchors.ndim != 2 or anchors.shape[1] != 4 or anchors.dtype.kind != "f":
        raise ModelError(f"the anchors {path} are no floats of shape (n, 4): save y, x, height, width in 0..1")
    if not np.isfinite(anchors).all():
        raise ModelError(f"the anchors {path} hold NaN or infinity: save them again")
    return anchors.astype(np.float64)
