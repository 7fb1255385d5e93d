"""A stage with a gate: frames without news are carried forward, counted apart, and replayed alike."""

from __future__ import annotations

import pytest

from edgeai import ConfigError, Graph, Pipeline
from edgeai.recording.reader import Recording
from edgeai.replay.run import replay
from edgeai.runtime.taps import Tap
from edgeai.schedule.events import JobDone
from tests.stages.scene import Scene, find


def stands(t):
    return [(40, 30, 60, 90)]


def comes_at_two(t):
    """Nothing for two seconds; then a car that crosses in two seconds, and stands."""
    if t < 2:
        return []
    x = round(5 + 45 * min(2.0, t - 2))
    return [(x, 60, x + 60, 90)]


def graph(where=stands, *, seconds=1e9, lossless=False, schedule=None, **stage):
    return Graph(
        cameras={"front": Scene(where, seconds=seconds, lossless=lossless)},
        stages={"objects": {"call": find, "gate": "motion", **stage}},
        schedule=schedule,
    )


def lockstep(where=stands, **more):
    return Pipeline(graph(where, **more), engine="lockstep", durations={"objects": 0.05})


class Seen(Tap):
    def __init__(self):
        self.results, self.drops, self.done = [], [], []

    def published(self, result, frame):
        self.results.append(result)

    def dropped(self, drop):
        self.drops.append(drop)

    def decided(self, event, commands):
        self.done += [event] if isinstance(event, JobDone) else []


def test_every_frame_has_a_result_and_few_of_them_a_look():
    seen = Seen()
    with Pipeline(graph(), engine="lockstep", durations={"objects": 0.05}, taps=[seen]) as pipeline:
        pipeline.advance(2.09)
        stats = pipeline.stats()["objects"]
    assert [result.stamp for result in seen.results] == [k * 100_000_000 for k in range(21)]
    looks = [result for result in seen.results if result.basis == "inferred"]
    assert [result.stamp for result in looks] == [0, 1_000_000_000, 2_000_000_000]
    assert {result.inferred_stamp for result in seen.results[1:10]} == {0}
    assert seen.results[5].basis == "unchanged"
    assert seen.results[5].value.box.tolist() == seen.results[0].value.box.tolist()
    assert (stats.ready, stats.offered, stats.delivered, stats.missed) == (21, 21, 3, 0)
    assert stats.dropped == {"gated": 18}
    assert {drop.cause for drop in seen.drops} == {"gated"}


def test_who_wants_a_look_asks_for_one():
    with lockstep() as pipeline:
        pipeline.advance(0.75)
        latest = pipeline.latest("objects")
        newest, looked = latest.get(), latest.get(basis="inferred")
    assert (newest.message.basis, newest.message.stamp) == ("unchanged", 700_000_000)
    assert (looked.message.basis, looked.message.stamp) == ("inferred", 0)
    assert looked.age == pytest.approx(0.75)


def test_a_gated_job_is_quick_and_teaches_nothing_of_the_model_s_duration():
    seen = Seen()
    with Pipeline(graph(), engine="lockstep", durations={"objects": 0.05}, taps=[seen]) as pipeline:
        pipeline.advance(3)
        assert pipeline._running.engine.scheduler.state("objects").model.expected(0) == pytest.approx(50e6, rel=0.01)
    assert {done.wall for done in seen.done if done.skipped == "gated"} == {500_000}


def test_the_floor_is_the_least_of_the_rate_range_or_said():
    for stage, looks in (({"rate": ["2fps", "10fps"]}, 5), ({"gate": {"floor": "5fps"}}, 11), ({}, 3)):
        with lockstep(**stage) as pipeline:
            pipeline.advance(2.09)
            assert pipeline.stats()["objects"].delivered == looks


def test_with_tracks_boxes_coast_between_looks():
    seen = Seen()
    with Pipeline(
        graph(comes_at_two, track=True), engine="lockstep", durations={"objects": 0.05}, taps=[seen]
    ) as pipeline:
        pipeline.advance(5.09)
        stats = pipeline.stats()["objects"]
    coasted = [result for result in seen.results if result.basis == "coasted"]
    assert coasted
    for result in coasted:
        assert abs(result.value.box[0, 0] - comes_at_two(result.stamp / 1e9)[0][0]) < 60 / 3
        assert result.inferred_stamp < result.stamp
    assert stats.delivered < 25
    assert {number for result in seen.results[25:] for number in result.value.track_id} == {1}


def test_live_gates_alike():
    with lockstep(comes_at_two, seconds=4, lossless=True, track=True) as virtual:
        expected = [(result.seq, result.basis) for result in virtual.stream("objects")]
    live = Pipeline(graph(comes_at_two, seconds=4, lossless=True, track=True, schedule={"lanes": 2}))
    with live.stream("objects") as results, live:
        assert [(result.seq, result.basis) for result in results] == expected
    assert len({basis for _, basis in expected}) == 3


@pytest.mark.parametrize("track", [True, False])
def test_decisions_and_results_are_replayed_alike_from_every_file(tmp_path, track):
    pipeline = lockstep(comes_at_two, track=track, schedule={"policy": "latency"})
    with pipeline.record(tmp_path / "run.mcap", rotate="500kB"):
        pipeline.advance(5)
    paths = pipeline.recorder.paths
    assert len(paths) >= 3
    here = Graph(cameras={"front": "synthetic"}, stages={"objects": {"call": find, "gate": "motion", "track": track}})
    (tmp_path / "g.yaml").write_text(here.to_yaml())
    bases = set()
    for path in paths:
        assert replay(path).compare().same
        done = replay(path, mode="recorded", graph=tmp_path / "g.yaml", allow_code=True)
        assert done.compare().same, str(done.compare().first)
        bases |= {result.basis for result in done.results}
    assert len(bases) == 2 + track
    assert Recording.open(paths[1]).opening.memories["objects.gate"].picture.shape == (30, 40)


def test_a_graph_says_it_and_reads_it_back():
    text = Graph(cameras={"front": "synthetic"}, stages={"objects": {"call": find, "gate": "motion"}}).to_yaml()
    assert "gate: motion" in text
    again = Graph.parse(text, allow_code=True)
    assert again.stages["objects"].gate.threshold == 0.05
    assert "gated by motion" in again.to_text()


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ({"gate": True}, "motion, or a mapping with threshold and floor"),
        ({"gate": {"threshold": 0}}, "above 0"),
        ({"gate": {"flor": 1}}, "did you mean 'floor'"),
        ({"input": "imu", "gate": "motion"}, "a stage fed by a camera"),
        ({"input": "first", "gate": "motion"}, "carried on here, too"),
    ],
)
def test_a_wrong_word_is_named(stage, words, tmp_path):
    (tmp_path / "imu.csv").write_text("t,x\n0,1\n")
    with pytest.raises(ConfigError, match=words):
        Graph(
            cameras={"front": "synthetic"},
            sensors={"imu": f"{tmp_path}/imu.csv"},
            stages={"first": {"call": find, "input": "front"}, "objects": {"call": find, "input": "front", **stage}},
        )
