"""What tests of decoders are made of."""

from __future__ import annotations

import numpy as np

from edgeai.perception.decoding import Signature
from edgeai.perception.tensor import TensorInfo


def info(*shape: int, dtype: type = np.float32, scale: float = 0.0, zero_point: int = 0, name: str = "x") -> TensorInfo:
    return TensorInfo(name, shape, np.dtype(dtype), scale, zero_point)


def signature(*outputs: TensorInfo, image: tuple[int, int] | None = (300, 300), **facts) -> Signature:
    wide, high = image or (1, 1)
    return Signature((info(1, high, wide, 3, dtype=np.uint8),), outputs, image=image, **facts)


def iou(a, b) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    common = max(wide, 0) * max(high, 0)
    area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return common / (area - common)
