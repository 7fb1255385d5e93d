"""MoveNet's keypoints against the reference published with the model."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from edgeai.decoders.movenet import Movenet
from edgeai.errors import ModelError
from edgeai.perception.decoding import Settings
from edgeai.perception.geometry import view_of
from edgeai.perception.labels import Labels

from .examples import info, signature

NAME = "movenet_single_pose_lightning_ptq"
VIEW = view_of((200, 100), (192, 192), "letterbox", 1.0)


def test_the_pose_is_that_of_the_reference(load, picture, validation, assets):
    image = picture("squat.png")
    found = load(NAME)(image)
    with (assets / "eval" / "movenet_lightning_squat_reference.csv").open() as file:
        rows = list(csv.DictReader(file))
    wanted = np.array([[float(row["keypoint_x"]), float(row["keypoint_y"])] for row in rows])
    apart = np.abs(found.point[0] / [image.shape[1], image.shape[0]] - wanted)
    published = validation[NAME]
    assert apart.max() == pytest.approx(published["keypoint_xy_max_abs_err_vs_reference"], abs=0.002)
    assert apart.mean() == pytest.approx(published["keypoint_xy_mean_abs_err"], abs=0.001)
    assert found.score.mean() == pytest.approx(published["mean_score"], abs=0.04)


def test_left_and_right_are_the_persons_own(load, picture):
    found = load(NAME)(picture("squat.png"))
    assert found["left knee"][0, 0] > found["right knee"][0, 0]
    assert found.name[found.skeleton[0][0]] == "nose"
    with pytest.raises(KeyError, match="no keypoint 'tail'"):
        found["tail"]


def test_nobody_is_an_empty_result(load, picture):
    assert len(load(NAME)(picture("cat.png"))) == 0
    assert len(load(NAME, score=0.05)(picture("cat.png"))) == 1


def test_points_come_back_through_a_letterbox():
    tensor = np.full((1, 1, 17, 3), 0.5, np.float32)
    tensor[0, 0, 0] = [0.25, 0.0, 0.9]
    found = Movenet(signature(info(1, 1, 17, 3), image=(192, 192)), Settings())([tensor], VIEW)
    assert found["nose"][0].tolist() == [0, 0]
    assert found["left hip"][0].tolist() == [100, 50]
    assert found.rows()[0]["nose"] == [0, 0, 0.9]


def test_bad_tensors_and_labels():
    right = signature(info(1, 1, 17, 3), image=(192, 192))
    with pytest.raises(ModelError, match="NaN"):
        Movenet(right, Settings())([np.full((1, 1, 17, 3), np.nan, np.float32)], VIEW)
    with pytest.raises(ModelError, match="name another decoder"):
        Movenet(signature(info(1, 6, 56), image=(192, 192)), Settings())
    with pytest.raises(ModelError, match="1 labels and the model 17 classes"):
        Movenet(right, Settings(labels=Labels(("nose",), "a list")))
