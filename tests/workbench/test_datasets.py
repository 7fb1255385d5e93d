"""Datasets in the forms they come in, and what is no dataset."""

import json
import tarfile
import zipfile

import cv2
import numpy as np
import pytest

from edgeai.errors import ConfigError
from edgeai.workbench.datasets import Boxes, ClassName, Flag, Mask, Points, open_dataset

PICTURE = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()


def put(root, *names, content=PICTURE):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def truths(path):
    return [sample.truth for sample in open_dataset(path)]


def test_a_folder_for_each_class(tmp_path):
    put(tmp_path, "cat/1.png", "dog/10.png", "dog/2.png")
    dataset = open_dataset(tmp_path)
    assert [sample.name for sample in dataset] == ["cat/1.png", "dog/2.png", "dog/10.png"]
    assert truths(tmp_path) == [ClassName(0, "cat"), ClassName(1, "dog"), ClassName(1, "dog")]
    assert dataset.classes == ("cat", "dog")
    assert next(iter(dataset)).load().image.shape == (8, 8, 3)


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        ("file,label\na.png,cat\nb.png,ant\n", [ClassName(1, "cat"), ClassName(0, "ant")]),
        ("file,class_id\na.png,7\nb.png,0\n", [ClassName(7), ClassName(0)]),
        ("file,present\na.png,1\nb.png,no\n", [Flag(True), Flag(False)]),
    ],
)
def test_labels_csv_in_a_folder_and_in_a_zip(tmp_path, table, wanted):
    folder = tmp_path / "data"
    put(folder, "images/a.png", "images/b.png")
    (folder / "labels.csv").write_text(table)
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        for file in folder.rglob("*.*"):
            archive.write(file, file.relative_to(folder).as_posix())
    assert truths(folder) == truths(tmp_path / "data.zip") == wanted


def test_coco_boxes_and_keypoints(tmp_path):
    put(tmp_path, "images/a.png")
    item = {"image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4], "iscrowd": 1, "area": 10}
    document = {
        "images": [{"id": 1, "file_name": "a.png", "width": 8}],
        "annotations": [item],
        "categories": [{"id": 3, "name": "person", "keypoints": ["nose"]}],
    }
    (tmp_path / "some.json").write_text(json.dumps(document))
    (boxes,) = truths(tmp_path / "some.json")
    assert isinstance(boxes, Boxes)
    assert (boxes.box.tolist(), boxes.label, boxes.crowd, boxes.area) == ([[1, 2, 4, 6]], ("person",), (True,), (10.0,))
    document["annotations"] = [{**item, "iscrowd": 0, "keypoints": [5, 6, 2]}]
    (tmp_path / "some.json").write_text(json.dumps(document))
    (points,) = truths(tmp_path / "some.json")
    assert isinstance(points, Points)
    assert (points.point.tolist(), points.name, points.size.tolist()) == ([[[5, 6]]], ("nose",), [5.0])


def test_voc_boxes_count_pixels_from_one(tmp_path):
    put(tmp_path, "JPEGImages/a.png")
    box = "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox>"
    xml = f"<annotation><filename>a.jpg</filename><object><name>cat</name>{box}</object></annotation>"
    put(tmp_path, "Annotations/a.xml", content=xml.encode())
    (boxes,) = truths(tmp_path)
    assert (boxes.box.tolist(), boxes.label) == ([[0, 1, 3, 4]], ("cat",))
    put(tmp_path, "Annotations/a.xml", content=b"<!DOCTYPE a [<!ENTITY b 'c'>]><annotation/>")
    with pytest.raises(ConfigError, match="document type"):
        open_dataset(tmp_path)


def test_masks_gray_and_in_the_palette_of_voc(tmp_path):
    put(tmp_path, "images/a.png", "images/b.png")
    classes = np.array([[0, 1, 15, 255]], np.uint8)
    bgr = np.array([[(0, 0, 0), (0, 0, 128), (128, 128, 192), (192, 224, 224)]], np.uint8)
    put(tmp_path, "masks/a.png", content=cv2.imencode(".png", classes)[1].tobytes())
    put(tmp_path, "masks/b.png", content=cv2.imencode(".png", bgr)[1].tobytes())
    for truth in truths(tmp_path):
        assert isinstance(truth, Mask)
        assert truth.class_id.tolist() == classes.tolist()


def test_arrays_one_a_file_or_many_in_one(tmp_path):
    np.save(tmp_path / "many.npy", np.arange(6.0).reshape(3, 2))
    assert [sample.load().tolist() for sample in open_dataset(tmp_path / "many.npy")] == [[0, 1], [2, 3], [4, 5]]
    assert len(open_dataset(tmp_path)) == 1


def test_the_pictures_of_a_recorded_log(assets, tmp_path):
    with tarfile.open(assets / "sensors" / "donkeycar_tub.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    tub = next(path.parent for path in tmp_path.rglob("manifest.json"))
    dataset = open_dataset(tub)
    first = next(iter(dataset))
    assert first.truth is None
    assert first.load().image.shape == (120, 160, 3)
    assert len(dataset) > 100


@pytest.mark.parametrize(
    ("names", "content", "said"),
    [
        ((), b"", "holds none of what a dataset may be"),
        (("labels.csv",), b"file,label\n../../etc/passwd,cat\n", "not there"),
        (("labels.csv",), b"\xff\xfe\x00", "UTF-8"),
        (("labels.csv",), b"name\n", "without rows"),
        (("labels.json",), b"{", "no JSON"),
        (("labels.json",), b'{"images": [], "annotations": [], "categories": []}', "without images"),
        (("gt/gt.txt",), b"1,2,x\n", "no MOTChallenge file"),
        (("Annotations/a.xml",), b"<a", "no XML"),
        (("masks/a.png",), PICTURE, "without a picture"),
    ],
)
def test_what_is_no_dataset_is_told(tmp_path, names, content, said):
    put(tmp_path, *names, content=content)
    with pytest.raises(ConfigError, match=said):
        len(open_dataset(tmp_path))


def test_damaged_inputs_are_told_when_they_are_read(tmp_path):
    put(tmp_path, "cat/1.png", "dog/2.png", content=b"no picture")
    with pytest.raises(ConfigError, match="decoded"):
        next(iter(open_dataset(tmp_path))).load()
    (tmp_path / "bad.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(ConfigError, match=r"no \.npy file"):
        open_dataset(tmp_path / "bad.npy")
    with pytest.raises(ConfigError, match="does not exist"):
        open_dataset(tmp_path / "nowhere")
    (tmp_path / "bad.zip").write_bytes(b"PK")
    with pytest.raises(ConfigError, match="cannot be opened"):
        open_dataset(tmp_path / "bad.zip")
