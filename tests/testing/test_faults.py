"""Faults on the virtual clock."""

from __future__ import annotations

import json
import math

import pytest

from edgeai import Graph, Pipeline
from edgeai.errors import ConfigError, DeviceLost, DeviceTimeout
from edgeai.recording.reader import Recording
from edgeai.replay.run import replay
from edgeai.testing.faults import Fault, Faults, parse_fault
from tests.recording.conftest import PILOTS, graph, recorded


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    recorded(folder / "hall.mcap", 2.0, {"policy": "latency"})
    (folder / "hall.yaml").write_text(graph(policy="latency").to_yaml().replace("pilot_", f"{PILOTS}/pilot_"))
    return folder


def with_faults(folder, *texts):
    return replay(folder / "hall.mcap", graph=folder / "hall.yaml", disturb=Faults.parse(*texts))


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


def test_a_stall_is_a_gap_a_fault_after_half_a_second_and_over_by_itself(folder):
    done = with_faults(folder, "front:stall@0.5s,1s")
    seen = captures(done)
    assert not any(16 < seq < 45 for seq in seen)
    assert max(seen) > 50
    (fault,) = done.faults
    assert (fault.name, type(fault.error)) == ("front", DeviceTimeout)


def test_a_corrupted_frame_is_another_picture_for_as_long_as_it_lasts(folder):
    whole = {r.seq: r.value.values for r in with_faults(folder).results if r.stream == "pilot"}
    spoilt = {r.seq: r.value.values for r in with_faults(folder, "front:garble@1s,0.2s").results if r.stream == "pilot"}
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
    done = replay(tmp_path / "run.mcap", graph=tmp_path / "g.yaml", disturb=Faults.parse("imu:unplug@1s"))
    assert [found.name for found in done.faults] == ["imu"]


def test_a_camera_that_is_plugged_in_again_goes_on_where_the_recording_is_by_now(folder):
    done = with_faults(folder, "front:unplug@0.5s,0.4s")
    seen = captures(done)
    assert not any(16 < seq < 26 for seq in seen)
    assert max(seen) > 50
    assert seen == sorted(seen)


# -- a pipeline, in virtual time -----------------------------------------------------------------------------------


def disturbed(*texts, seconds=3.0, tmp_path=None, **stage):
    """Run a camera at 50 a second and a function on its frames; return the pipeline, its results, its faults."""
    made = Graph(
        cameras={"front": "synthetic:64x48?fps=50"},
        stages={"seq": {"call": lambda frame: int(frame.image[0, 0, 0]), **stage}},
        outputs={"log": f"jsonl:{tmp_path}/log.jsonl"} if tmp_path else None,
    )
    faults = []
    pipeline = Pipeline(made, engine="lockstep", on_fault=faults.append, disturb=Faults.parse(*texts))
    if tmp_path is not None:
        pipeline.record(tmp_path / "run.mcap")
    with pipeline, pipeline.stream("seq", depth=10_000) as results:
        pipeline.advance(seconds)
    return pipeline, list(results), faults


@pytest.mark.parametrize("kind", ["unplug", "stall", "hang", "crash", "garble", "shape", "duplicate", "skip", "slow"])
def test_a_camera_recovers_from_every_fault_within_two_seconds_of_its_end(kind):
    pipeline, results, faults = disturbed(f"front:{kind}@1s,1s", seconds=4.5)
    assert pipeline.drivers["front"].state == "closed"
    assert max(result.stamp for result in results) > 4.4e9
    after = min(result.stamp for result in results if result.stamp >= 2e9)
    assert after < 4e9
    assert {fault.name for fault in faults} == (
        {"front"} if kind in ("unplug", "stall", "hang", "crash", "shape") else set()
    )
    stats = pipeline.stats()["seq"]
    assert stats.ready == stats.delivered + sum(stats.dropped.values()) + stats.in_flight


def test_a_clock_that_jumps_ahead_gives_no_stamp_in_the_future_and_one_that_jumps_back_none_out_of_order():
    for text in ("front:jump@1s,5s", "front:jump@1s,-5s"):
        _, results, _ = disturbed(text)
        stamps = [result.stamp for result in results]
        assert stamps == sorted(stamps)
        assert all(result.stamp <= result.published for result in results)


def test_a_stage_that_crashes_is_a_fault_and_recovers_when_that_is_over():
    pipeline, results, faults = disturbed("seq:crash@1s,1s")
    assert [fault.name for fault in faults] == ["seq"]
    assert 45 <= pipeline.stats()["seq"].dropped["fault"] <= 52
    assert max(result.stamp for result in results) > 2.9e9


def test_memory_that_is_short_costs_results_and_nothing_else():
    pipeline, results, _ = disturbed("memory@1s,1s,10")
    assert 20 <= pipeline.stats()["seq"].dropped["fault"] <= 30
    assert max(result.stamp for result in results) > 2.9e9


def test_a_disk_that_was_full_is_recorded_to_again_in_a_new_file(tmp_path):
    pipeline, results, faults = disturbed("recorder:full@1s,0.5s", tmp_path=tmp_path)
    assert [fault.name for fault in faults] == ["recorder"]
    first, second = pipeline.recorder.paths[0], pipeline.recorder.paths[-1]
    assert pipeline.drivers["recorder"].restarts == 1
    kept = {
        path: [r.value.seq for r in Recording.open(path).records(["/results/seq"], salvage=True)]
        for path in (first, second)
    }
    assert kept[first] == list(range(len(kept[first])))
    assert kept[second] == list(range(kept[second][0], len(results)))
    gap = kept[second][0] - kept[first][-1]
    assert 25 <= gap <= 25 + 50 * 2


def test_an_output_on_a_full_disk_loses_what_came_meanwhile_and_counts_it(tmp_path):
    pipeline, results, faults = disturbed("log:full@1s,0.5s", tmp_path=tmp_path)
    log = pipeline.drivers["log"]
    assert [fault.name for fault in faults] == ["log"]
    assert log.restarts >= 1
    assert log.done + log.lost == len(results)


def test_a_fault_of_nothing_there_is_refused_with_what_is_there():
    with pytest.raises(ConfigError, match="did you mean 'front'"):
        disturbed("frnot:stall@1s")


def recorded_seqs(path):
    return [record.value.seq for record in Recording.open(path).records(["/results/seq"], salvage=True)]


# -- outputs that do not come back ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["stall", "hang"])
def test_an_output_that_does_not_come_back_is_stalled_and_goes_on_with_what_waited(kind, tmp_path):
    pipeline, results, faults = disturbed(f"log:{kind}@1s,1s", tmp_path=tmp_path)
    (fault,) = faults
    assert (fault.name, type(fault.error)) == ("log", DeviceTimeout)
    assert 1.4e9 < fault.t < 1.5e9
    log = pipeline.drivers["log"]
    assert (log.done + log.lost, log.lost, log.restarts) == (len(results), 0, 0)


def test_one_that_hangs_for_longer_is_replaced_and_counts_what_it_was_not_given(tmp_path):
    pipeline, results, faults = disturbed("log:hang@1s,3.5s", seconds=8.0, tmp_path=tmp_path)
    assert [fault.name for fault in faults] == ["log"]
    log = pipeline.drivers["log"]
    assert log.restarts >= 1
    assert log.lost > 100
    assert log.done + log.lost == len(results)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert max(line["seq"] for line in lines) == results[-1].seq


def test_one_that_hangs_again_and_again_is_given_up_and_the_pipeline_goes_on(tmp_path):
    pipeline, results, _ = disturbed("log:hang@1s,1000s", seconds=30.0, tmp_path=tmp_path)
    assert pipeline.drivers["log"].state == "lost"
    assert max(result.stamp for result in results) > 29.9e9


def test_a_slow_output_takes_its_time_and_nobody_elses(tmp_path):
    pipeline, results, faults = disturbed("log:slow@1s,1s", tmp_path=tmp_path)
    assert faults == []
    assert max(result.latency for result in results) == pytest.approx(0.01, abs=0.005)
    log = pipeline.drivers["log"]
    assert log.done + log.lost == len(results)


@pytest.mark.parametrize("kind", ["unplug", "stall", "hang", "crash"])
def test_a_meter_that_tells_nothing_is_not_believed_and_is_again_when_it_tells(kind):
    graph = Graph(
        cameras={"front": "synthetic:64x48?fps=20"},
        meters={"watts": "modelled"},
        stages={"seq": {"call": lambda frame: frame.seq}},
    )
    pipeline = Pipeline(graph, engine="lockstep", disturb=Faults.parse(f"watts:{kind}@2s,3s"))
    with pipeline:
        pipeline.advance(4.0)
        assert pipeline.drivers["watts"].state == "retrying"
        assert pipeline.meters["watts"].reading is None
        pipeline.advance(6.0)
        assert pipeline.drivers["watts"].state == "running"
        assert pipeline.meters["watts"].reading is not None
