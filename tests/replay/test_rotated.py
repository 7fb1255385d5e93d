"""A file of a rotation, or one begun in the middle, is replayed by itself: nothing of the file before it is missed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeai import Graph, Pipeline, pilots
from edgeai.replay.run import replay
from edgeai.schedule.events import Configure

MODELS = Path(__file__).parents[1] / "models"
PILOTS = Path(pilots.__file__).parent
NAMES = [f"{device} {axis}" for device in ("Gyroscope", "Accelerometer") for axis in "XYZ"]


@pytest.fixture
def pipeline(tmp_path):
    """A camera with a pilot and what is done about its results, and windows of an IMU; in virtual time."""
    t = np.arange(400) / 100
    rows = np.column_stack([t, *(np.sin(3 * t + k) for k in range(6))])
    imu = tmp_path / "imu.csv"
    np.savetxt(imu, rows, delimiter=",", header=",".join(["time (s)", *NAMES]), comments="", fmt="%.6f")
    graph = Graph(
        cameras={"front": "synthetic:?size=64x48&fps=30"},
        sensors={"imu": str(imu)},
        stages={
            "pilot": {"input": "front", "model": str(PILOTS / "pilot_small.tflite"), "deadline": "100ms"},
            "turn": {"input": "pilot", "call": "tests.replay.robot:turn"},
            "odd": {"input": "imu", "model": str(MODELS / "imu.tflite"), "threads": 1},
        },
        schedule={"lanes": 2},
    )
    return Pipeline(graph, engine="lockstep", durations={"pilot": 0.021, "turn": 0.04, "odd": 0.07})


def alike(path):
    """Rerun a file's jobs, require the results that were recorded, and return how many there were of each stage."""
    assert replay(path).compare().same
    done = replay(path, mode="recorded", allow_code=True)
    assert [str(d) for d in done.compare().differences] == []
    streams = [result.stream for result in done.results]
    return {name: streams.count(name) for name in ("pilot", "turn", "odd")}


def test_every_file_of_a_rotation_gives_the_results_that_were_recorded(pipeline, tmp_path):
    with pipeline.record(tmp_path / "run.mcap", rotate="310ms"):
        pipeline.advance(3.5)
    counts = [alike(path) for path in pipeline.recorder.paths]
    assert len(counts) > 8
    assert not pipeline.faults
    delivered = {name: stats.delivered for name, stats in pipeline.stats().items()}
    assert {name: sum(count[name] for count in counts) for name in delivered} == delivered


def test_what_begins_in_the_middle_gives_the_results_that_were_recorded(pipeline, tmp_path):
    with pipeline:
        for seconds in (0.33, 0.41, 0.505):
            pipeline.advance(seconds)
            pipeline.record(tmp_path / "run.mcap")
            pipeline.advance(0.4)
            (path,) = pipeline.stop_recording()
            assert min(alike(path).values()) > 0


def test_a_look_back_gives_the_results_that_were_recorded(pipeline, tmp_path):
    with pipeline.record(tmp_path / "run.mcap", look_back=0.7):
        pipeline.advance(2.9)
        pipeline.recorder.save()
        (path,) = pipeline.recorder.paths
        assert min(alike(path).values()) > 0


def test_a_what_if_of_a_later_file_follows_the_policy_of_then(tmp_path):
    graph = Graph(
        cameras={"front": "synthetic:?size=64x48&fps=30"},
        stages={"pilot": {"model": str(PILOTS / "pilot_small.tflite"), "deadline": "100ms", "rate": [5, 30]}},
        schedule={"policy": "latency"},
    )
    with Pipeline(graph, engine="lockstep", durations={"pilot": 0.02}) as pipeline:
        pipeline.advance(0.5)
        pipeline.configure(policy="freshness")
        pipeline.advance(0.5)
        pipeline.record(tmp_path / "late.mcap")
        pipeline.advance(1)
        pipeline.stop_recording()
    done = replay(tmp_path / "late.mcap", board="generic", schedule={})
    told = [decision.event for decision in done.decisions if isinstance(decision.event, Configure)]
    assert [type(event.policy).__name__ for event in told] == ["Freshness"]
