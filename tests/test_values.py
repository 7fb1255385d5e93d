"""The values that models find, in plain words."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgeai.messages import ClassMap, Detections, Embedding, Keypoints, Score, plain


def faces() -> Detections:
    return Detections(
        np.array([[0, 0, 4, 4], [2, 2, 6, 6]], np.float32),
        np.array([0.9, 0.5], np.float32),
        np.array([0, 1], np.int32),
        ("face", "mask"),
        np.array([7, 8], np.int32),
        Keypoints(np.array([[[1, 1]], [[3, 3]]], np.float32), np.array([[0.75], [0.5]], np.float32), ("nose",)),
    )


def test_picking_detections_picks_all_that_belongs_to_them():
    for picked in (faces().take([1]), faces().keep("mask"), faces().keep("mask", score=0.5)):
        assert picked.rows() == [
            {
                "label": "mask",
                "class_id": 1,
                "score": 0.5,
                "box": [2, 2, 6, 6],
                "track_id": 8,
                "keypoints": {"nose": [3, 3, 0.5]},
            }
        ]
    assert faces().take([1, 0]).label == ("mask", "face")
    assert len(faces().keep("nobody").keypoints) == 0


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (Score("wear", 1.5, 2.0), {"name": "wear", "value": 1.5, "threshold": 2.0, "over": False}),
        (Embedding(np.array([0.5, -1], np.float32)), [0.5, -1.0]),
        (Keypoints(np.zeros((1, 1, 2), np.float32), None, ("nose",)), [{"nose": [0, 0]}]),
        (
            ClassMap(np.array([[0, 2], [2, 2]], np.uint8), ("sky", "sea"), (2, 2), (0, 0, 2, 2)),
            [{"label": "2", "class_id": 2, "share": 0.75}, {"label": "sky", "class_id": 0, "share": 0.25}],
        ),
    ],
)
def test_values_become_plain_python(value, wanted):
    assert plain(value) == wanted
    assert json.loads(json.dumps(plain(value))) == wanted


def test_a_score_without_a_threshold_is_never_enough():
    assert not Score("wear", 1e9).over
    assert Score("wear", 2.0, 2.0).over
