"""What decoders publish is fixed to the bit: a machine that computes something else is noticed here."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from edgeai.decoders.anomaly import Anomaly
from edgeai.decoders.blazeface import Blazeface
from edgeai.decoders.efficientdet import Efficientdet
from edgeai.decoders.embedding import Embedding
from edgeai.decoders.movenet import Movenet
from edgeai.decoders.ssd_raw import SsdRaw
from edgeai.decoders.yolo import Yolo
from edgeai.perception.decoding import Decoder, Settings, Signature
from edgeai.perception.geometry import view_of
from edgeai.perception.options import SsdOptions

from .examples import info, signature


def bits(*shape: int, seed: int) -> np.ndarray:
    """Return int8 of a shape from Knuth's linear congruence: the same everywhere."""
    n = int(np.prod(shape))
    state = (np.arange(n, dtype=np.uint64) + np.uint64(seed << 20)) * np.uint64(6364136223846793005)
    return ((state ^ (state >> np.uint64(29))) >> np.uint64(40)).astype(np.uint8).view(np.int8).reshape(shape)


def decoded(kind: type[Decoder], side: int, *outputs: tuple[tuple[int, ...], float, int], **settings: Any) -> Any:
    infos = tuple(info(*shape, dtype=np.int8, scale=scale, zero_point=zero) for shape, scale, zero in outputs)
    decode = kind(signature(*infos, image=(side, side)), Settings(**settings))
    tensors = [bits(*shape, seed=i + 1) for i, (shape, _, _) in enumerate(outputs)]
    if kind is Yolo:
        tensors[0][:, 2:4] //= 4
    return decode(tensors, view_of((641, 479), (side, side), "letterbox", 1.0))


CASES = {
    "yolo v8": lambda: decoded(Yolo, 64, ((1, 8, 84), 1 / 255, -128), score=0.9),
    "yolo v5": lambda: decoded(Yolo, 64, ((1, 252, 9), 1 / 255, -128), score=0.6),
    "blazeface": lambda: decoded(Blazeface, 128, ((1, 896, 1), 0.05, 30), ((1, 896, 16), 0.6, -3), score=0.9),
    "efficientdet": lambda: decoded(
        Efficientdet, 64, ((1, 774, 4), 0.03, 5), ((1, 774, 3), 0.04, 9), score=0.98, ssd=SsdOptions(iou=0.5)
    ),
    "ssd, softmax": lambda: decoded(
        SsdRaw,
        300,
        ((1, 1917, 4), 0.06, 5),
        ((1, 1917, 4), 0.06, 9),
        score=0.998,
        ssd=SsdOptions(scores="softmax"),
    ),
    "movenet": lambda: decoded(Movenet, 192, ((1, 1, 17, 3), 1 / 255, -128)),
}
DIGESTS = {
    "yolo v8": "bcf47e6b9467dd20",
    "yolo v5": "337be2af87b50fd9",
    "blazeface": "43d47cd66d54acb0",
    "efficientdet": "0e89d7c97e608076",
    "ssd, softmax": "c73a6d10acc1cd8d",
    "movenet": "924c6f898f30133a",
}
"""Computed on x86-64."""


def digest(value: Any) -> str:
    """Return the beginning of the hash of the arrays published."""
    found = hashlib.sha256()
    for array in (getattr(value, name, None) for name in ("box", "score", "class_id", "point")):
        if array is not None:
            found.update(np.ascontiguousarray(array).tobytes())
    points = getattr(value, "keypoints", None)
    if points is not None:
        found.update(np.ascontiguousarray(points.point).tobytes())
    return found.hexdigest()[:16]


@pytest.mark.parametrize("name", CASES)
def test_the_bits_are_those_that_were_computed_before(name):
    value = CASES[name]()
    assert len(value) >= 1
    assert digest(value) == DIGESTS[name]


def test_single_numbers_too():
    same = info(1, 97, dtype=np.int8, scale=0.37, zero_point=3)
    tensors = [bits(1, 97, seed=5), bits(1, 97, seed=6)]
    anomaly = Anomaly(Signature((same,), (same,)), Settings())(tensors, None)
    assert anomaly.value.hex() == "0x1.96f198441b3cap+10"
    embedding = Embedding(Signature((same,), (same,)), Settings(normalise=True))
    a, b = (embedding([tensor], None) for tensor in tensors)
    assert a.cosine(b).hex() == "-0x1.bf4a04510dce0p-6"
