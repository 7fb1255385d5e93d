"""Real models on real pictures reach the figures that were published or measured for them."""

from __future__ import annotations

import csv
import io
import json
import math
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeai.messages import Classification, Detections, Regression
from edgeai.perception.model import Model
from edgeai.perception.options import ModelOptions

IMAGENET = ModelOptions(resize="centre-crop", crop_fraction=0.875, interpolation="area", top=1)
MOBILENETS = (
    "mobilenet_v1_0.25_128_quant",
    "mobilenet_v1_0.5_160_quant",
    "mobilenet_v1_0.75_192_quant",
    "mobilenet_v2_1.0_224_quant",
)


@pytest.fixture(scope="module")
def validation(assets: Path) -> dict[str, dict]:
    entries = json.loads((assets / "manifest.json").read_text())
    return {entry["name"]: entry["validation"] for entry in entries if "validation" in entry}


@pytest.fixture(scope="module")
def imagenet200(assets: Path) -> list[tuple[np.ndarray, int]]:
    with zipfile.ZipFile(assets / "eval" / "imagenet200.zip") as archive:
        rows = list(csv.DictReader(io.TextIOWrapper(archive.open("labels.csv"))))
        pictures = [np.frombuffer(archive.read(f"images/{row['file']}"), np.uint8) for row in rows]
    # The file counts classes from 0, the models from 1: their class 0 is the background.
    return [
        (cv2.imdecode(picture, cv2.IMREAD_COLOR), int(row["class_index_0based"]) + 1)
        for picture, row in zip(pictures, rows, strict=True)
    ]


@pytest.mark.parametrize("name", MOBILENETS)
def test_mobilenets_reach_their_top1(name, assets, validation, imagenet200):
    model = Model.load(assets / "models" / f"{name}.tflite", IMAGENET)
    right = sum(int(model(picture).class_id[0]) == wanted for picture, wanted in imagenet200)
    assert 100 * right / len(imagenet200) == pytest.approx(validation[name]["imagenet200_top1"], abs=1.5)


def test_labels_come_with_the_file_and_count_the_background(assets):
    model = Model.load(assets / "models" / "mobilenet_v2_1.0_224_quant.tflite")
    assert model.labels is not None
    assert (model.labels[0], model.labels[1], len(model.labels)) == ("background", "tench, Tinca tinca", 1001)
    value = model(cv2.imread(str(assets / "images" / "parrot.jpg")))
    assert isinstance(value, Classification)
    assert (value.label[0], len(value)) == ("macaw", 5)


@pytest.mark.parametrize("picture", ["cats_and_dogs.jpg", "bus.jpg"])
def test_coco_ssd_finds_what_was_published(picture, assets, validation):
    model = Model.load(assets / "models" / "coco_ssd_mobilenet_v1_quant.tflite", ModelOptions(score=0.42))
    found = model(cv2.imread(str(assets / "images" / picture)))
    assert isinstance(found, Detections)
    for label, score, box in validation[model.name]["examples"][picture]:
        assert any(
            row["label"] == label
            and row["score"] == pytest.approx(score, abs=0.03)
            and row["box"] == pytest.approx(box, abs=12)
            for row in found.rows()
        ), (label, score, box)
    assert found.score.tolist() == sorted(found.score.tolist(), reverse=True)


def test_cifar10_int8_takes_pixels_over_the_full_range_of_its_input(assets, validation):
    model = Model.load(assets / "models" / "mlperf_ic_resnet8_int8.tflite", ModelOptions(top=1))
    with zipfile.ZipFile(assets / "eval" / "cifar10_test2000.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))[::4]
        classes = sorted({name.split("/")[-2] for name in names})
        pictures = [cv2.imdecode(np.frombuffer(archive.read(name), np.uint8), cv2.IMREAD_COLOR) for name in names]
    right = sum(
        classes[int(model(picture).class_id[0])] == name.split("/")[-2]
        for picture, name in zip(pictures, names, strict=True)
    )
    assert 100 * right / len(names) == pytest.approx(validation[model.name]["cifar10_test2000_jpeg_accuracy"], abs=4)


def test_sine_is_a_regression_of_an_array(assets):
    options = ModelOptions(task="regression", outputs=("sine",))
    model = Model.load(assets / "models" / "hello_world_sine_int8.tflite", options)
    errors = []
    for x in np.linspace(0, 2 * math.pi, 200):
        value = model(np.array([[x]]))
        assert isinstance(value, Regression)
        errors.append(abs(value["sine"] - math.sin(x)))
    assert sum(errors) / len(errors) < 0.03
    assert max(errors) < 0.12


def test_reference_kernels_agree_with_the_default_ones(assets):
    picture = cv2.imread(str(assets / "images" / "parrot.jpg"))
    path = assets / "models" / "mobilenet_v1_0.25_128_quant.tflite"
    usual, reference = Model.load(path)(picture), Model.load(path, ModelOptions(numerics="reference"))(picture)
    assert usual.label[0] == reference.label[0] == "macaw"
    assert usual.score[0] == pytest.approx(reference.score[0], abs=0.05)
