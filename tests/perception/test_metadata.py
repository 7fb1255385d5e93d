"""What a file says of itself is read, whoever wrote it; what is damaged or hostile is refused."""

from __future__ import annotations

import io
import zipfile

import flatbuffers
import numpy as np
import pytest

from edgeai.errors import ModelError
from edgeai.perception.flatfile import METADATA_SCHEMA, MODEL_SCHEMA, DamagedError, verify
from edgeai.perception.labels import Labels, parse_labels
from edgeai.perception.metadata import read_metadata
from edgeai.perception.model import Model
from edgeai.perception.options import ModelOptions


def table(builder: flatbuffers.Builder, *fields: tuple[int, str, object]) -> int:
    """Write a table of (slot, `offset` or a builder's number type, value)."""
    builder.StartObject(10)
    for slot, kind, value in fields:
        if kind == "offset":
            builder.PrependUOffsetTRelativeSlot(slot, value, 0)
        else:
            getattr(builder, f"Prepend{kind}Slot")(slot, value, 0)
    return builder.EndObject()


def vector(builder: flatbuffers.Builder, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


def metadata(mean=(120.0, 110.0, 100.0), std=(60.0,), label_file="names.txt", grayscale=False, boxes=False) -> bytes:
    """Write metadata as tflite-support's writers do: one picture in, one output with labels."""
    builder = flatbuffers.Builder(512)
    numbers = [builder.CreateNumpyVector(np.array(values, np.float32)) for values in (mean, std)]
    normalisation = table(builder, (0, "offset", numbers[0]), (1, "offset", numbers[1]))
    unit = table(builder, (0, "Uint8", 1), (1, "offset", normalisation))
    image = table(builder, (0, "Int8", 2 if grayscale else 1))
    content = table(builder, (0, "Uint8", 2), (1, "offset", image))
    units = vector(builder, [unit])
    picture = table(builder, (3, "offset", content), (4, "offset", units))
    name = builder.CreateString(label_file)
    file = table(builder, (0, "offset", name), (2, "Int8", 2))
    files = vector(builder, [file])
    meaning = table(builder, (0, "Uint8", 3 if boxes else 1), (1, "offset", table(builder)))
    output = table(builder, (3, "offset", meaning), (6, "offset", files))
    inputs, outputs = vector(builder, [picture]), vector(builder, [output])
    graph = table(builder, (2, "offset", inputs), (3, "offset", outputs))
    graphs = vector(builder, [graph])
    builder.Finish(table(builder, (3, "offset", graphs)), b"M001")
    return bytes(builder.Output())


def archive(**files: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            packed.writestr(name.replace("__", "."), text)
    return written.getvalue()


def test_normalisation_colour_labels_and_task():
    found = read_metadata(archive(names__txt="cat\ndog"), metadata())
    assert (found.mean, found.std, found.colour, found.task) == ((120.0, 110.0, 100.0), 60.0, "rgb", "classification")
    assert found.labels is not None
    assert found.labels.names == ("cat", "dog")
    assert read_metadata(b"", metadata(grayscale=True)).colour == "gray"
    assert read_metadata(b"", metadata(boxes=True)).task == "detection"


def test_a_label_file_is_found_without_metadata():
    found = read_metadata(b"model" + archive(my_labels__txt="cat\ndog", licence__txt="none"), b"")
    assert found.labels is not None
    assert found.labels.names == ("cat", "dog")


def test_what_is_no_label_file_is_left_alone():
    assert read_metadata(archive(names__txt="{'stride': 32}"), metadata()).labels is None
    assert read_metadata(archive(temp_meta__txt="{'stride': 32}"), b"").labels is None
    assert read_metadata(archive(labels_de__txt="Katze", labels_en__txt="cat"), b"").labels is None


def test_a_label_file_that_should_be_packed_and_is_not():
    assert read_metadata(b"", metadata()).missing == "names.txt"


def test_a_packed_file_that_unfolds_without_end():
    with pytest.raises(ModelError, match="too large for a label file"):
        read_metadata(archive(labels__txt="a" * (64 << 20)), b"")


def test_an_archive_that_is_damaged():
    packed = bytearray(archive(labels__txt="cat\ndog\n" * 200))
    packed[40:60] = bytes(20)
    with pytest.raises(ModelError, match="cannot be read"):
        read_metadata(bytes(packed), b"")


def test_metadata_that_is_damaged_anywhere():
    whole = metadata()
    for length in range(len(whole)):
        with pytest.raises(ModelError, match="metadata is damaged"):
            read_metadata(b"", whole[: max(1, length)])
    random = np.random.default_rng(2)
    for _ in range(500):
        damaged = bytearray(whole)
        damaged[random.integers(0, len(whole))] = random.integers(0, 256)
        try:
            read_metadata(b"", bytes(damaged))
        except ModelError:
            continue


def test_two_values_of_normalisation_are_refused():
    with pytest.raises(ModelError, match="2 values of mean"):
        read_metadata(b"", metadata(mean=(1.0, 2.0)))


def test_the_metadata_of_real_files(assets):
    ssd = Model.load(assets / "models" / "coco_ssd_mobilenet_v1_quant.tflite")
    assert (ssd.task, ssd.decoder) == ("detection", "ssd")
    assert ssd.labels is not None
    assert (ssd.labels[0], ssd.labels[16], len(ssd.labels)) == ("person", "cat", 90)
    yolo = Model.load(assets / "models" / "yolov8n_coco_224_full_int8.tflite")
    assert (yolo.task, yolo.decoder) == ("detection", "yolo")
    assert yolo.labels is not None
    assert (yolo.labels[0], yolo.labels[79], len(yolo.labels)) == ("person", "toothbrush", 80)


def test_the_dictionary_that_ultralytics_packs():
    python = read_metadata(
        archive(temp_meta__txt="{'task': 'detect', 'names': {0: 'cat', 2: 'dog'}, 'half': True}"), b""
    )
    json = read_metadata(archive(metadata__json='{"task": "classify", "names": ["cat", "dog"], "half": true}'), b"")
    assert python.labels is not None
    assert json.labels is not None
    assert (python.task, python.labels.names) == ("detection", ("cat", "???", "dog"))
    assert (json.task, json.labels.names) == ("classification", ("cat", "dog"))
    assert read_metadata(archive(temp_meta__txt="{'task': 'pose', 'names': {}}"), b"").task == "tensors"


def test_a_head_of_ultralytics_that_no_decoder_reads_gives_raw_tensors(assets, tmp_path):
    whole = (assets / "models" / "yolov8n_coco_224_full_int8.tflite").read_bytes()
    path = tmp_path / "pose.tflite"
    path.write_bytes(
        whole[: whole.rindex(b"PK\x03\x04")] + archive(temp_meta__txt="{'task': 'pose', 'names': {0: 'person'}}")
    )
    assert (Model.load(path).task, Model.load(path).decoder) == ("tensors", "tensors")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{'names': __import__('os')}", "is damaged"),
        ("{" * 5000, "is damaged"),
        ("{'names': {'a': 'cat'}}", "by number"),
        ("{'names': {999999999: 'cat'}}", "beyond reason"),
        ("{'names': 3}", "by number"),
        ("{'a': '" + "a" * 300_000 + "'}", "larger than"),
    ],
)
def test_a_dictionary_that_is_damaged(text, words):
    with pytest.raises(ModelError, match=words):
        read_metadata(archive(temp_meta__txt=text), b"")


def test_an_option_wins_over_metadata(assets):
    names = tuple(f"class {i}" for i in range(1001))
    model = Model.load(assets / "models" / "mobilenet_v1_0.25_128_quant.tflite", ModelOptions(labels=names))
    assert model.labels == names


def test_a_file_that_leads_in_circles_is_checked_in_bounded_time():
    # A list of graphs whose every entry is the same table: visited once.
    builder = flatbuffers.Builder(1024)
    graph = table(builder)
    graphs = vector(builder, [graph] * 100_000)
    builder.Finish(table(builder, (2, "offset", graphs)), b"TFL3")
    verify(bytes(builder.Output()), MODEL_SCHEMA, "Model", b"TFL3")
    with pytest.raises(DamagedError):
        verify(b"\xff\xff\xff\x7fM001", METADATA_SCHEMA, "ModelMetadata", b"M001")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cat\ndog\n", ("cat", "dog")),
        ("\ufeffcat\r\ndog\r\n\r\n", ("cat", "dog")),
        ("0 cat\n2 dog\n", ("cat", "???", "dog")),
        ("0: cat\n1: dog", ("cat", "dog")),
        ("0  cat\n1  traffic light", ("cat", "traffic light")),
        ("???\ncat", ("???", "cat")),
        ("cat\n\ndog", ("cat", "???", "dog")),
        ("2 wheels\ncar", ("2 wheels", "car")),
    ],
)
def test_forms_of_label_files(text, names):
    assert parse_labels(text, "a file").names == names


def test_labels_are_fitted_to_the_classes():
    assert Labels(("???", "cat", "dog"), "a file").fit(2) == ("cat", "dog")
    assert Labels(("cat", "dog"), "a file").fit(2) == ("cat", "dog")
    assert Labels(("cat",), "a file", numbered=True).fit(3) == ("cat", "???", "???")
    for classes in (1, 3):
        with pytest.raises(ModelError, match=f"2 labels and the model {classes} classes"):
            Labels(("cat", "dog"), "a file").fit(classes)


@pytest.mark.parametrize("text", ["", "\n\n", "900000 cat"])
def test_label_files_that_cannot_be(text):
    with pytest.raises(ModelError):
        parse_labels(text, "a file")
