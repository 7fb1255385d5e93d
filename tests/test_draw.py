from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeai.draw import annotate, colour_of
from edgeai.messages import (
    Classification,
    ClassMap,
    Column,
    Detections,
    Embedding,
    Keypoints,
    Regression,
    Result,
    Score,
    Tensors,
)

SIZES = [(160, 120), (640, 480), (1920, 1080), (120, 160), (24, 16)]


def detections(width, height, track_id=None):
    box = np.array([[0.1, 0.2, 0.5, 0.9], [-0.1, -0.2, 1.4, 1.3], [0.1, 0.2, 0.5, 0.8]], np.float32)
    box *= [width, height, width, height]
    labels = ("person", "bus with a long and winding name", "Zug °µ漢")
    return Detections(
        box, np.array([0.9, 0.8, 0.7], np.float32), np.array([0, 5, 91], np.int32), labels, track_id=track_id
    )


def pose(width, height, score=0.9):
    point = np.array([[[0.5, 0.2], [0.3, 0.9], [0.7, 0.9]]], np.float32) * [width, height]
    names = ("nose", "left ankle", "right ankle")
    return Keypoints(point.astype(np.float32), np.full((1, 3), score, np.float32), names, ((0, 1), (0, 2)))


def areas(width, height, area=None):
    class_id = np.zeros((6, 8), np.uint8)
    class_id[2:4, 2:6] = 3
    names = ("background", "a", "b", "bird")
    return ClassMap(class_id, names, (width, height), area or (0, 0, width, height))


def faces(width, height):
    found = detections(width, height)
    points = np.stack([found.box[:, :2], found.box[:, 2:]], axis=1)
    return Detections(
        found.box, found.score, found.class_id, found.label, None, Keypoints(points, None, ("left eye", "nose"))
    )


VALUES = {
    "detections": lambda w, h: detections(w, h),
    "tracked": lambda w, h: detections(w, h, np.array([3, 40, 500], np.int32)),
    "nothing seen": lambda w, h: Detections(
        np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32), ()
    ),
    "classification": lambda w, h: Classification(
        np.linspace(0.5, 0.1, 9, dtype=np.float32), np.arange(9, dtype=np.int32), tuple(f"class {i}" for i in range(9))
    ),
    "regression": lambda w, h: Regression((-0.4, 1.5), (Column("steering"), Column("speed", "m/s"))),
    "steering is not a number": lambda w, h: Regression((float("nan"),), (Column("steering"),)),
    "pose": lambda w, h: pose(w, h),
    "pose outside": lambda w, h: pose(4 * w, -3 * h),
    "pose of one point": lambda w, h: Keypoints(np.full((1, 1, 2), 5, np.float32), None, ("nose",)),
    "faces": lambda w, h: faces(w, h),
    "areas": lambda w, h: areas(w, h),
    "areas of a part": lambda w, h: areas(w, h, (w // 4, 0, w // 2, h)),
    "embedding": lambda w, h: Embedding(np.ones(128, np.float32)),
    "score": lambda w, h: Score("person", 0.8, 0.5),
    "score without a threshold": lambda w, h: Score("anomaly", 8.0),
    "score is not a number": lambda w, h: Score("anomaly", float("nan"), 3.0),
    "tensors": lambda w, h: Tensors({"keypoints": np.zeros((1, 17, 3), np.float32)}),
    "rows": lambda w, h: {"count": 3, "mean": 0.25},
    "text": lambda w, h: "a text of several words, too long for a small picture, " * 4,
}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", VALUES)
def test_every_value_can_be_drawn_at_every_size(name, size):
    width, height = size
    image = np.full((height, width, 3), 90, np.uint8)
    image.flags.writeable = False
    drawn = annotate(image, VALUES[name](width, height), title="stream")
    assert (drawn.shape, drawn.dtype) == (image.shape, np.uint8)
    assert (image == 90).all()
    assert (drawn != image).any()


@pytest.mark.parametrize("text", ["ab", "i", "°", "漢"])
def test_of_a_text_without_end_only_the_beginning_is_drawn(text):
    image = np.full((48, 64, 3), 90, np.uint8)
    assert np.array_equal(annotate(image, text * 3_000_000), annotate(image, text * 1000))


def test_nothing_to_say_leaves_the_picture_as_it_is():
    image = np.full((48, 64, 3), 90, np.uint8)
    drawn = annotate(image, None)
    assert np.array_equal(drawn, image)
    assert not np.shares_memory(drawn, image)


def test_a_gray_picture_becomes_bgr():
    assert annotate(np.zeros((48, 64), np.uint8), "x").shape == (48, 64, 3)


def test_a_view_can_be_annotated():
    image = np.zeros((96, 128, 3), np.uint8)[::2, ::-2]
    assert annotate(image, detections(64, 48)).shape == (48, 64, 3)


def test_a_result_brings_its_stream_as_title():
    image = np.full((120, 160, 3), 90, np.uint8)
    result = Result("objects", 0, 0, "seen", (("eye", 0),))
    assert np.array_equal(annotate(image, result), annotate(image, "seen", title="objects"))
    assert np.array_equal(annotate(image, result, title="mine"), annotate(image, "seen", title="mine"))


def test_a_box_is_drawn_in_its_class_colour_where_it_is():
    found = Detections(
        np.array([[100, 100, 300, 200]], np.float32), np.ones(1, np.float32), np.array([2], np.int32), ("cup",)
    )
    drawn = annotate(np.zeros((480, 640, 3), np.uint8), found)
    assert tuple(drawn[200, 200]) == colour_of(2)
    assert tuple(drawn[150, 300]) == colour_of(2)
    assert not drawn[120:190, 120:290].any()
    assert not drawn[220:].any()


def test_a_box_that_is_not_finite_is_left_out():
    found = Detections(
        np.array([[np.nan, 0, np.inf, 5]], np.float32), np.ones(1, np.float32), np.zeros(1, np.int32), ("ghost",)
    )
    assert not annotate(np.zeros((48, 64, 3), np.uint8), found).any()


def test_limbs_join_the_points_that_are_sure():
    drawn = annotate(np.zeros((480, 640, 3), np.uint8), pose(640, 480))
    assert drawn[264, 256].any()
    assert drawn[264, 384].any()
    assert not drawn[432, 320].any()
    assert not annotate(np.zeros((480, 640, 3), np.uint8), pose(640, 480, score=0.1)).any()


def test_an_area_is_tinted_where_it_is_and_the_background_is_not():
    image = np.full((480, 640, 3), 90, np.uint8)
    drawn = annotate(image, areas(640, 480))
    tint = 0.55 * 90 + 0.45 * np.array(colour_of(3))
    assert np.abs(drawn[240, 320] - tint).max() <= 1
    assert (drawn[400, 320] == 90).all()
    nameless = annotate(image, replace(areas(640, 480), label=()))
    assert np.array_equal(nameless[240:], drawn[240:])


def test_what_a_model_did_not_see_is_dark():
    drawn = annotate(np.full((480, 640, 3), 90, np.uint8), areas(640, 480, (160, 0, 320, 480)))
    assert (drawn[400, 40] < 45).all()
    assert (drawn[400, 320] == 90).all()


def test_a_score_that_is_enough_looks_different():
    over, under = (annotate(np.zeros((480, 640, 3), np.uint8), Score("x", value, 0.5)) for value in (0.6, 0.4))
    assert (over[:, 80] == colour_of(5)).all(axis=1).any()
    assert (under[:, 80] == colour_of(2)).all(axis=1).any()


def test_the_steering_needle_points_to_the_side_steered_to():
    def side(steering):
        drawn = annotate(np.zeros((480, 640, 3), np.uint8), Regression((steering,), (Column("steering"),)))
        needle = (drawn[340:] == colour_of(0)).all(axis=2)
        return float(needle.nonzero()[1].mean()) - 320

    assert side(0.8) < -5
    assert side(-0.8) > 5
    assert abs(side(0.0)) < 2


def test_neighbouring_classes_have_different_colours():
    colours = [colour_of(i) for i in range(7)]
    assert len(set(colours)) == 7
    assert colour_of(7) == colours[0]


def test_a_result_that_was_carried_forward_says_so_on_the_picture():
    looked = Result("objects", 0, 0, Regression((1.0,), (Column("x"),)), (("cam", 0),))
    picture = np.zeros((120, 320, 3), np.uint8)
    drawn = {basis: annotate(picture, replace(looked, basis=basis)).tobytes() for basis in ("inferred", "coasted")}
    assert drawn["inferred"] != drawn["coasted"]
