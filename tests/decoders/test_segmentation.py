"""Class maps against a published mask, and their way to the frame's size against OpenCV's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeai.decoders.segmentation import Segmentation
from edgeai.errors import ModelError
from edgeai.messages import UNSEEN, ClassMap
from edgeai.perception.decoding import Settings
from edgeai.perception.geometry import view_of
from edgeai.perception.labels import Labels

from .examples import info, signature

NAME = "deeplabv3_mnv2_dm05_pascal_quant"


@pytest.fixture(scope="module")
def voc(assets) -> tuple[str, ...]:
    return tuple((assets / "labels" / "pascal_voc_21.txt").read_text().splitlines()[:21])


def test_agrees_with_the_published_mask_as_was_published(load, picture, validation, assets, voc):
    mask = cv2.imread(str(assets / "eval" / "bird_segmentation_mask.png"), cv2.IMREAD_GRAYSCALE)
    found = load(NAME, labels=voc)(picture("bird_segmentation.png"))
    seen, published = found.at(), validation[NAME]
    assert (seen == mask).mean() == pytest.approx(published["pixel_agreement"], abs=1e-6)
    for class_id, iou in published["iou_by_class"].items():
        here, there = seen == int(class_id), mask == int(class_id)
        assert (here & there).sum() / (here | there).sum() == pytest.approx(iou, abs=0.001)
    assert [row["label"] for row in found.rows()][:2] == ["background", "bird"]
    assert sum(row["share"] for row in found.rows()) == pytest.approx(1, abs=1e-5)


def test_a_letterbox_leaves_the_objects_where_they_are(load, picture, voc):
    image = picture("cats_and_dogs.jpg")
    stretched, boxed = (load(NAME, labels=voc, resize=how)(image).at() for how in ("stretch", "letterbox"))
    assert stretched.shape == boxed.shape == image.shape[:2]
    assert ((stretched != 0) == (boxed != 0)).mean() > 0.8


def test_a_centre_crop_leaves_the_rest_unseen(load, picture):
    image = picture("cats_and_dogs.jpg")
    found = load(NAME, resize="centre-crop", crop_fraction=1.0)(image)
    seen = found.at()
    assert found.area == (300, 0, 600, 600)
    assert (seen[:, :300] == UNSEEN).all()
    assert (seen[:, 900:] == UNSEEN).all()
    assert (seen[:, 300:900] != UNSEEN).all()


@settings(deadline=None, derandomize=True, database=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 90), st.integers(1, 90))
def test_at_is_the_nearest_pixel_as_opencv_takes_it(high, wide, height, width):
    held = np.arange(high * wide, dtype=np.uint16).reshape(high, wide)
    found = ClassMap(held, (), (width, height), (0, 0, width, height))
    theirs = cv2.resize(held, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    # A centre right between two pixels may go to either.
    rows, columns = (
        [i for i in range(wanted) if (2 * i + 1) * side % (2 * wanted)]
        for wanted, side in ((height, high), (width, wide))
    )
    np.testing.assert_array_equal(found.at()[rows][:, columns], theirs[rows][:, columns])
    assert found.at((7, 5)).shape == (5, 7)


def test_scores_give_the_best_class_of_equals_the_lower():
    scores = np.zeros((1, 4, 4, 3), np.int8)
    scores[0, 1, 2] = [-3, 9, 9]
    scores[0, 3, 3] = [-3, 8, 9]
    decode = Segmentation(signature(info(1, 4, 4, 3, dtype=np.int8, scale=0.5), image=(8, 8)), Settings())
    found = decode([scores], view_of((8, 8), (8, 8), "stretch", 1.0))
    assert found.class_id.tolist() == [[0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 2]]
    assert found.class_id.dtype == np.uint8
    assert found.at()[2:4, 4:6].tolist() == [[1, 1], [1, 1]]


def test_bad_tensors_and_labels():
    view = view_of((8, 8), (8, 8), "stretch", 1.0)
    classes = signature(info(1, 8, 8, dtype=np.int64), image=(8, 8))
    wrong = np.zeros((1, 8, 8), np.int64)
    wrong[0, 3, 3] = 2
    with pytest.raises(ModelError, match="gives class 2 and there are 2"):
        Segmentation(classes, Settings(labels=Labels(("a", "b"), "a list")))([wrong], view)
    wrong[0, 3, 3] = -1
    with pytest.raises(ModelError, match="gives class -1"):
        Segmentation(classes, Settings())([wrong], view)
    scores = signature(info(1, 8, 8, 3), image=(8, 8))
    with pytest.raises(ModelError, match="NaN"):
        Segmentation(scores, Settings())([np.full((1, 8, 8, 3), np.nan, np.float32)], view)
    with pytest.raises(ModelError, match="2 labels and the model 3 classes"):
        Segmentation(scores, Settings(labels=Labels(("a", "b"), "a list")))
    with pytest.raises(ModelError, match="name another decoder"):
        Segmentation(signature(info(1, 84, 1029), image=(224, 224)), Settings())
