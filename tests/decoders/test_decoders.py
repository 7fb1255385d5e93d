"""Each decoder against the definition of what it decodes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgeai.decoders.classification import Classification
from edgeai.decoders.regression import Regression
from edgeai.decoders.ssd import Ssd
from edgeai.decoders.tensors import Tensors
from edgeai.errors import ModelError
from edgeai.messages import Column
from edgeai.perception.decoding import PostProcess, Settings, Signature, choose_decoder
from edgeai.perception.geometry import view_of
from edgeai.perception.labels import Labels

from .examples import info, signature

VIEW = view_of((640, 480), (300, 300), "stretch", 1.0)


def test_classification_keeps_the_best_first_and_lower_classes_of_equals():
    decode = Classification(signature(info(1, 6, dtype=np.uint8, scale=1 / 256)), Settings(top=4))
    value = decode([np.array([[7, 200, 7, 255, 200, 7]], np.uint8)], None)
    assert value.class_id.tolist() == [3, 1, 4, 0]
    assert value.score.tolist() == [255 / 256, 200 / 256, 200 / 256, 7 / 256]
    assert value.label == ("3", "1", "4", "0")


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.float32])
@pytest.mark.parametrize("top", [1, 5, 12, 13, 300, 1000])
def test_classification_orders_like_a_stable_sort(dtype, top):
    random = np.random.default_rng(top)
    scores = random.integers(0, 100, (1, 300)).astype(dtype)
    value = Classification(signature(info(1, 300, dtype=dtype)), Settings(top=top))([scores], None)
    assert value.class_id.tolist() == np.argsort(-scores[0].astype(int), kind="stable")[:top].tolist()


def test_regression_names_and_units():
    outputs = (info(1, 2, dtype=np.int8, scale=0.5, zero_point=3), info(1, 1))
    columns = (Column("x", "m"), Column("y", "m"), Column("heading", "rad"))
    decode = Regression(signature(*outputs), Settings(columns=columns))
    value = decode([np.array([[5, -1]], np.int8), np.array([[0.25]], np.float32)], None)
    assert value.as_dict() == {"x": 1.0, "y": -2.0, "heading": 0.25}
    assert value.columns == columns
    unnamed = Regression(signature(info(1, 2)), Settings())
    assert list(unnamed([np.zeros((1, 2), np.float32)], None).as_dict()) == ["value_0", "value_1"]


def test_tensors_are_dequantized_and_named_apart():
    decode = Tensors(signature(info(2, dtype=np.uint8, scale=0.5, zero_point=1), info(1, dtype=np.int64)), Settings())
    value = decode([np.array([1, 3], np.uint8), np.array([9])], None)
    assert value["x:0"].tolist() == [0.0, 1.0]
    assert value["x:0"].dtype == np.float32
    assert value["x:1"].tolist() == [9]


SSD_OUTPUTS = (info(1, 3, 4), info(1, 3), info(1, 3), info(1))


def ssd_tensors(score=(0.9, 0.6, 0.2), classes=(0.0, 2.0, 1.0), count=3.0) -> list[np.ndarray]:
    boxes = np.array([[[0.1, 0.2, 0.5, 0.6], [0.0, 0.0, 1.0, 1.0], [0.3, 0.3, 0.4, 0.4]]], np.float32)
    return [boxes, np.array([classes], np.float32), np.array([score], np.float32), np.array([count], np.float32)]


def test_ssd_gives_boxes_in_pixels_of_the_frame():
    decode = Ssd(signature(*SSD_OUTPUTS), Settings(labels=Labels(("cat", "dog"), "a file")))
    found = decode(ssd_tensors(), VIEW)
    np.testing.assert_allclose(found.box, [[128, 48, 384, 240], [0, 0, 640, 480]], rtol=1e-6)
    assert found.label == ("cat", "2")
    assert found.class_id.dtype == np.int32
    assert found.box.dtype == found.score.dtype == np.float32


def test_ssd_believes_the_count_and_the_threshold():
    assert len(Ssd(signature(*SSD_OUTPUTS), Settings(score=0.1))(ssd_tensors(count=1.0), VIEW)) == 1
    assert len(Ssd(signature(*SSD_OUTPUTS), Settings(score=0.1))(ssd_tensors(count=0.0), VIEW)) == 0
    assert len(Ssd(signature(*SSD_OUTPUTS), Settings(score=0.1))(ssd_tensors(count=99.0), VIEW)) == 3
    assert Ssd(signature(*SSD_OUTPUTS), Settings(score=0.1))(ssd_tensors(), VIEW).score.tolist() == [
        np.float32(score) for score in (0.9, 0.6, 0.2)
    ]


def test_ssd_sorts_what_comes_unsorted():
    found = Ssd(signature(*SSD_OUTPUTS), Settings(score=0.1))(ssd_tensors(score=(0.2, 0.9, 0.6)), VIEW)
    assert found.class_id.tolist() == [2, 1, 0]


def test_ssd_knows_its_outputs_by_the_operation_and_by_name():
    shuffled = ssd_tensors()
    tensors = [shuffled[2], shuffled[3], shuffled[0], shuffled[1]]
    outputs = (info(1, 3), info(1), info(1, 3, 4), info(1, 3))
    by_operation = signature(*outputs, postprocess=PostProcess(2, 3, 0, 1, 3))
    named = (info(1, 3, name="scores"), *outputs[1:])
    for known in (by_operation, signature(*named)):
        assert Ssd(known, Settings())(tensors, VIEW).class_id.tolist() == [0, 2]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_no_decoder_publishes_what_is_not_a_number(bad):
    row = np.array([[0.5, bad]], np.float32)
    for kind in (Classification, Regression, Tensors):
        with pytest.raises(ModelError, match="NaN or infinity"):
            kind(signature(info(1, 2)), Settings())([row], None)
    ssd = Ssd(signature(*SSD_OUTPUTS), Settings())
    for tensors in (ssd_tensors(score=(0.9, bad, 0.1)), ssd_tensors(count=bad)):
        with pytest.raises(ModelError, match="NaN or infinity"):
            ssd(tensors, VIEW)
    for wrong in (bad, -1.0, 1e20):
        with pytest.raises(ModelError, match="no class numbers"):
            ssd(ssd_tensors(classes=(wrong, 0, 0)), VIEW)


@pytest.mark.parametrize(
    ("known", "name"),
    [
        (signature(*SSD_OUTPUTS), "ssd"),
        (signature(info(1, 1917, 4), info(1, 1917, 91)), "ssd_raw"),
        (signature(info(1, 10), softmax=frozenset({0})), "classification"),
        (signature(info(1, 19206, 4), info(1, 19206, 90), image=(320, 320)), "efficientdet"),
        (signature(info(1, 25, 4), info(1, 25), info(1, 25), info(1), image=(320, 320)), "ssd"),
        (signature(info(1, 1, 17, 3)), "movenet"),
        (signature(info(1, 84, 1029), image=(224, 224)), "yolo"),
        (signature(info(1, 25200, 85), image=(640, 640)), "yolo"),
        (signature(info(1, 896, 1), info(1, 896, 16), image=(128, 128)), "blazeface"),
        (signature(info(1, 300, 300, dtype=np.int64)), "segmentation"),
        (signature(info(1, 38, 38, 21)), "segmentation"),
        (signature(info(1, 2), info(1, 1)), "regression"),
        (signature(info(1, 84, 1029)), "tensors"),
        (signature(info(1, 500, 1), info(1, 500, 16)), "tensors"),
    ],
)
def test_the_graph_chooses_where_it_leaves_no_doubt(known, name):
    assert choose_decoder(known, None, None)[0] == name


@pytest.mark.parametrize(
    ("shape", "candidates"),
    [
        ((1, 10), "classification or embedding or regression"),
        ((1, 2), "classification or presence or regression"),
        ((1, 1), "presence or regression"),
    ],
)
def test_where_it_leaves_doubt_the_candidates_are_listed(shape, candidates):
    with pytest.raises(ModelError, match=f"can be read as {candidates}, and nothing"):
        choose_decoder(signature(info(*shape)), None, None)
    assert choose_decoder(signature(info(*shape)), None, "regression")[0] == "regression"
    assert choose_decoder(signature(info(*shape)), None, "tensors")[0] == "tensors"
    assert choose_decoder(signature(info(*shape)), "tensors", None)[0] == "tensors"


def test_an_output_as_large_as_the_input_may_be_a_reconstruction():
    same = Signature((info(1, 640),), (info(1, 640),))
    with pytest.raises(ModelError, match="anomaly or classification or embedding or regression"):
        choose_decoder(same, None, None)
    assert choose_decoder(same, None, "anomaly")[0] == "anomaly"


def test_a_task_or_decoder_that_does_not_exist_or_fit():
    with pytest.raises(ModelError, match="did you mean 'detection'"):
        choose_decoder(signature(info(1, 10)), None, "detecton")
    with pytest.raises(ModelError, match="decoder: tensors"):
        choose_decoder(signature(info(1, 10)), None, "detection")
    with pytest.raises(ModelError, match="did you mean 'regression'"):
        choose_decoder(signature(info(1, 10)), "regresion", None)
    with pytest.raises(ModelError, match="wants a picture in"):
        Ssd(signature(info(1, 10)), Settings())
