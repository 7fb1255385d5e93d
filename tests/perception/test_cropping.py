"""Parts of a frame around boxes, and the way back."""

from __future__ import annotations

import numpy as np
import pytest

from edgeai.errors import ModelError
from edgeai.messages import ClassMap, Detections, Frame, Keypoints, Parts, plain
from edgeai.perception.cropping import Crop, CropOptions, boxes_in, crops_of, cut, in_frame, parts_of

FRAME = (200, 100)


def found(*boxes, labels=None, scores=None, track_id=None):
    n = len(boxes)
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(scores or np.linspace(0.9, 0.5, n), np.float32),
        np.zeros(n, np.int32),
        tuple(labels or ["person"] * n),
        None if track_id is None else np.array(track_id, np.int32),
    )


def rects(*boxes, **options):
    return [crop.rect for crop in crops_of(found(*boxes), FRAME, CropOptions(**options))]


def test_a_margin_is_added_on_every_side():
    assert rects((50, 20, 70, 60), margin=0.1) == [(48, 16, 24, 48)]
    assert rects((50, 20, 70, 60), margin=0.0) == [(50, 20, 20, 40)]


def test_an_aspect_widens_and_never_narrows():
    assert rects((50, 20, 70, 60), margin=0.0, aspect=1.0) == [(40, 20, 40, 40)]
    assert rects((50, 20, 90, 40), margin=0.0, aspect=1.0) == [(50, 10, 40, 40)]


def test_at_the_edge_a_part_is_moved_into_the_frame_and_cut_off_only_where_it_is_too_large():
    assert rects((0, 0, 20, 40), margin=0.0, aspect=1.0) == [(0, 0, 40, 40)]
    assert rects((-40, -40, 260, 120), margin=0.5) == [(0, 0, 200, 100)]


def test_boxes_outside_and_without_area_are_left_out():
    assert rects((210, 0, 250, 20), (5, 5, 5, 20), (-30, 0, -2, 9), (9, 9, 4, 4), (np.nan, 0, 4, 4)) == []


def test_the_best_are_taken_first_up_to_the_limit_and_of_the_classes_asked_for():
    boxes = found((0, 0, 9, 9), (20, 0, 29, 9), (40, 0, 49, 9), labels=["cat", "dog", "cat"], scores=[0.5, 0.9, 0.7])
    order = [crop.parent for crop in crops_of(boxes, FRAME, CropOptions(limit=2))]
    assert order == [1, 2]
    assert [crop.parent for crop in crops_of(boxes, FRAME, CropOptions(classes=("cat",)))] == [2, 0]


def test_a_part_is_a_frame_of_its_own():
    image = np.arange(100 * 200 * 3, dtype=np.int64).reshape(100, 200, 3).astype(np.uint8)
    part = cut(Frame("front", 7, 99, image), Crop((20, 10, 30, 40), 0))
    assert (part.size, part.seq, part.stamp) == ((30, 40), 7, 99)
    np.testing.assert_array_equal(part.image, image[10:50, 20:50])


def test_places_are_brought_back_to_the_frame():
    crop = Crop((20, 10, 30, 40), 0)
    points = Keypoints(np.array([[[1, 2]]], np.float32), None, ("nose",))
    inside = Detections(
        np.array([[0, 0, 5, 5]], np.float32), np.ones(1, np.float32), np.zeros(1, np.int32), ("face",), None, points
    )
    there = in_frame(inside, crop, FRAME)
    assert there.box.tolist() == [[20, 10, 25, 15]]
    assert there.keypoints.point.tolist() == in_frame(points, crop, FRAME).point.tolist() == [[[21, 12]]]
    areas = in_frame(ClassMap(np.ones((4, 3), np.uint8), ("a", "b"), (30, 40), (0, 0, 30, 40)), crop, FRAME)
    whole = areas.at()
    assert whole.shape == (100, 200)
    assert (whole == 1).sum() == 30 * 40
    assert whole[10, 20] == whole[49, 49] == 1
    assert in_frame("a word", crop, FRAME) == "a word"


def test_parts_say_whose_they_are_and_give_all_boxes_as_one():
    parents = found((0, 0, 50, 50), (60, 0, 99, 50), track_id=[4, 9])
    crops = crops_of(parents, FRAME, CropOptions(margin=0.0))
    values = [found((1, 1, 5, 5), scores=[0.6]), found((61, 1, 65, 5), (70, 1, 75, 5), scores=[0.9, 0.5])]
    parts = parts_of(parents, crops, values)
    assert [(part.parent, part.track_id, len(part.value)) for part in parts] == [(0, 4, 1), (1, 9, 2)]
    assert parts.detections.score.tolist() == pytest.approx([0.9, 0.6, 0.5])
    assert plain(parts)[1] == {"parent": 1, "track_id": 9, "box": [60, 0, 99, 50], "value": values[1].rows()}
    assert len(boxes_in(parts)) == 3


def test_no_part_is_an_empty_value_too():
    none = parts_of(found(), [], [])
    assert (len(none), list(none), plain(none)) == (0, [], [])
    assert len(boxes_in(none)) == 0


def test_what_has_no_boxes_cannot_be_cropped():
    with pytest.raises(ModelError, match="crop a detector's results"):
        boxes_in("a word")
    with pytest.raises(ModelError, match="gives NoneType"):
        boxes_in(Parts(np.zeros((1, 4), np.float32), np.zeros(1, np.int32), None, ("a word",)))
