"""Whatever a model may give, a decoder returns what can be published or raises ModelError: nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeai import plugins
from edgeai.errors import ModelError
from edgeai.messages import ClassMap, Detections, Keypoints, plain
from edgeai.perception.decoding import Settings, Signature
from edgeai.perception.geometry import view_of
from edgeai.perception.options import SsdOptions

from .examples import info, signature

FAMILIES = {
    "anomaly": (None, [(1, 40)]),
    "blazeface": (128, [(1, 896, 1), (1, 896, 16)]),
    "classification": (64, [(1, 20)]),
    "efficientdet": (64, [(1, 774, 4), (1, 774, 3)]),
    "embedding": (64, [(1, 20)]),
    "movenet": (64, [(1, 1, 17, 3)]),
    "presence": (64, [(1, 2)]),
    "regression": (64, [(1, 20)]),
    "segmentation": (64, [(1, 16, 16, 3)]),
    "ssd": (64, [(1, 10, 4), (1, 10), (1, 10), (1,)]),
    "ssd_raw": (300, [(1, 1917, 4), (1, 1917, 3)]),
    "tensors": (64, [(1, 20)]),
    "yolo": (64, [(1, 7, 84)]),
}
ODD = np.array([0, -0.0, 1, -1, 0.5, 1e-45, 1e30, -1e30, 3.4e38, -3.4e38, np.nan, np.inf, -np.inf], np.float32)


def test_every_decoder_is_here():
    assert set(FAMILIES) == set(plugins.names("decoders"))


def floats(shape, random, kind: str) -> np.ndarray:
    usual = random.normal(0, {"small": 1, "large": 100, "odd": 3}[kind], shape).astype(np.float32)
    if kind == "odd":
        places = random.random(shape) < 0.02
        usual[places] = random.choice(ODD, int(places.sum()))
    return usual


def integers(shape, random, kind: str) -> np.ndarray:
    if kind == "large":
        return np.full(shape, random.choice([-128, 127]), np.int8)
    low, high = (-128, 128) if kind == "odd" else (-20, 20)
    return random.integers(low, high, shape).astype(np.int8)


@pytest.mark.parametrize("name", FAMILIES)
@settings(deadline=None, derandomize=True, database=None)
@given(seed=st.integers(0, 5000), kind=st.sampled_from(["small", "large", "odd"]), quantized=st.booleans())
def test_what_comes_out_can_be_published(name, seed, kind, quantized):
    random = np.random.default_rng(seed)
    side, shapes = FAMILIES[name]
    quantized = quantized and name != "ssd"
    stored = {"dtype": np.int8, "scale": 0.02, "zero_point": -3} if quantized else {}
    outputs = tuple(info(*shape, **stored) for shape in shapes)
    if side is None:
        known, view = Signature(outputs, outputs), None
    else:
        known, view = signature(*outputs, image=(side, side)), view_of((200, 100), (side, side), "stretch", 1.0)
    decode = plugins.find("decoders", name)(known, Settings(ssd=SsdOptions(max_detections=20)))
    tensors = [(integers if quantized else floats)(shape, random, kind) for shape in shapes]
    if decode.reads_input:
        tensors.append(floats(shapes[0], random, "small") if not quantized else integers(shapes[0], random, "small"))
    try:
        value = decode(tensors, view)
    except ModelError:
        return
    assert "nan" not in str(plain(value)).lower()
    assert "inf" not in str(plain(value)).lower()
    if isinstance(value, Detections):
        assert (value.box[:, 2:] > value.box[:, :2]).all()
        assert (np.abs(value.box) <= 400).all()
        assert len(value.label) == len(value.box) == len(value.score) == len(value.class_id)
    elif isinstance(value, Keypoints):
        assert value.point.shape[1:] == (17, 2)
    elif isinstance(value, ClassMap):
        assert value.at().shape == (100, 200)
