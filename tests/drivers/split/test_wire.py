"""Messages of a split pipeline: what is packed is unpacked, and anything else is refused without an allocation."""

from __future__ import annotations

import contextlib
import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeai.messages import Classification, Column, Detections, Frame, Regression, Result
from edgeai_drivers.cameras._opencv import decode_of, encode
from edgeai_drivers.split import wire

PICTURE = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
TOLD = wire.frame_told(Frame("front", 7, 123, PICTURE), "raw")


def test_a_frame_comes_back_bit_by_bit():
    message = wire.unpack(wire.pack(5, 9, TOLD, PICTURE.tobytes()))
    assert (message.session, message.number, message.told) == (5, 9, TOLD)
    assert np.array_equal(wire.raw_picture(message), PICTURE)
    assert wire.integer(message.told, "stamp") == 123


def test_numbers_of_results():
    def numbers(value):
        return wire.numbers_of(Result("s", 0, 0, value, ()))

    assert numbers(Regression((0.5, float("nan")), (Column("steering"), Column("speed")))) == {"steering": 0.5}
    assert numbers({"left": 1, "text": "no", "flag": True, "deep": {"a": 1}}) == {"left": 1.0}
    boxes = Detections(np.array([[1, 2, 3, 4]], np.float32), np.array([0.5], np.float32), np.array([3]), ("a",))
    assert numbers(boxes) == {"count": 1, "class_id": 3, "score": 0.5, "x1": 1, "y1": 2, "x2": 3, "y2": 4}
    assert numbers(Classification(np.array([0.75]), np.array([2]), ("c",))) == {"class_id": 2, "score": 0.75}
    assert numbers(None) == {}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "cut short"),
        (b"x" * 100, "no message of edgeai"),
        (struct.pack("<3sBQII", b"EAI", 2, 0, 0, 0), "version 2, and this edgeai reads 1: install the same"),
        (struct.pack("<3sBQII", b"EAI", 1, 0, 0, 1 << 31) + b"{}", "cut short"),
        (struct.pack("<3sBQII", b"EAI", 1, 0, 0, 2) + b"[]", "is no object"),
        (struct.pack("<3sBQII", b"EAI", 1, 0, 0, 7) + b'{"a":NaN}', "cannot be read"),
        (struct.pack("<3sBQII", b"EAI", 1, 0, 0, 60_000) + b"[" * 60_000, "cannot be read"),
    ],
)
def test_what_is_no_message_is_refused_in_a_sentence(data, why):
    with pytest.raises(wire.WireError, match=why):
        wire.unpack(data)


@pytest.mark.parametrize(
    "shape", [None, [], [0, 3, 3], [2, 3, 4], [2, -3, 3], [1 << 20, 1 << 20, 3], ["2", 3, 3], [2.0, 3, 3], [2] * 9]
)
def test_a_shape_that_no_picture_has_is_refused(shape):
    with pytest.raises(wire.WireError, match="shape"):
        wire.raw_picture(wire.Message(0, 0, TOLD | {"shape": shape}, PICTURE.tobytes()))


def test_a_picture_of_another_size_than_told_is_refused():
    with pytest.raises(wire.WireError, match="has 17 bytes"):
        wire.raw_picture(wire.Message(0, 0, TOLD, PICTURE.tobytes()[:-1]))
    jpeg = encode(np.zeros((64, 48, 3), np.uint8), "bgr", 90)
    assert decode_of(jpeg, (64, 48, 3)).shape == (64, 48, 3)
    assert decode_of(jpeg, (64, 48)).shape == (64, 48)
    assert decode_of(jpeg, (48, 64, 3)) is None
    assert decode_of(jpeg[:-20], (64, 48, 3)) is None
    assert decode_of(b"", (64, 48, 3)) is None


def test_a_message_beyond_the_bound_is_not_sent():
    with pytest.raises(wire.WireError, match="too large"):
        wire.pack(0, 0, {"text": "x" * 70_000})


@given(data=st.one_of(st.binary(max_size=200), st.binary(max_size=100).map((b"EAI\x01" + bytes(12)).__add__)))
@settings(max_examples=300, deadline=None)
def test_hostile_bytes_are_refused_or_a_message(data):
    try:
        message = wire.unpack(data)
    except wire.WireError:
        return
    for read in (wire.raw_picture, lambda m: wire.values_of(m.told), lambda m: wire.integer(m.told, "stamp")):
        with pytest.raises(wire.WireError):
            read(message)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)),
    max_leaves=4,
)


@given(told=st.dictionaries(st.sampled_from(["stamp", "shape", "values", "uncertainty", "stored"]), JSON))
@settings(max_examples=100, deadline=None)
def test_hostile_json_never_raises_anything_else(told):
    message = wire.unpack(wire.pack(0, 0, json.loads(json.dumps(told)), b"12"))
    for read in (wire.raw_picture, lambda m: wire.values_of(m.told), lambda m: wire.integer(m.told, "stamp")):
        with contextlib.suppress(wire.WireError):
            read(message)
