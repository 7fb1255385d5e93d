"""Windows of readings: gathered without gaps, normalised as the card says, judged by the model in tests/models."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from edgeai import Graph, Pipeline
from edgeai.errors import ConfigError, ModelError
from edgeai.messages import Column, Reading, Readings
from edgeai.perception.model import Model
from edgeai.perception.window import Window

MODEL = Path(__file__).parents[1] / "models" / "imu.tflite"
NAMES = [f"{device} {axis}" for device in ("Gyroscope", "Accelerometer") for axis in "XYZ"]


def reading(seq: int, *values: float, columns: tuple[str, ...] = ("x",)) -> Reading:
    return Reading("imu", seq, seq * 10, values or (float(seq),), tuple(Column(name) for name in columns))


def pushed(window: Window, *seqs: int) -> list[tuple[int, list[float]]]:
    full = [window.push(reading(seq)) for seq in seqs]
    return [(one.seq, one.values[:, 0].tolist()) for one in full if one is not None]


def test_windows_overlap_by_what_the_hop_leaves():
    assert pushed(Window(4, 2), *range(9)) == [(3, [0, 1, 2, 3]), (5, [2, 3, 4, 5]), (7, [4, 5, 6, 7])]
    assert pushed(Window(3, 3), *range(9)) == [(2, [0, 1, 2]), (5, [3, 4, 5]), (8, [6, 7, 8])]
    assert pushed(Window(2, 5), *range(12)) == [(4, [3, 4]), (9, [8, 9])]
    assert pushed(Window(1, 1), 3, 4) == [(3, [3]), (4, [4])]


def test_a_missing_reading_begins_a_window_anew():
    assert pushed(Window(3, 1), 0, 1, 3, 4, 5, 6) == [(5, [3, 4, 5]), (6, [4, 5, 6])]


def test_a_window_says_when_it_began_and_ended():
    window = Window(3, 3)
    full = [window.push(reading(seq)) for seq in range(3)][-1]
    assert isinstance(full, Readings)
    assert (full.source, full.seq, full.began, full.stamp, len(full)) == ("imu", 2, 0, 20, 3)


@pytest.fixture(scope="module")
def log(assets) -> np.ndarray:
    return np.loadtxt(assets / "sensors" / "imu_100hz.csv", delimiter=",", skiprows=1)


def test_the_model_takes_columns_by_name_and_normalises_them(log):
    model = Model.load(MODEL)
    assert model.window == (32, 16)
    assert (model.task, model.decoder) == ("anomaly", "anomaly")
    columns = tuple(Column(name) for name in ("time", *NAMES))
    window = Readings("imu", 131, 0, 0, log[9000:9032, :7], columns)
    turned = Readings("imu", 131, 0, 0, window.values[:, ::-1], columns[::-1])
    values = []
    for given in (window, turned):
        model.prepare_readings(given)
        model.invoke()
        values.append(model.decode())
    assert values[0] == values[1]
    mean, std = (np.array(getattr(model.card.window, what)) for what in ("mean", "std"))
    assert values[0] == model(((window.values[:, 1:] - mean) / std)[None])


def test_usual_motion_is_usual_and_shaking_is_not(log, tmp_path):
    def judge(rows: np.ndarray, name: str) -> list[bool]:
        path = tmp_path / f"{name}.csv"
        np.savetxt(path, rows, delimiter=",", header=",".join(["time (s)", *NAMES]), comments="", fmt="%.6f")
        stages = {"odd": {"input": "imu", "model": str(MODEL), "threads": 1}}
        over = []
        with Pipeline(
            Graph(sensors={"imu": str(path)}, stages=stages), engine="lockstep", durations={"odd": 0.002}
        ) as p:
            for _ in range(int(rows[-1, 0] / 0.05)):
                p.advance(0.05)
                message = p.latest("odd").get().message
                if message is not None:
                    assert message.inputs == (("imu", message.seq),)
                    over.append(message.value.over)
            stats = p.stats()["odd"]
            assert stats.ready == stats.delivered == (len(rows) - 32) // 16 + 1
        return over

    # Held out in training: the last three of ten seconds, in which it is turned about.
    rows = log[4700:5000, :7].copy()
    rows[:, 0] = np.arange(len(rows)) / 100
    usual = judge(rows, "usual")
    shaken = rows.copy()
    shaken[:, 1:] += np.random.default_rng(1).normal(0, 1, shaken[:, 1:].shape) * log[:9000, 1:7].std(axis=0)
    odd = judge(shaken, "shaken")
    assert not any(usual)
    assert all(odd)


def test_a_single_reading_is_taken_where_the_card_speaks_of_no_window():
    model = Model.load(MODEL.with_name("speed.tflite"))
    model.prepare_readings(reading(0, 0.25))
    with pytest.raises(ModelError, match="takes 1 numbers and imu has 2 columns"):
        model.prepare_readings(reading(0, 0.25, 1.0, columns=("x", "y")))
    with pytest.raises(ModelError, match="windows of 32 readings, not a single one"):
        Model.load(MODEL).prepare_readings(reading(0, 0.25))


def card(folder: Path, window: str) -> Path:
    shutil.copy(MODEL, folder / "imu.tflite")
    (folder / "imu.yaml").write_text(f"task: anomaly\nwindow: {window}\n")
    return folder / "imu.tflite"


@pytest.mark.parametrize(
    ("window", "words"),
    [
        ("{columns: [a, b, c, d, e]}", "cannot be filled with windows of the 5 columns"),
        ("{columns: [a, a]}", "cannot be filled"),
        ("{columns: []}", "cannot be filled"),
        ("{columns: [a, b], hop: 0}", "1 or more"),
        ("{columns: [a, b], std: 0}", "nothing can be divided"),
        ("{columns: [a, b], mean: [1, 2, 3]}", "one for each of the 2 columns"),
        ("{columns: [a, b], mean: .nan}", "one for each of the 2 columns"),
        ("{colums: [a, b]}", "colums"),
    ],
)
def test_a_card_whose_window_cannot_be(window, words, tmp_path):
    with pytest.raises(ModelError, match=words):
        Model.load(card(tmp_path, window))


def test_windows_that_do_not_fit_the_model(log, tmp_path):
    model = Model.load(MODEL)
    columns = tuple(Column(name) for name in NAMES)
    with pytest.raises(ModelError, match="windows of 32 readings and was given 31"):
        model.prepare_readings(Readings("imu", 0, 0, 0, log[:31, 1:7], columns))
    with pytest.raises(ModelError, match="wants the column 'Gyroscope X' and imu has a, "):
        model.prepare_readings(Readings("imu", 0, 0, 0, log[:32, 1:7], tuple(Column(name) for name in "abcdef")))
    with pytest.raises(ModelError, match="NaN"):
        model.prepare_readings(Readings("imu", 0, 0, 0, np.full((32, 6), np.nan), columns))
    figure = "accuracy: {metric: area under the ROC curve, value: 0.9}"
    other = card(tmp_path, f"{{columns: {NAMES}, hop: 8}}\n{figure}")
    stages = {"odd": {"input": "imu", "model": [str(MODEL), str(other)], "threads": 1}}
    (tmp_path / "log.csv").write_text("time (s),x\n0,1\n")
    with pytest.raises(ConfigError, match="one length and hop"):
        Pipeline(Graph(sensors={"imu": str(tmp_path / "log.csv")}, stages=stages), engine="lockstep").start()
