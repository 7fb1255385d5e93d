from __future__ import annotations

import json
import math

import numpy as np

from edgeai.messages import Classification, ClassMap, Embedding, Keypoints, Score, Tensors, Timing
from edgeai_drivers.outputs._record import LARGEST_TENSOR, record, to_json


def test_a_record_says_what_was_found_in_which_capture_and_when(result, detections):
    line = record(result(detections, timing=Timing("media", 280_000_000)))
    assert list(line) == [
        "stream", "seq", "stamp", "clock", "raw", "latency", "inputs", "basis", "variant", "threads", "ledger",
        "detections",
    ]  # fmt: skip
    assert (line["stream"], line["seq"], line["stamp"]) == ("objects", 7, 5_280_000_000)
    assert (line["clock"], line["raw"], line["latency"]) == ("media", 280_000_000, 0.0342)
    assert line["inputs"] == [["camera", 7]]
    assert line["ledger"][-1] == ["objects", "published", 34_200_000]
    assert line["detections"][1] == {
        "label": "dog", "class_id": 17, "score": 0.55, "box": [420.5, 60.25, 520.0, 200.0],
    }  # fmt: skip


def test_each_kind_of_value_has_its_key(result, steering):
    classes = Classification(np.array([0.75], np.float32), np.array([3], np.int32), ("cat",))
    assert record(result(classes))["classes"] == [{"label": "cat", "class_id": 3, "score": 0.75}]
    assert record(result(steering))["values"] == {"steering": -0.125, "speed": 1.5}
    assert record(result(Score("wear", 2.0, 1.5)))["score"]["over"] is True
    assert record(result(Embedding(np.array([0.5], np.float32))))["embedding"] == [0.5]
    pose = Keypoints(np.array([[[1, 2]]], np.float32), None, ("nose",))
    assert record(result(pose))["keypoints"] == [{"nose": [1.0, 2.0]}]
    areas = ClassMap(np.zeros((2, 2), np.uint8), ("sky",), (2, 2), (0, 0, 2, 2))
    assert record(result(areas))["areas"] == [{"label": "sky", "class_id": 0, "share": 1.0}]
    assert record(result({"free": np.float32(0.5)}))["value"] == {"free": 0.5}


def test_a_result_carried_forward_says_when_a_model_last_looked(result):
    assert record(result(1, basis="coasted", inferred_stamp=5_000))["inferred_stamp"] == 5_000


def test_large_tensors_are_described_and_small_ones_given(result):
    tensors = Tensors({"pose": np.zeros((1, 2), np.float32), "mask": np.zeros(LARGEST_TENSOR + 1, np.float32)})
    line = record(result(tensors))["tensors"]
    assert line["pose"] == {"shape": [1, 2], "dtype": "float32", "data": [[0.0, 0.0]]}
    assert line["mask"] == {"shape": [LARGEST_TENSOR + 1], "dtype": "float32"}


def test_nan_and_infinity_are_null_so_that_every_line_is_json(result):
    text = to_json(record(result({"a": math.nan, "b": [math.inf, 1.0], "c": np.array([np.nan])})))
    value = json.loads(text, parse_constant=lambda name: 1 / 0)["value"]
    assert value == {"a": None, "b": [None, 1.0], "c": [None]}


def test_a_line_break_in_a_label_stays_in_its_line():
    assert "\n" not in to_json({"label": "a\nb"})
