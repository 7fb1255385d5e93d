"""Faults on the virtual clock."""

from __future__ import annotations

import math

import pytest

from edgeai import Graph, Pipeline
from edgeai.errors import ConfigError, DeviceLost
from edgeai.recording.reader import Recording
from edgeai.replay.run import replay
from edgeai.testing.faults import Fault, parse_fault, slower, wrap
from tests.recording.conftest import PILOTS, graph, recorded


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    recorded(folder / "hall.mcap", 2.0, {"policy": "latency"})
    (folder / "hall.yaml").write_text(graph(policy="latency").to_yaml().replace("pilot_", f"{PILOTS}/pilot_"))
    return folder


def with_faults(folder, *texts):
    faults = [parse_fault(text) for text in texts]
    path = folder / "hall.mcap"
    began = Recording.open(path).opening.t
    return replay(path, graph=folder / "hall.yaml", wrap=wrap(faults), slower=slower(faults, began))


def captures(done, stage="pilot"):
    return [result.inputs[0][1] for result in done.results if result.stream == stage]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("front:unplug@5s", Fault("unplug", "front", 5.0)),
        ("front:stall@500ms,3s", Fault("stall", "front", 0.5, 3.0)),
        ("objects:slow@5s,3s,4", Fault("slow", "objects", 5.0, 3.0, 4.0)),
        ("brown-out@5,3", Fault("brown-out", "", 5.0, 3.0)),
    ],
)
def test_a_fault_is_written_on_one_line(text, fault):
    assert parse_fault(text) == fault


@pytest.mark.parametrize("text", ["", "front", "front:melt@5s", "unplug@5s", "front:brown-out@5s", "front:stall@soon"])
def test_what_is_no_fault_is_refused(text):
    with pytest.raises(ConfigError, match="fault"):
        parse_fault(text)


def test_an_unplugged_camera_is_lost_and_nothing_more_is_found(folder):
    done = with_faults(folder, "front:unplug@1s")
    assert [(fault.name, type(fault.error)) for fault in done.faults] == [("front", DeviceLost)]
    assert max(captures(done)) <= 31


def test_a_stall_is_a_gap_and_nothing_is_said(folder):
    done = with_faults(folder, "front:stall@0.5s,1s")
    seen = captures(done)
    assert not any(16 < seq < 45 for seq in seen)
    assert max(seen) > 50
    assert done.faults == ()


def test_a_corrupted_frame_is_another_picture_for_as_long_as_it_lasts(folder):
    whole = {r.seq: r.value.values for r in with_faults(folder).results if r.stream == "pilot"}
    spoilt = {
        r.seq: r.value.values for r in with_faults(folder, "front:corrupt@1s,0.2s").results if r.stream == "pilot"
    }
    differing = [seq for seq in whole.keys() & spoilt.keys() if whole[seq] != spoilt[seq]]
    assert differing
    assert all(29 <= seq <= 37 for seq in differing)


def test_a_clock_that_jumps_moves_the_stamps(folder):
    done = with_faults(folder, "front:jump@1s,2s")
    latencies = [result.latency for result in done.results if result.stream == "pilot"]
    assert max(latencies[:10]) > 0
    assert min(latencies) == pytest.approx(-2.0, abs=0.2)


def test_a_slow_model_takes_longer_and_the_others_do_not(folder):
    steps = {}
    for text in ("brown-out@0.5s,1s,4", "pilot:slow@0.5s,1s,4"):
        done = with_faults(folder, text)
        steps[text] = {
            stage: max(r.latency for r in done.results if r.stream == stage) for stage in ("pilot", "second")
        }
    assert steps["brown-out@0.5s,1s,4"]["pilot"] >= 0.1
    assert math.isfinite(steps["pilot:slow@0.5s,1s,4"]["second"])


def test_a_sensor_fails_too(tmp_path):
    (tmp_path / "log.csv").write_text("time (s),x\n" + "".join(f"{k / 100},{k}\n" for k in range(200)))
    made = Graph(
        cameras={"front": "synthetic:?size=64x48&fps=30"},
        sensors={"imu": str(tmp_path / "log.csv")},
        stages={"pilot": {"input": "front", "model": str(PILOTS / "pilot_small.tflite")}},
    )
    pipeline = Pipeline(made, engine="lockstep", durations={"pilot": 0.01})
    with pipeline.record(tmp_path / "run.mcap"):
        pipeline.advance(1.5)
    (tmp_path / "g.yaml").write_text(made.to_yaml())
    fault = parse_fault("imu:unplug@1s")
    done = replay(tmp_path / "run.mcap", graph=tmp_path / "g.yaml", wrap=wrap([fault]))
    assert [found.name for found in done.faults] == ["imu"]
