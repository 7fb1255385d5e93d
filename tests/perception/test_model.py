"""Loading a model: what is known of it, and what is said when it cannot be used."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

import edgeai
from edgeai.errors import ModelError
from edgeai.messages import Classification, Frame, Tensors
from edgeai.perception.facts import read_content
from edgeai.perception.model import Model
from edgeai.perception.options import ModelOptions

SMALL = "mobilenet_v1_0.25_128_quant.tflite"
PICTURE = np.random.default_rng(3).integers(0, 256, (120, 160, 3), dtype=np.uint8)


def beside(folder: Path, model: Path, card: str) -> Path:
    """Copy a model into `folder` with a card beside it."""
    copy = folder / model.name
    copy.write_bytes(model.read_bytes())
    copy.with_suffix(".yaml").write_text(card)
    return copy


def test_a_model_says_what_it_is(assets):
    path = assets / "models" / SMALL
    model = Model.load(path, threads=2)
    assert (model.name, model.task, model.decoder) == (
        "mobilenet_v1_0.25_128_quant",
        "classification",
        "classification",
    )
    assert (model.runtime, model.threads, model.card) == ("litert", 2, None)
    assert model.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert model.inputs[0].shape == (1, 128, 128, 3)
    assert model.outputs[0].scale == 1 / 256


def test_another_interpreter_shares_the_bytes_and_agrees(assets):
    model = Model.load(assets / "models" / SMALL)
    other = model.with_threads(2)
    assert (other.threads, other.sha256) == (2, model.sha256)
    assert other(PICTURE).rows() == model(PICTURE).rows()


def test_the_three_steps_are_the_call(assets):
    model = Model.load(assets / "models" / SMALL)
    model.prepare(Frame("camera", 0, 0, PICTURE))
    model.invoke()
    assert model.decode().rows() == model(PICTURE).rows()


def test_results_stay_as_they_were(assets):
    model = Model.load(assets / "models" / "yolov8n_coco_224_full_int8.tflite", ModelOptions(decoder="tensors"))
    first = model(PICTURE)
    kept = {name: tensor.copy() for name, tensor in first.tensors.items()}
    model(255 - PICTURE)
    for name, tensor in first.tensors.items():
        np.testing.assert_array_equal(tensor, kept[name])


@pytest.mark.parametrize(
    "name",
    ["movenet_single_pose_lightning_ptq", "yolov8n_coco_224_full_int8", "deeplabv3_mnv2_dm05_pascal_quant"],
)
def test_raw_tensors_are_given_to_those_who_ask(name, assets):
    model = Model.load(assets / "models" / f"{name}.tflite", ModelOptions(decoder="tensors"))
    value = model(PICTURE)
    assert isinstance(value, Tensors)
    assert [tensor.shape for tensor in value.tensors.values()] == [output.shape for output in model.outputs]


def test_colours_are_brought_to_the_models_order(assets):
    model = Model.load(assets / "models" / SMALL)
    bgr = model(Frame("camera", 0, 0, PICTURE, "bgr"))
    rgb = model(Frame("camera", 0, 0, np.ascontiguousarray(PICTURE[..., ::-1]), "rgb"))
    assert bgr.rows() == rgb.rows()
    assert isinstance(model(PICTURE[..., 0]), Classification)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("mobilenet_v1_0.25_128_quant_edgetpu", "without `_edgetpu`"),
        ("model_invoking_error", "fake-op-double"),
        ("person_detect_int8", "quantization parameters are not valid"),
        ("hello_world_sine_int8", "`task: presence` or `task: regression`"),
        ("blazeface_front_128_full_int", "add `mean` and `std`"),
    ],
)
def test_what_cannot_be_used_says_what_to_do(name, advice, assets):
    path = assets / "models" / f"{name}.tflite"
    with pytest.raises(ModelError) as caught:
        Model.load(path)
    assert advice in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_a_vendors_error_is_kept_as_the_cause(assets):
    with pytest.raises(ModelError) as caught:
        Model.load(assets / "models" / "mobilenet_v1_0.25_128_quant_edgetpu.tflite")
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_missing_and_foreign_files(tmp_path):
    with pytest.raises(ModelError, match="does not exist"):
        Model.load(tmp_path / "none.tflite")
    with pytest.raises(ModelError, match="not a file"):
        Model.load(tmp_path)
    for content in (b"", b"TFL3", b"hello, this is no model at all"):
        (tmp_path / "a.tflite").write_bytes(content)
        with pytest.raises(ModelError, match="give a model converted for TFLite"):
            Model.load(tmp_path / "a.tflite")


def test_truncated_files_are_refused_at_every_length(tmp_path, assets):
    whole = (assets / "models" / "hello_world_sine_int8.tflite").read_bytes()
    path = tmp_path / "cut.tflite"
    for length in range(0, len(whole), 29):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError):
            Model.load(path, ModelOptions(task="regression"))


@pytest.mark.parametrize("lost", [40, 30_000, 300_000])
def test_a_truncated_classifier_is_refused(lost, tmp_path, assets):
    path = tmp_path / "cut.tflite"
    path.write_bytes((assets / "models" / SMALL).read_bytes()[:-lost])
    with pytest.raises(ModelError, match=r"truncated|damaged"):
        Model.load(path)


def test_damaged_files_never_end_the_process(tmp_path, assets):
    whole = (assets / "models" / "hello_world_sine_int8.tflite").read_bytes()
    random = np.random.default_rng(11)
    path = tmp_path / "damaged.tflite"
    for _ in range(150):
        damaged = bytearray(whole)
        for place in random.integers(0, len(whole), 3):
            damaged[place] = random.integers(0, 256)
        path.write_bytes(damaged)
        try:
            Model.load(path, ModelOptions(task="regression"))
        except ModelError:
            continue


def test_a_card_says_what_the_file_does_not(tmp_path, assets):
    card = """
        name: waves
        task: regression
        outputs: [{name: height, unit: m, min: -1, max: 1}]
        accuracy: {metric: mean absolute error, value: 0.02, better: lower}
        made: {by: hand}
    """
    model = Model.load(beside(tmp_path, assets / "models" / "hello_world_sine_int8.tflite", card))
    assert (model.name, model.task) == ("waves", "regression")
    value = model(np.array([[1.5]]))
    assert value.columns == (edgeai.Column("height", "m"),)


def test_an_option_wins_over_a_card(tmp_path, assets):
    card = "task: classification\noutputs: [{name: height}]"
    path = beside(tmp_path, assets / "models" / "hello_world_sine_int8.tflite", card)
    model = Model.load(path, ModelOptions(task="regression", outputs=("depth",)))
    assert model(np.array([[1.5]])).columns[0].name == "depth"


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ("sha256: abcdef", "of another file"),
        ("taks: regression", "`taks` is no key"),
        ("input: {resize: squash}", "`input.resize` is 'squash'"),
        ("input: {mean: [1, 2]}", "`input.mean"),
        ("[1, 2", "is not YAML"),
        ("a: &a [1]\nb: *a", "aliases"),
        ("made: " + "x" * 70_000, "larger than"),
        ("task: regresion", "did you mean 'regression'"),
        ("decoder: ssdd", "did you mean 'ssd'"),
        ("labels: missing.txt\ntask: presence", "missing.txt cannot be read"),
        ("labels: [one, two, three]\ntask: presence", "3 labels and the model 1 classes"),
        ("outputs: [{name: a}, {name: b}]\ntask: regression", "2 outputs are named"),
    ],
)
def test_a_wrong_card_is_named_with_its_key(card, words, tmp_path, assets):
    path = beside(tmp_path, assets / "models" / "hello_world_sine_int8.tflite", card)
    with pytest.raises(ModelError) as caught:
        Model.load(path)
    assert words in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_labels_that_do_not_fit(assets):
    wrong = ModelOptions(labels=assets / "labels" / "pascal_voc_21.txt")
    with pytest.raises(ModelError, match="24 labels and the model 1001 classes"):
        Model.load(assets / "models" / SMALL, wrong)
    with pytest.raises(ModelError, match="24 labels and the model 90 classes"):
        Model.load(assets / "models" / "coco_ssd_mobilenet_v1_quant.tflite", wrong)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 3), np.float32),
        np.zeros((0, 8, 3), np.uint8),
        np.zeros(8, np.uint8),
    ],
)
def test_a_frame_that_is_no_picture(image, assets):
    model = Model.load(assets / "models" / SMALL)
    with pytest.raises(ModelError, match="give uint8"):
        model.prepare(Frame("camera", 0, 0, image))
    assert len(model(PICTURE)) == 5


def test_arrays_of_another_shape_or_without_a_value(assets):
    model = Model.load(assets / "models" / "hello_world_sine_int8.tflite", ModelOptions(task="regression"))
    with pytest.raises(ModelError, match=r"shape \(1, 1\)"):
        model(np.zeros((2, 1)))
    with pytest.raises(ModelError, match="NaN"):
        model(np.array([[np.nan]]))
    with pytest.raises(ModelError, match="takes no pictures"):
        model.prepare(Frame("camera", 0, 0, PICTURE))


def test_a_model_that_returns_nan_raises(assets):
    options = ModelOptions(mean=0.0, std=1e-36)
    model = Model.load(assets / "models" / "mlperf_ic_resnet8_fp32.tflite", options)
    with pytest.raises(ModelError, match="NaN or infinity"):
        model(PICTURE)
    model.prepare(Frame("camera", 0, 0, np.zeros_like(PICTURE)))
    model.invoke()
    assert isinstance(model.decode(), Classification)


def test_other_inputs_begin_at_zero(assets):
    model = Model.load(assets / "models" / "automl_traffic_model.tflite", ModelOptions(score=0.1))
    first, second = model(PICTURE), model(PICTURE)
    assert first.rows() == second.rows()


def test_the_other_runtime_agrees_bit_for_bit_or_says_what_to_install(assets):
    path = assets / "models" / SMALL
    usual = Model.load(path, ModelOptions(numerics="reference", runtime="litert"))
    try:
        other = Model.load(path, ModelOptions(numerics="reference", runtime="tflite_runtime"))
    except ModelError as error:
        assert "pip install 'edgeai[tflite-runtime]'" in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert other.runtime == "tflite_runtime"
        assert other(PICTURE).rows() == usual(PICTURE).rows()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (ModelOptions(crop_fraction=0.0), "crop_fraction"),
        (ModelOptions(pad=300), "pad"),
        (ModelOptions(std=0.0), "std"),
        (ModelOptions(mean=float("nan")), "mean"),
        (ModelOptions(colour="gray"), "3 channels"),
        (ModelOptions(interpolation="area", numerics="reference"), "differs between machines"),
    ],
)
def test_options_that_cannot_be(options, words, assets):
    with pytest.raises(ModelError, match=words):
        Model.load(assets / "models" / SMALL, options)


def test_a_model_too_large_for_the_memory_is_not_read(tmp_path):
    path = tmp_path / "large.tflite"
    path.write_bytes(bytes(1_000_000))
    with pytest.raises(ModelError, match="has 1 MB, which a runtime takes twice, and 2 MB of memory are free"):
        read_content(path, available=1_900_000)
