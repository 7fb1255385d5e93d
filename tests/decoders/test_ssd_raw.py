"""SSD raw heads give what the operation in the graph gives, whose own inputs they are fed with here."""

from __future__ import annotations

import math
import warnings

import cv2
import numpy as np
import pytest

from edgeai.decoders._anchors import generate_anchors
from edgeai.decoders._boxes import suppress
from edgeai.decoders.ssd_raw import SsdRaw
from edgeai.errors import ModelError
from edgeai.perception.decoding import Settings, Signature
from edgeai.perception.flatfile import root
from edgeai.perception.geometry import view_of
from edgeai.perception.options import SsdOptions
from edgeai.perception.tensor import TensorInfo

UNIT = view_of((1, 1), (300, 300), "stretch", 1.0)


@pytest.fixture(scope="module")
def content(assets) -> bytes:
    return (assets / "models" / "coco_ssd_mobilenet_v1_quant.tflite").read_bytes()


@pytest.fixture(scope="module")
def stored_anchors(content) -> np.ndarray:
    """The constant that the operation in the graph is fed with."""
    model = root(content, b"TFL3")
    anchors = next(tensor for tensor in model.tables(2)[0].tables(0) if tensor.text(3) == "anchors")
    quantization = anchors.table(4)
    bytes_ = model.tables(4)[anchors.number(2)].data(0)
    steps = np.frombuffer(bytes_, np.uint8).reshape(anchors.integers(0)) - np.float32(quantization.numbers(3, "q")[0])
    return steps * np.float32(quantization.numbers(2, "f")[0])


@pytest.fixture(scope="module")
def graph(content):
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = interpreter.Interpreter(model_content=content, experimental_preserve_all_tensors=True)
    made.allocate_tensors()
    return made


@pytest.mark.parametrize("picture", ["cats_and_dogs.jpg", "bus.jpg", "bird.png", "face.jpg"])
def test_the_result_is_that_of_the_operation_in_the_graph(picture, graph, stored_anchors, assets, tmp_path):
    np.save(tmp_path / "anchors.npy", stored_anchors)
    image = cv2.resize(cv2.imread(str(assets / "images" / picture)), (300, 300))
    graph.set_tensor(graph.get_input_details()[0]["index"], image[None, ..., ::-1])
    graph.invoke()
    details = {detail["name"]: detail for detail in graph.get_tensor_details()}
    heads = [details["Squeeze"], details["convert_scores"]]
    outputs = tuple(
        TensorInfo(head["name"], tuple(head["shape"]), np.dtype(head["dtype"]), *head["quantization"]) for head in heads
    )
    options = SsdOptions(scores="probability", anchors="anchors.npy", nms="agnostic", max_detections=10)
    signature = Signature((), outputs, (300, 300), file=tmp_path / "model.tflite")
    found = SsdRaw(signature, Settings(score=0.05, ssd=options))(
        [graph.get_tensor(head["index"]) for head in heads], UNIT
    )

    boxes, classes, scores, _ = (graph.get_tensor(detail["index"])[0] for detail in graph.get_output_details())
    rows = len(found)
    assert rows == int((scores >= 0.05).sum())
    assert found.class_id.tolist() == classes[:rows].tolist()
    np.testing.assert_array_equal(found.score, scores[:rows])
    np.testing.assert_allclose(found.box, boxes[:rows, [1, 0, 3, 2]], atol=1e-6)


def test_generated_anchors_are_those_in_the_file(stored_anchors):
    # The file holds them quantized to eight bits, in steps of 0.0065.
    np.testing.assert_allclose(generate_anchors(SsdOptions(), (300, 300)), stored_anchors, atol=0.0033)


def raw(heads: np.ndarray, encodings: np.ndarray, tmp_path, **options) -> SsdRaw:
    np.save(tmp_path / "anchors.npy", np.tile([0.5, 0.5, 0.2, 0.4], (len(encodings[0]), 1)))
    outputs = (
        TensorInfo("boxes", encodings.shape, encodings.dtype),
        TensorInfo("scores", heads.shape, heads.dtype),
    )
    chosen = SsdOptions(anchors="anchors.npy", **options)
    return SsdRaw(Signature((), outputs, (300, 300), file=tmp_path / "m.tflite"), Settings(ssd=chosen))


def test_boxes_are_decoded_by_the_published_formula(tmp_path):
    encodings = np.array([[[1.0, -2.0, 0.5, -1.0]]], np.float32)
    scores = np.array([[[-9.0, 2.0]]], np.float32)
    found = raw(scores, encodings, tmp_path)([encodings, scores], UNIT)
    y, x = 1.0 / 10 * 0.2 + 0.5, -2.0 / 10 * 0.4 + 0.5
    high, wide = math.exp(0.5 / 5) * 0.2, math.exp(-1.0 / 5) * 0.4
    np.testing.assert_allclose(found.box[0], [x - wide / 2, y - high / 2, x + wide / 2, y + high / 2], rtol=1e-6)
    assert found.score[0] == np.float32(1 / (1 + math.exp(-2)))
    assert found.class_id.tolist() == [0]


@pytest.mark.parametrize("background", [True, False])
def test_softmax_scores(tmp_path, background):
    random = np.random.default_rng(4)
    scores = random.normal(0, 3, (1, 60, 5)).astype(np.float32)
    encodings = np.zeros((1, 60, 4), np.float32)
    decode = raw(scores, encodings, tmp_path, scores="softmax", background=background, iou=1.0)
    found = decode([encodings, scores], UNIT)
    real = np.exp(scores[0].astype(np.float64))
    real /= real.sum(axis=1, keepdims=True)
    wanted = real[:, int(background) :]
    np.testing.assert_allclose(found.score, np.sort(wanted[wanted >= 0.5])[::-1], rtol=1e-6)


def test_suppression_by_class_and_without():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 10], [20, 20, 30, 30]], np.float64)
    classes = np.array([0, 0, 1, 0])
    assert suppress(boxes, classes, 0.6, 10) == [0, 2, 3]
    assert suppress(boxes, None, 0.6, 10) == [0, 3]
    assert suppress(boxes, None, 0.6, 1) == [0]
    assert suppress(boxes[:0], None, 0.6, 10) == []


def test_nothing_above_the_threshold_is_an_empty_result(tmp_path):
    encodings, scores = np.zeros((1, 3, 4), np.float32), np.full((1, 3, 4), -20, np.float32)
    found = raw(scores, encodings, tmp_path)([encodings, scores], UNIT)
    assert (len(found), found.box.shape) == (0, (0, 4))


def test_what_is_not_a_number_is_an_error(tmp_path):
    encodings, scores = np.zeros((1, 3, 4), np.float32), np.full((1, 3, 4), 9, np.float32)
    decode = raw(scores, encodings, tmp_path)
    with pytest.raises(ModelError, match="NaN"):
        decode([np.full_like(encodings, np.nan), scores], UNIT)
    with pytest.raises(ModelError, match="NaN"):
        decode([encodings, np.full_like(scores, np.nan)], UNIT)


def test_anchors_that_do_not_fit(tmp_path):
    outputs = (TensorInfo("b", (1, 3, 4), np.dtype(np.float32)), TensorInfo("s", (1, 3, 4), np.dtype(np.float32)))
    signature = Signature((), outputs, (300, 300), file=tmp_path / "m.tflite")
    with pytest.raises(ModelError, match="3 boxes and there are 1917 anchors"):
        SsdRaw(signature, Settings())
    with pytest.raises(ModelError, match="cannot be read"):
        SsdRaw(signature, Settings(ssd=SsdOptions(anchors="none.npy")))
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(ModelError, match="cannot be read"):
        SsdRaw(signature, Settings(ssd=SsdOptions(anchors="objects.npy")))
