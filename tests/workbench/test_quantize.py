"""A float model becomes a ladder of quantized variants with cards, ready for the scheduler."""

import json
import shutil
import zipfile

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from edgeai import Graph, Pipeline
from edgeai.cli import app
from edgeai.errors import ConfigError, ModelError
from edgeai.perception.model import Model
from edgeai.workbench.datasets import open_dataset
from edgeai.workbench.quantize import quantize
from edgeai.workbench.quantize_graph import require_memory
from edgeai.workbench.quantize_recipes import RECIPES

pytest.importorskip("ai_edge_quantizer", reason="the extra `quantize` is not installed")

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
CARD = {"task": "classification", "input": {"mean": 0, "std": 1}, "labels": CLASSES, "licence": "Apache-2.0"}


@pytest.fixture(scope="module")
def shelf(assets, tmp_path_factory):
    """The float model with its card, and some of the pictures it is for, a folder for each class."""
    folder = tmp_path_factory.mktemp("shelf")
    shutil.copy(assets / "models/mlperf_ic_resnet8_fp32.tflite", folder / "ic.tflite")
    (folder / "ic.yaml").write_text(yaml.safe_dump(CARD))
    with zipfile.ZipFile(assets / "eval/cifar10_test2000.zip") as archive:
        for name in sorted(name for name in archive.namelist() if name.endswith(".jpg"))[::40]:
            place = folder / "pictures" / name.removeprefix("test/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(archive.read(name))
    return folder


@pytest.fixture(scope="module")
def ladder(shelf):
    """The command's answer, and the folder it wrote."""
    pictures = shelf / "pictures"
    said = ["--recipe", "all", "--calibrate", pictures, "--validate", pictures, "--samples", 16, "-o", shelf / "ladder"]
    return run("quantize", shelf / "ic.tflite", *said, "--json"), shelf / "ladder"


@pytest.fixture
def sounds(assets, tmp_path):
    path = tmp_path / "ad.tflite"
    shutil.copy(assets / "models/mlperf_ad01_fp32.tflite", path)
    path.with_suffix(".yaml").write_text("task: anomaly\n")
    return path


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def classes(path, dataset):
    model = Model.load(path)
    return [int(model(sample.load()).class_id[0]) for sample in dataset]


def test_one_command_makes_a_variant_by_each_recipe_with_its_accuracy(ladder):
    result, folder = ladder
    assert result.exit_code == 0
    rows = json.loads(result.stdout)
    assert [row["recipe"] for row in rows] == ["float32", *RECIPES]
    assert {path.name for path in folder.glob("*.tflite")} == {f"ic_{recipe}.tflite" for recipe in RECIPES}
    for row in rows[1:]:
        card = Model.load(row["path"]).card
        assert row["bytes"] < rows[0]["bytes"]
        assert (card.accuracy.metric, card.accuracy.value) == ("top-1", round(row["figure"]["value"], 5))
        assert card.licence == "Apache-2.0"
        assert card.made["recipe"] == row["recipe"]


@pytest.mark.parametrize(
    ("recipe", "dtype", "agreement"),
    [
        ("int8", np.int8, 0.9),
        ("int8-dynamic", np.float32, 0.9),
        ("int16x8", np.int16, 0.9),
        ("float16", np.float32, 1.0),
    ],
)
def test_a_variant_says_what_the_float_model_says(shelf, ladder, recipe, dtype, agreement):
    dataset = open_dataset(shelf / "pictures")
    path = ladder[1] / f"ic_{recipe}.tflite"
    assert Model.load(path).input.dtype == dtype
    same = np.equal(classes(shelf / "ic.tflite", dataset), classes(path, dataset)).mean()
    assert same >= agreement


def test_the_ladder_runs_under_a_schedule(ladder):
    """The cards say what each is worth; with a deadline only some reach, those are run."""
    paths = [str(ladder[1] / f"ic_{recipe}.tflite") for recipe in RECIPES]
    stages = {"ic": {"input": "cam", "model": paths, "deadline": "60ms", "rate": "10fps"}}
    graph = Graph(cameras={"cam": "synthetic:64x48?fps=10"}, stages=stages, schedule={"policy": "latency"})
    durations = {f"ic_{recipe}": 0.1 for recipe in RECIPES} | {"ic_int8": 0.01, "ic_int4-weights": 0.005}
    with Pipeline(graph, engine="lockstep", durations=durations) as pipeline:
        pipeline.advance(10)
        stats, plan = pipeline.stats()["ic"], pipeline.latest("ic").plan
    assert plan.variant == "ic_int8"
    assert stats.delivered > 90


def test_the_terminal_shows_the_ladder_as_a_graph_takes_it(shelf, tmp_path):
    result = run("quantize", shelf / "ic.tflite", "--recipe", "float16", "-o", tmp_path)
    text = result.stdout[result.stdout.index("stages:") :]
    assert yaml.safe_load(text) == {"stages": {"ic": {"model": [str(tmp_path / "ic_float16.tflite")]}}}


def test_a_recording_calibrates(shelf, tmp_path):
    graph = Graph(
        cameras={"cam": f"images:{shelf / 'pictures/cat'}?fps=20"},
        stages={"ic": {"input": "cam", "model": str(shelf / "ic.tflite")}},
    )
    with Pipeline(graph, engine="lockstep").record(tmp_path / "drive.mcap") as pipeline:
        pipeline.advance(1)
    (made,) = quantize(shelf / "ic.tflite", ["int8"], open_dataset(tmp_path / "drive.mcap"), tmp_path)
    assert Model.load(made.path).card.made["calibration_inputs"] == 5


def test_an_anomaly_score_survives(assets, sounds, tmp_path):
    windows = np.fromfile(assets / "eval/ad01_normal_features.bin", np.float32).reshape(-1, 640)
    np.save(tmp_path / "windows.npy", windows)
    (made,) = quantize(sounds, ["int8"], open_dataset(tmp_path / "windows.npy"), tmp_path / "out")
    models = [Model.load(each) for each in (sounds, made.path)]
    scores = [[model(window[None]).value for window in windows] for model in models]
    assert np.corrcoef(*scores)[0, 1] > 0.99


# -- what is refused -----------------------------------------------------------------------------------------------


def test_a_model_that_is_quantized_already(assets, tmp_path):
    with pytest.raises(ModelError, match="quantized already"):
        quantize(assets / "models/mlperf_ic_resnet8_int8.tflite", ["float16"], output=tmp_path)


def test_a_recipe_that_is_none(shelf):
    with pytest.raises(ConfigError, match="int2"):
        quantize(shelf / "ic.tflite", ["int2"])


def test_recipes_that_want_data_without_any(shelf):
    with pytest.raises(ConfigError, match="int8 and int16x8 must be calibrated"):
        quantize(shelf / "ic.tflite", ["all"])


def test_an_empty_folder(shelf, tmp_path):
    with pytest.raises(ConfigError, match="holds none of what a dataset may be"):
        open_dataset(tmp_path)


def test_data_of_another_shape(shelf, tmp_path):
    np.save(tmp_path / "rows.npy", np.zeros((3, 7), np.float32))
    with pytest.raises(ConfigError, match="inputs that the model takes"):
        quantize(shelf / "ic.tflite", ["int8"], open_dataset(tmp_path / "rows.npy"), tmp_path)


@pytest.mark.parametrize(("value", "why"), [(0.0, "all the same"), (np.nan, "NaN")])
def test_data_that_is_blank_or_no_number(sounds, tmp_path, value, why):
    np.save(tmp_path / "windows.npy", np.full((4, 640), value, np.float32))
    with pytest.raises(ConfigError, match=why):
        quantize(sounds, ["int8"], open_dataset(tmp_path / "windows.npy"), tmp_path / "out")


def test_data_on_which_the_values_overflow(sounds, tmp_path):
    np.save(tmp_path / "windows.npy", np.array([[3e38], [2e38]], np.float32).repeat(640, axis=1))
    (made,) = quantize(sounds, ["int8"], open_dataset(tmp_path / "windows.npy"), tmp_path / "out")
    assert made.path is None
    assert "NaN or infinite" in made.why
    assert not list((tmp_path / "out").iterdir())


def test_a_model_too_large_for_the_memory():
    with pytest.raises(ModelError, match="MB are free: close other programs"):
        require_memory(100_000_000, available=200_000_000)


def test_a_folder_that_cannot_be_written(shelf, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="--output"):
        quantize(shelf / "ic.tflite", ["float16"], output=tmp_path / "file" / "out")
