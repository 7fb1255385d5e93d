"""A model with a state remembers: the LSTM in tests/models tells speed from positions that come one by one."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from edgeai import ConfigError, Graph, Pipeline
from edgeai.errors import ModelError
from edgeai.perception.model import Model
from edgeai.perception.options import ModelOptions

MODELS = Path(__file__).parents[1] / "models"
SPEED = MODELS / "speed.tflite"
RATE = 20
OMEGA = 2 * math.pi * 0.4


def mean_error(model: Model, *, forget: bool = False) -> float:
    """Return the mean absolute error of the speed of a swing of one metre, after a quarter of a second."""
    model.reset()
    errors = []
    for i in range(100):
        if forget:
            model.reset()
        speed = model(np.array([[math.sin(OMEGA * i / RATE)]]))["speed"]
        errors.append(abs(speed - OMEGA * math.cos(OMEGA * i / RATE)))
    return float(np.mean(errors[5:]))


def test_it_knows_what_it_could_not_know_without_its_state():
    model = Model.load(SPEED)
    assert model.stateful
    assert mean_error(model) < 0.06
    assert mean_error(model, forget=True) > 1.0


def test_the_state_is_no_result_and_no_input():
    model = Model.load(SPEED)
    assert [column.name for column in model(np.array([[0.1]])).columns] == ["speed"]
    assert model.input.shape == (1, 1)
    assert "position" in model.input.name


def test_each_interpreter_has_a_state_of_its_own():
    model = Model.load(SPEED)
    other = model.with_threads(1)
    first = [other(np.array([[x]]))["speed"] for x in (0.1, 0.2, 0.3)]
    for x in (0.9, -0.9, 0.9):
        model(np.array([[x]]))
    other.reset()
    assert [other(np.array([[x]]))["speed"] for x in (0.1, 0.2, 0.3)] == first


def test_a_reset_begins_anew():
    model = Model.load(SPEED)
    first = [model(np.array([[x]]))["speed"] for x in (0.5, 0.4)]
    assert model(np.array([[0.5]]))["speed"] != first[0]
    model.reset()
    assert [model(np.array([[x]]))["speed"] for x in (0.5, 0.4)] == first


class Overflowing:
    """A session whose second run ends in NaN, as some processors' do where the state overflows."""

    def __init__(self, session):
        self._session, self._runs = session, 0
        self.inputs, self.outputs, self.input = session.inputs, session.outputs, session.input

    def invoke(self):
        self._runs += 1
        self._session.invoke()

    def output(self, position):
        found = self._session.output(position)
        return np.full_like(found, np.nan) if self._runs == 2 else found


def test_a_state_of_nan_ends_with_the_error():
    plain = Model.load(SPEED)
    model = plain.on(Overflowing(plain.open_session(1)))
    first = model(np.array([[0.5]]))["speed"]
    model.prepare_array(np.array([[0.6]]))
    model.invoke()
    with pytest.raises(ModelError, match="NaN or infinity"):
        model.decode()
    assert model(np.array([[0.5]]))["speed"] == first


def test_in_a_pipeline_each_reading_follows_the_last(tmp_path):
    log = tmp_path / "swing.csv"
    rows = [f"{i / RATE},{math.sin(OMEGA * i / RATE)}" for i in range(100)]
    log.write_text("time (s),position (m)\n" + "\n".join(rows))
    graph = Graph(sensors={"rail": str(log)}, stages={"speed": {"input": "rail", "model": str(SPEED), "threads": 1}})
    errors = []
    with Pipeline(graph, engine="lockstep", durations={"speed": 0.001}) as pipeline:
        for i in range(60):
            pipeline.advance(1 / RATE)
            message = pipeline.latest("speed").get().message
            if i >= 5:
                errors.append(abs(message.value["speed"] - OMEGA * math.cos(OMEGA * message.seq / RATE)))
        assert pipeline.stats()["speed"].delivered >= 59
    assert np.mean(errors) < 0.06


def test_a_state_cannot_be_shared_by_lanes_or_variants(tmp_path):
    second = shutil.copy(SPEED, tmp_path / "other.tflite")
    shutil.copy(SPEED.with_suffix(".yaml"), tmp_path / "other.yaml")
    log = tmp_path / "log.csv"
    log.write_text("time (s),x\n0,1\n")
    stage = {"input": "rail", "model": str(SPEED), "threads": 1}
    for said in (
        {"stages": {"speed": stage}, "schedule": {"lanes": 2}},
        {"stages": {"speed": {**stage, "model": [str(SPEED), str(second)]}}},
    ):
        with pytest.raises(ConfigError, match="one lane and one variant"):
            Pipeline(Graph(sensors={"rail": str(log)}, **said), engine="lockstep").start()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("{nothing: 'serving_default_cell:0'}", "has no output 'nothing'"),
        ("{'StatefulPartitionedCall_1:1': nothing}", "has no input 'nothing'"),
        ("{'StatefulPartitionedCall_1:0': 'serving_default_cell:0'}", r"\[1, 1\] into"),
        (
            "{'StatefulPartitionedCall_1:1': 'serving_default_cell:0', "
            "'StatefulPartitionedCall_1:2': 'serving_default_cell:0'}",
            "two outputs into one input",
        ),
    ],
)
def test_a_card_that_feeds_back_what_does_not_fit(state, words, tmp_path):
    shutil.copy(SPEED, tmp_path / "speed.tflite")
    (tmp_path / "speed.yaml").write_text(f"task: regression\nstate: {state}\n")
    with pytest.raises(ModelError, match=words):
        Model.load(tmp_path / "speed.tflite")


def test_the_state_of_a_detector_is_left_out_of_its_detections(tmp_path, assets):
    copy = shutil.copy(assets / "models" / "automl_traffic_model.tflite", tmp_path / "traffic.tflite")
    pairs = ", ".join(f"raw_outputs/lstm_{x}: raw_inputs/init_lstm_{x}" for x in "ch")
    (tmp_path / "traffic.yaml").write_text(f"state: {{{pairs}}}\n")
    model = Model.load(copy, ModelOptions(score=0.1))
    picture = np.random.default_rng(3).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    bare = Model.load(assets / "models" / "automl_traffic_model.tflite", ModelOptions(score=0.1))
    assert (model.decoder, model.stateful, bare.stateful) == ("ssd", True, False)
    # Its state stays at zero, as measured: it changes nothing.
    assert model(picture).rows() == model(picture).rows() == bare(picture).rows()
