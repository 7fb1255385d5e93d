"""YOLO heads give what was published, and what a plain decoding with OpenCV's suppression gives."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeai.decoders.yolo import Yolo
from edgeai.errors import ModelError
from edgeai.perception.decoding import Settings
from edgeai.perception.geometry import view_of
from edgeai.perception.labels import Labels
from edgeai.perception.options import YoloOptions

from .examples import info, signature

NAME = "yolov8n_coco_224_full_int8"
AS_TRAINED = {"resize": "letterbox", "pad": 114}
SIDE, CELLS = 64, 8 * 8 + 4 * 4 + 2 * 2
VIEW = view_of((640, 480), (SIDE, SIDE), "stretch", 1.0)


@pytest.mark.parametrize("name", ["cats_and_dogs.jpg", "bus.jpg", "bird.png"])
def test_finds_what_was_published(name, load, picture, validation):
    found = load(NAME, interpolation="area", **AS_TRAINED)(picture(name)).rows()
    wanted = validation[NAME]["examples"][name]
    assert [row["label"] for row in found] == [label for label, _, _ in wanted]
    for row, (_, score, box) in zip(found, wanted, strict=True):
        assert row["score"] == pytest.approx(score, abs=0.01)
        assert row["box"] == pytest.approx(box, abs=1)


def reference(real, score: float, iou: float, objectness: bool):
    """Decode (channels, n) in the plainest way, with OpenCV's own class-aware suppression."""
    rows = real.T.astype(np.float64)
    scores = rows[:, 5:] * rows[:, 4:5] if objectness else rows[:, 4:]
    best, kinds = scores.max(axis=1), scores.argmax(axis=1)
    boxes = np.concatenate([rows[:, :2] - rows[:, 2:4] / 2, rows[:, 2:4]], axis=1)
    kept = cv2.dnn.NMSBoxesBatched(boxes.tolist(), best.tolist(), kinds.tolist(), score, iou)
    return boxes[kept], best[kept], kinds[kept]


def same(found, boxes, best, kinds, frame) -> None:
    order = np.argsort(-best, kind="stable")
    corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1) * [*frame, *frame]
    assert found.class_id.tolist() == kinds[order].tolist()
    np.testing.assert_allclose(found.score, best[order], rtol=1e-6)
    np.testing.assert_allclose(found.box, corners[order], atol=2e-3)


@pytest.mark.parametrize("score", [0.5, 0.2])
def test_int8_tensors_are_decoded_like_the_reference(score, load, picture):
    model = load(NAME, decoder="tensors")
    real = next(iter(model(picture("bus.jpg")).tensors.values()))
    decode = Yolo(signature(info(*real.shape), image=(224, 224)), Settings(score=score))
    as_float = decode([real], view_of((810, 1080), (224, 224), "stretch", 1.0))
    whole = load(NAME, score=score)(picture("bus.jpg"))
    assert as_float.rows() == [{**row, "label": str(row["class_id"])} for row in whole.rows()]
    # Boxes of one score come in no certain order, so that suppression may keep another of them.
    boxes, best, _ = reference(real[0], score, 0.7, objectness=False)
    assert sorted(as_float.score.tolist()) == pytest.approx(sorted(best.tolist()), rel=1e-6)
    assert len(boxes) == len(as_float) >= 4


@settings(deadline=None, derandomize=True, database=None)
@given(st.integers(0, 10_000), st.booleans(), st.booleans(), st.floats(0.3, 0.8))
def test_every_layout_is_decoded_like_the_reference(seed, objectness, rows_are_boxes, overlap):
    random = np.random.default_rng(seed)
    n, classes = CELLS * (3 if objectness else 1), 3
    real = random.random((4 + objectness + classes, n)).astype(np.float32)
    real[2:4] *= 0.5
    tensor = (real.T if rows_are_boxes else real)[None]
    settings = Settings(score=0.6, yolo=YoloOptions(iou=overlap))
    decode = Yolo(signature(info(*tensor.shape), image=(SIDE, SIDE)), settings)
    same(decode([tensor], VIEW), *reference(real, 0.6, overlap, objectness), VIEW.frame)


def tensor(*boxes, classes=3, pixel=1.0) -> np.ndarray:
    """Return a v8 head that sees these (cell, x, y, w, h, class, score)."""
    head = np.zeros((1, 4 + classes, CELLS), np.float32)
    for cell, x, y, w, h, kind, score in boxes:
        head[0, :4, cell] = np.array([x, y, w, h]) * pixel
        head[0, 4 + kind, cell] = score
    return head


def decoder(classes=3, **settings) -> Yolo:
    return Yolo(signature(info(1, 4 + classes, CELLS), image=(SIDE, SIDE)), Settings(**settings))


def test_classes_may_overlap_unless_said_otherwise():
    head = tensor((3, 0.5, 0.5, 0.2, 0.2, 0, 0.9), (9, 0.5, 0.5, 0.2, 0.2, 2, 0.8))
    assert decoder()([head], VIEW).class_id.tolist() == [0, 2]
    assert decoder(yolo=YoloOptions(nms="agnostic"))([head], VIEW).class_id.tolist() == [0]
    assert len(decoder(yolo=YoloOptions(max_detections=1))([head], VIEW)) == 1


def test_boxes_in_pixels_are_read_when_said_and_noticed_when_not():
    head = tensor((3, 0.5, 0.5, 0.25, 0.5, 0, 0.9), pixel=SIDE)
    assert decoder(yolo=YoloOptions(boxes="pixel"))([head], VIEW).rows()[0]["box"] == [240, 120, 400, 360]
    with pytest.raises(ModelError, match="boxes: pixel"):
        decoder()([head], VIEW)


def test_options_that_cannot_be():
    for options in (YoloOptions(iou=0.0), YoloOptions(iou=1.5), YoloOptions(max_detections=0)):
        with pytest.raises(ModelError, match="above 0, at most 1"):
            decoder(yolo=options)


def test_labels_are_those_of_its_classes():
    head = tensor((3, 0.5, 0.5, 0.25, 0.5, 2, 0.9))
    assert decoder(labels=Labels(("a", "b", "c"), "a list"))([head], VIEW).label == ("c",)
    with pytest.raises(ModelError, match="2 labels and the model 3 classes"):
        decoder(labels=Labels(("a", "b"), "a list"))


def test_absurd_boxes_are_left_out_and_cut_off_ones_stay():
    head = tensor(
        (0, 0.0, 0.5, 0.4, 0.4, 0, 0.95),
        (1, 0.5, 0.5, -0.2, 0.2, 0, 0.94),
        (2, 0.5, 0.5, 0.2, 0.0, 0, 0.93),
        (3, 1.5, 0.5, 0.2, 0.2, 0, 0.92),
        (4, 0.5, 0.5, 4.0, 0.2, 0, 0.91),
    )
    found = decoder()([head], VIEW)
    assert found.score.tolist() == [np.float32(0.95)]
    assert found.box[0].tolist() == pytest.approx([-128, 144, 128, 336], abs=1e-3)


def test_what_is_not_a_number_or_saturated():
    for bad in (np.nan, np.inf):
        scores, boxes = tensor((3, 0.5, 0.5, 0.2, 0.2, 0, bad)), tensor((3, bad, 0.5, 0.2, 0.2, 0, 0.9))
        for head in (scores, boxes):
            with pytest.raises(ModelError, match="NaN or infinity"):
                decoder()([head], VIEW)
    stuck = np.full((1, 7, CELLS), 127, np.int8)
    quantized = signature(info(1, 7, CELLS, dtype=np.int8, scale=1 / 128), image=(SIDE, SIDE))
    with pytest.raises(ModelError, match="upper end of their range"):
        Yolo(quantized, Settings())([stuck], VIEW)


def test_nothing_above_the_threshold_is_an_empty_result():
    found = decoder()([tensor()], VIEW)
    assert (len(found), found.box.shape) == (0, (0, 4))


@pytest.mark.parametrize("shape", [(1, 84, 1028), (1, 4, 1029), (84, 1029), (2, 84, 1029)])
def test_tensors_of_another_family(shape):
    with pytest.raises(ModelError, match="name another decoder"):
        Yolo(signature(info(*shape), image=(224, 224)), Settings())
