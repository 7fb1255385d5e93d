"""A recording as a dataset: its sources, and what a stage found as the truth."""

from pathlib import Path

import pytest

from edgeai import Graph, Pipeline
from edgeai.errors import ConfigError
from edgeai.messages import Frame, Readings
from edgeai.perception.model import Model
from edgeai.workbench.datasets import Flag, open_dataset
from edgeai.workbench.datasets.give import count_for, samples_for
from edgeai.workbench.evaluate import evaluate

IMU = str(Path(__file__).parents[1] / "models" / "imu.tflite")


@pytest.fixture(scope="module")
def drive(tmp_path_factory):
    """Two cameras, a stage on one of them."""
    graph = Graph(
        cameras={"left": "synthetic:64x48?fps=10", "right": "synthetic:64x48?fps=5&seed=2"},
        stages={"pilot": {"input": "left", "model": "pilot_small", "rate": "5fps"}},
    )
    return recorded(graph, tmp_path_factory.mktemp("drive") / "drive.mcap", 2.05)


@pytest.fixture(scope="module")
def motion(tmp_path_factory):
    """An IMU whose windows an autoencoder looks at."""
    folder = tmp_path_factory.mktemp("motion")
    named = Model.load(IMU).card.window.columns
    rows = [",".join([str(i / 100), *(str((7 * i + 3 * j) % 20 - 10) for j in range(6))]) for i in range(200)]
    (folder / "imu.csv").write_text("\n".join([",".join(["time (s)", *named]), *rows]))
    graph = Graph(
        sensors={"imu": {"driver": "csv_log", "path": str(folder / "imu.csv")}},
        stages={"odd": {"input": "imu", "model": IMU}},
    )
    return recorded(graph, folder / "motion.mcap", 3)


def recorded(graph, path, seconds):
    with Pipeline(graph, engine="lockstep").record(path) as pipeline:
        pipeline.advance(seconds)
    return path


def test_every_frame_of_a_camera_without_truth(drive):
    dataset = open_dataset(f"{drive}#right")
    samples = list(dataset)
    assert len(dataset) == len(samples) == 11
    assert isinstance(samples[0].load(), Frame)
    assert {sample.truth for sample in samples} == {None}


def test_several_sources_are_listed(drive):
    with pytest.raises(ConfigError, match=r"drive.mcap#left, drive.mcap#right, drive.mcap#pilot"):
        open_dataset(drive)
    with pytest.raises(ConfigError, match="no source or stage 'up'"):
        open_dataset(f"{drive}#up")


def test_a_stage_whose_values_have_no_figure_is_refused(drive):
    with pytest.raises(ConfigError, match="pilot, which gives Regression"):
        open_dataset(f"{drive}#pilot")


def test_readings_come_in_the_windows_of_the_model(motion):
    model, dataset = Model.load(IMU), open_dataset(motion)
    windows = [sample.load() for sample in samples_for(model, dataset)]
    length, hop = model.window
    assert len(dataset) == 200
    assert all(isinstance(window, Readings) and len(window) == length for window in windows)
    assert [window.seq for window in windows] == list(range(length - 1, 200, hop))
    assert len(windows) == count_for(model, dataset)


def test_a_model_judged_by_what_it_found_itself_is_right(motion):
    dataset = open_dataset(f"{motion}#odd")
    truths = [sample.truth for sample in samples_for(Model.load(IMU), dataset)]
    assert all(isinstance(truth, Flag) for truth in truths)
    assert len(truths) == len(dataset)


def test_detections_of_a_recording_are_the_truth_of_another_run(assets, tmp_path):
    model = assets / "models/coco_ssd_mobilenet_v1_quant.tflite"
    graph = Graph(
        cameras={"cam": f"images:{assets / 'images'}?fps=5"}, stages={"objects": {"input": "cam", "model": str(model)}}
    )
    path = recorded(graph, tmp_path / "drive.mcap", 2)
    found = evaluate(Model.load(model), open_dataset(f"{path}#objects"))
    assert found.dataset == "drive.mcap, as objects found"
    assert found.main.metric == "mAP"
    assert found.main.value == pytest.approx(1.0)
