"""`edgeai evaluate` and `edgeai compare`: each kind of truth, what is written, what is refused."""

import json
import shutil
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from edgeai.cli import app
from edgeai.errors import ConfigError
from edgeai.perception.model import Model

SMALL, HALF = "mobilenet_v1_0.25_128_quant", "mobilenet_v1_0.5_160_quant"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def figures(*arguments):
    result = run("evaluate", *arguments, "--json")
    assert result.exit_code == 0, result.exception
    return {figure["metric"]: figure["value"] for figure in json.loads(result.stdout)[0]["figures"]}


def test_classes_as_the_manifest_states_them(assets):
    found = figures(assets / f"models/{SMALL}.tflite", "--data", assets / "eval/imagenet200.zip")
    stated = next(e for e in json.loads((assets / "manifest.json").read_text()) if e["name"] == SMALL)["validation"]
    assert found["top-1"] == pytest.approx(stated["imagenet200_top1"] / 100, abs=0.015)
    assert found["top-5"] == pytest.approx(stated["imagenet200_top5"] / 100, abs=0.045)


def test_masks(assets, tmp_path):
    (tmp_path / "images").mkdir(), (tmp_path / "masks").mkdir()
    shutil.copy(assets / "images/bird_segmentation.png", tmp_path / "images/bird.png")
    shutil.copy(assets / "eval/bird_segmentation_mask.png", tmp_path / "masks/bird.png")
    found = figures(assets / "models/deeplabv3_mnv2_dm05_pascal_quant.tflite", "--data", tmp_path)
    mask = cv2.imread(str(tmp_path / "masks/bird.png"), cv2.IMREAD_GRAYSCALE)
    seen = Model.load(assets / "models/deeplabv3_mnv2_dm05_pascal_quant.tflite")(
        cv2.imread(str(tmp_path / "images/bird.png"))
    ).at()
    classes = np.union1d(mask, seen)
    shares = [((mask == c) & (seen == c)).sum() / ((mask == c) | (seen == c)).sum() for c in classes]
    assert found == {"mIoU": pytest.approx(np.mean(shares), abs=1e-6)}


def test_whether_something_is_there(assets, tmp_path):
    """A person detector on the two pictures that its makers test it with."""
    for name in ("person", "no_person"):
        shutil.copy(assets / f"images/{name}_96_gray.bmp", tmp_path)
    (tmp_path / "labels.csv").write_text("file,present\nperson_96_gray.bmp,1\nno_person_96_gray.bmp,0\n")
    assert figures(assets / "models/mlperf_vww_96_int8.tflite", "--data", tmp_path) == {"AUC": 1.0}


def test_keypoints(assets, tmp_path):
    """As COCO keypoints; those of the model itself, and the same half a picture away."""
    image = cv2.imread(str(assets / "images/squat.png"))
    shutil.copy(assets / "images/squat.png", tmp_path)
    model = Model.load(assets / "models/movenet_single_pose_lightning_ptq.tflite")
    points = model(image)
    triples = [v for (x, y) in points.point[0].tolist() for v in (x, y, 2)]
    height, width = image.shape[:2]
    item = {"image_id": 1, "category_id": 1, "bbox": [0, 0, width, height], "keypoints": triples}
    document = {
        "images": [{"id": 1, "file_name": "squat.png"}],
        "annotations": [item],
        "categories": [{"id": 1, "name": "person", "keypoints": list(points.name)}],
    }
    (tmp_path / "labels.json").write_text(json.dumps(document))
    assert figures(model.path, "--data", tmp_path) == {"PCK@0.1": 1.0}
    document["annotations"][0]["keypoints"] = [v + 500 if i % 3 == 0 else v for i, v in enumerate(triples)]
    (tmp_path / "labels.json").write_text(json.dumps(document))
    assert figures(model.path, "--data", tmp_path) == {"PCK@0.1": 0.0}


def test_boxes_in_voc_of_what_was_found(assets, tmp_path):
    shutil.copy(assets / "images/cats_and_dogs.jpg", tmp_path)
    model = Model.load(assets / "models/coco_ssd_mobilenet_v1_quant.tflite")
    root = ElementTree.Element("annotation")
    ElementTree.SubElement(root, "filename").text = "cats_and_dogs.jpg"
    for row in model(cv2.imread(str(tmp_path / "cats_and_dogs.jpg"))).rows():
        item = ElementTree.SubElement(root, "object")
        ElementTree.SubElement(item, "name").text = row["label"]
        box = ElementTree.SubElement(item, "bndbox")
        for name, value in zip(("xmin", "ymin", "xmax", "ymax"), row["box"], strict=True):
            ElementTree.SubElement(box, name).text = str(round(value))
    (tmp_path / "cats_and_dogs.xml").write_bytes(ElementTree.tostring(root))
    found = figures(model.path, "--data", tmp_path)
    assert found["mAP50"] == pytest.approx(1.0)


def test_the_figure_is_written_into_the_card(assets, tmp_path):
    model = tmp_path / "small.tflite"
    shutil.copy(assets / f"models/{SMALL}.tflite", model)
    result = run("evaluate", model, "--data", assets / "eval/imagenet200.zip", "--metric", "top-5", "--write-card")
    assert result.exit_code == 0
    accuracy = Model.load(model).card.accuracy
    assert (accuracy.metric, accuracy.dataset) == ("top-5", "imagenet200.zip")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("images", "data without truth"),
        ("eval/nowhere", "which does not exist"),
        ("tracking/TUD-Campus", "without pictures in img1/"),
    ],
)
def test_data_that_does_not_judge_a_classifier(assets, data, words):
    error = run("evaluate", assets / f"models/{SMALL}.tflite", "--data", assets / data).exception
    assert isinstance(error, ConfigError)
    assert words in str(error)


def test_a_metric_of_other_data(assets):
    arguments = [assets / f"models/{SMALL}.tflite", "--data", assets / "eval/imagenet200.zip", "--metric", "mAP"]
    assert "one of top-1, top-5" in str(run("evaluate", *arguments).exception)


# -- compare -------------------------------------------------------------------------------------------------------


def test_models_side_by_side_in_the_terminal_and_on_a_page(assets, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    paths = [assets / f"models/{name}.tflite" for name in (SMALL, HALF)]
    page = tmp_path / "report.html"
    result = run("compare", *paths, "--data", assets / "images", "--seconds", 0.1, "-o", page, "--json")
    found = json.loads(result.stdout)
    assert [model["name"] for model in found["models"]] == [SMALL, HALF]
    assert found["metric"] == "same top-1"
    assert found["agreement"][0][0] == found["agreement"][1][1] == 1
    assert found["agreement"][0][1] == found["agreement"][1][0] < 1
    assert all(model["measured"]["job"]["p50"] > 0 for model in found["models"])
    text = page.read_text()
    assert text.count("<svg") == 2  # without truth there is no trade-off to draw
    assert SMALL in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text


def test_models_of_different_tasks(assets):
    paths = [assets / f"models/{name}.tflite" for name in (SMALL, "coco_ssd_mobilenet_v1_quant")]
    error = run("compare", *paths, "--data", assets / "images", "--seconds", 0.1).exception
    assert "Classification and Detections" in str(error)


def test_one_model_is_none_to_compare(assets):
    error = run("compare", assets / f"models/{SMALL}.tflite", "--data", assets / "images").exception
    assert "two or more to compare" in str(error)
