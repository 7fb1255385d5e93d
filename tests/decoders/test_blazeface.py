"""BlazeFace finds the faces that were published, with their points where eyes, nose, mouth and ears are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgeai.decoders.blazeface import Blazeface
from edgeai.errors import ModelError
from edgeai.perception.decoding import Settings
from edgeai.perception.geometry import view_of

from .examples import info, iou, signature

NAME = "blazeface_front_128_full_int"
AS_TRAINED = {"mean": 127.5, "std": 127.5, "resize": "letterbox", "interpolation": "area"}
VIEW = view_of((128, 128), (128, 128), "stretch", 1.0)
OUTPUTS = (info(1, 896, 1), info(1, 896, 16))


@pytest.mark.parametrize("name", ["face.jpg", "grace_hopper.png"])
def test_finds_the_faces_that_were_published(name, load, picture, validation):
    found = load(NAME, **AS_TRAINED)(picture(name))
    # The published ones are single boxes; blended ones lie among them. The last is at the threshold itself.
    wanted = [(score, box) for score, box in validation[NAME][name] if score > 0.55]
    assert len(found) == len(wanted)
    for score, box in wanted:
        assert max(iou(row["box"], box) for row in found.rows()) > 0.8
        assert any(row["score"] == pytest.approx(score, abs=0.04) for row in found.rows())


def test_finds_no_face_in_a_cat(load, picture):
    assert len(load(NAME, **AS_TRAINED)(picture("cat.png"))) == 0


def test_points_lie_where_they_belong(load, picture):
    found = load(NAME, **AS_TRAINED)(picture("face.jpg"))
    points = found.keypoints
    assert points is not None
    assert points.name == ("right eye", "left eye", "nose tip", "mouth", "right ear", "left ear")
    for i in range(len(found)):
        right_eye, left_eye, nose, mouth, right_ear, left_ear = points.point[i]
        assert right_ear[0] < right_eye[0] < nose[0] < left_ear[0]
        assert right_eye[0] < left_eye[0] < left_ear[0]
        assert max(right_eye[1], left_eye[1]) < nose[1] < mouth[1] < found.box[i][3]
    row = found.rows()[0]
    assert row["keypoints"]["mouth"] == [pytest.approx(v, abs=0.01) for v in points["mouth"][0]]


def heads(*faces) -> list[np.ndarray]:
    """Return heads that see these (anchor, logit, 16 numbers)."""
    scores, boxes = np.full((1, 896, 1), -20, np.float32), np.zeros((1, 896, 16), np.float32)
    for anchor, logit, numbers in faces:
        scores[0, anchor], boxes[0, anchor] = logit, numbers
    return [scores, boxes]


def decoder(**settings) -> Blazeface:
    return Blazeface(signature(*OUTPUTS, image=(128, 128)), Settings(**settings))


@pytest.mark.parametrize(
    # Two anchors in each cell of 8 pixels, row by row, then six in each of 16.
    ("anchor", "x", "y"),
    [(0, 4, 4), (1, 4, 4), (2, 12, 4), (33, 4, 12), (511, 124, 124), (512, 8, 8), (518, 24, 8), (895, 120, 120)],
)
def test_boxes_are_relative_to_the_middle_of_their_cell(anchor, x, y):
    found = decoder()(heads((anchor, 3.0, [1, 2, 20, 10] + [0, 0] * 5 + [3, -2])), VIEW)
    assert found.box[0].tolist() == pytest.approx([x + 1 - 10, y + 2 - 5, x + 1 + 10, y + 2 + 5], abs=1e-4)
    assert found.keypoints["nose tip"][0].tolist() == pytest.approx([x, y], abs=1e-4)
    assert found.keypoints["left ear"][0].tolist() == pytest.approx([x + 3, y - 2], abs=1e-4)
    assert found.score[0] == np.float32(1 / (1 + math.exp(-3)))


def test_boxes_of_one_face_are_blended_by_their_scores():
    one, other = [0, 0, 40, 40] + [0] * 12, [0, 8, 40, 40] + [0, 6] * 6
    found = decoder()(heads((272, 3.0, one), (273, 1.0, other), (0, 2.0, [0, 0, 8, 8] + [0] * 12)), VIEW)
    weights = [1 / (1 + math.exp(-logit)) for logit in (3.0, 1.0)]
    assert found.score.tolist() == pytest.approx([weights[0], 1 / (1 + math.exp(-2))])
    lower = 8 * weights[1] / sum(weights)
    x, y = 4 + 8 * 8, 4 + 8 * 8
    assert found.box[0].tolist() == pytest.approx([x - 20, y - 20 + lower, x + 20, y + 20 + lower], abs=1e-4)
    assert found.keypoints["mouth"][0].tolist() == pytest.approx([x, y + lower * 6 / 8], abs=1e-4)


def test_the_back_and_the_full_range_model():
    for side, boxes, last in ((256, 896, 240), (192, 2304, 190)):
        outputs = (info(1, boxes, 16), info(1, boxes, 1))
        decode = Blazeface(signature(*outputs, image=(side, side)), Settings())
        scores = np.full((1, boxes, 1), -20, np.float32)
        scores[0, -1] = 5
        places = np.zeros((1, boxes, 16), np.float32)
        places[0, -1, 2:4] = 4
        found = decode([places, scores], view_of((side, side), (side, side), "stretch", 1.0))
        assert found.box[0].tolist() == pytest.approx([last - 2, last - 2, last + 2, last + 2])


def test_what_is_not_a_number():
    for bad in (np.nan, np.inf):
        for wrong in (heads((5, bad, [0] * 16)), heads((5, 3.0, [bad] + [9] * 15))):
            with pytest.raises(ModelError, match="NaN or infinity"):
                decoder()(wrong, VIEW)


def test_other_tensors_and_thresholds():
    with pytest.raises(ModelError, match="name another decoder"):
        Blazeface(signature(info(1, 895, 1), info(1, 895, 16), image=(128, 128)), Settings())
    with pytest.raises(ModelError, match="between 0 and 1"):
        decoder(score=1.0)
