"""Streams that share a model, through the public face."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from edgeai import Graph, Pipeline
from edgeai.check import check
from edgeai.perception.model import Model
from edgeai.perception.options import ModelOptions
from edgeai.pilots import __file__ as pilots
from edgeai.replay.run import replay
from edgeai.schedule.commands import Run

PILOT = Path(pilots).parent / "pilot_small.tflite"
STREAMS = "abcd"


def cameras(model=PILOT, streams=STREAMS, **more):
    """A stream of each of some cameras, with one model."""
    lines = ["cameras:", *(f"  cam_{name}: 'synthetic:64x48?fps=30&seed={ord(name)}'" for name in streams), "stages:"]
    lines += [f"  {name}: {{input: cam_{name}, model: {model}, deadline: 200ms}}" for name in streams]
    return "\n".join(lines + [f"{key}: {value}" for key, value in more.items()])


def started(text=None, **options):
    graph = Graph.parse(cameras() if text is None else text, file="g.yaml")
    return Pipeline(graph, engine="lockstep", **options)


def trace(pipeline):
    return [(decision.event, decision.commands) for decision in pipeline.decisions]


def together(pipeline):
    return [len(c.jobs) for decision in pipeline.decisions for c in decision.commands if isinstance(c, Run)]


def test_streams_of_one_model_run_together_and_so_keep_a_rate_that_one_by_one_they_could_not():
    delivered = {}
    for takes in (0.020, (0.020, 0.030)):
        with started(durations=dict.fromkeys(STREAMS, takes)) as pipeline:
            pipeline.advance(5)
            stats = pipeline.stats()
            delivered[takes] = sum(stage.delivered for stage in stats.values())
        for stage in stats.values():
            assert stage.ready == stage.delivered + sum(stage.dropped.values()) + stage.in_flight
            assert (stage.batched > 0) == isinstance(takes, tuple)
    assert delivered[0.020, 0.030] > 2 * delivered[0.020]


def test_a_planner_counts_on_what_running_together_saves():
    """One by one, 20 ms each on nine tenths of a lane are 11.25 results a second of each stream."""
    text = cameras(schedule="{policy: latency}")
    with started(text, durations=dict.fromkeys(STREAMS, (0.020, 0.030))) as pipeline:
        pipeline.advance(15)
        assert pipeline.latest("a").plan.rate > 12.5
        assert sum(stage.missed for stage in pipeline.stats().values()) == 0


def test_the_plan_says_that_it_is_batched():
    with started(durations=dict.fromkeys(STREAMS, (0.020, 0.032))) as pipeline:
        pipeline.advance(0.1)
        assert pipeline.latest("a").plan.batching == "batched: 2.5x at 4"
    with started() as pipeline:
        pipeline.advance(0.1)
        assert pipeline.latest("a").plan.batching == ""


def test_results_bear_the_times_of_the_whole_run():
    with started(durations=dict.fromkeys(STREAMS, (0.020, 0.030))) as pipeline:
        pipeline.advance(1)
        newest = {name: pipeline.latest(name).get().message for name in "cd"}
    spans = [{mark: t for stage, mark, t in result.ledger if stage == name} for name, result in newest.items()]
    assert spans[0]["started"] == spans[1]["started"]
    assert [span["published"] - span["started"] for span in spans] == [30_000_000] * 2


def test_what_is_found_together_is_what_each_finds_by_itself():
    found = []
    for takes in (0.001, (0.001, 0.001)):
        text = cameras().replace("fps=30", "fps=30&frames=40")
        values = {}
        pipeline = started(text, durations=dict.fromkeys(STREAMS, takes))
        for name in STREAMS:
            pipeline.on_result(name, lambda r, v=values: v.setdefault((r.stream, r.seq), repr(r.value)))
        with pipeline:
            pipeline.advance(2)
            assert (max(together(pipeline)) > 1) == isinstance(takes, tuple)
        found.append(values)
    assert found[0] == found[1]
    assert len(found[0]) == 160


def test_ten_runs_make_one_trace():
    traces = []
    for _ in range(10):
        with started(durations=dict.fromkeys(STREAMS, (0.020, 0.030))) as pipeline:
            pipeline.advance(0.3)
            traces.append(trace(pipeline))
    assert all(other == traces[0] for other in traces[1:])


def test_models_of_other_options_or_files_are_not_shared():
    text = cameras().replace("input: cam_b,", "input: cam_b, interpolation: area,")
    text = text.replace(f"input: cam_c, model: {PILOT}", f"input: cam_c, model: {PILOT.with_stem('pilot_medium')}")
    with started(text, durations=dict.fromkeys(STREAMS, (0.020, 0.030))) as pipeline:
        pipeline.advance(1)
        assert {name: stage.batched > 0 for name, stage in pipeline.stats().items()} == {
            **dict.fromkeys("ad", True),
            **dict.fromkeys("bc", False),
        }
        models = pipeline.models
        assert models["a", 0] is models["d", 0]
        assert models["a", 0] is not models["b", 0]


def test_a_recording_replays_with_its_batches(tmp_path):
    path = tmp_path / "run.mcap"
    with started(durations=dict.fromkeys(STREAMS, (0.020, 0.030))).record(path) as pipeline:
        pipeline.advance(1)
        batched = {name: stage.batched for name, stage in pipeline.stats().items()}
    assert all(batched.values())
    for mode in ("recompute", "recorded"):
        assert replay(path, mode=mode).compare().differences == ()
    whatif = replay(path, schedule={"policy": "latency"})
    assert sum(stage.batched for stage in whatif.driven.stats.values()) > 0


def test_in_a_trace_those_aboard_have_tracks_of_their_own(tmp_path):
    with started(durations=dict.fromkeys(STREAMS, (0.020, 0.030))) as pipeline:
        pipeline.advance(1)
        pipeline.trace(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    names = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
    lanes = [event for event in events if event["ph"] == "X" and names[event["tid"]].startswith("lane 0")]
    assert {names[event["tid"]] for event in lanes} == {"lane 0", *(f"lane 0, aboard {row}" for row in (1, 2, 3))}
    whole = sorted((event for event in lanes if event["name"] in STREAMS), key=lambda event: event["ts"])
    ends = dict.fromkeys(names, 0)
    for event in whole:
        assert event["ts"] >= ends[event["tid"]]
        ends[event["tid"]] = event["ts"] + event["dur"]


def test_each_stream_of_a_live_pipeline_finds_what_the_model_finds(assets, tmp_path):
    file = assets / "models/mlperf_ad01_fp32.tflite"
    features = np.fromfile(assets / "eval/ad01_normal_features.bin", "<f4").reshape(40, 640)
    titles = ["t (s)", *(f"f{i}" for i in range(640))]
    lines = ["sensors:"]
    for i, name in enumerate(STREAMS):
        rows = np.column_stack([np.arange(40) / 200, np.roll(features, i, axis=0)])
        np.savetxt(tmp_path / f"{name}.csv", rows, "%.9g", ",", header=",".join(titles), comments="")
        lines += [f"  mic_{name}: {{driver: csv_log, path: {tmp_path / name}.csv}}"]
    lines += ["stages:", *(f"  {name}: {{input: mic_{name}, model: {file}, task: anomaly}}" for name in STREAMS)]
    values = {}
    pipeline = Pipeline(Graph.parse("\n".join(lines), file="g.yaml"))
    for name in STREAMS:
        pipeline.on_result(name, lambda r: values.setdefault((r.stream, r.seq), r.value.value))
    with pipeline:
        assert pipeline.wait(30)
        stats = pipeline.stats()
    model = Model.load(file, ModelOptions(task="anomaly"))
    single = [model(features[i : i + 1].astype(float)).value for i in range(40)]
    for i, name in enumerate(STREAMS):
        assert stats[name].ready == stats[name].delivered + sum(stats[name].dropped.values()) == 40
        for (stream, seq), value in values.items():
            if stream == name:
                assert value == pytest.approx(single[(seq - i) % 40], rel=1e-6)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("mobilenet_v1_0.25_128_quant", "not batched: it cannot be resized"),
        ("movenet_single_pose_lightning_ptq", "not batched: at 2 rows it still gives 1x1x17x3"),
    ],
)
def test_check_says_why_a_model_is_not_batched(assets, name, why):
    notes = check(Graph.parse(cameras(assets / f"models/{name}.tflite", "ab"), file="g.yaml"))
    assert notes[-1] == f"a, b: one {name}, {why}"


def test_a_model_with_little_memory_is_neither_shared_nor_batched(caplog):
    text = cameras(schedule="{memory: 1MB}")
    with caplog.at_level(logging.WARNING), started(text, durations=dict.fromkeys(STREAMS, (0.02, 0.03))) as pipeline:
        pipeline.advance(1)
        assert not any(stage.batched for stage in pipeline.stats().values())
        models = pipeline.models
        assert models["a", 0] is not models["d", 0]
