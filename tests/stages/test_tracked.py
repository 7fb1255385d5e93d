"""A stage with `track: true`: numbers that last, and boxes at any instant, on both engines."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from edgeai import ConfigError, Graph, Pipeline
from edgeai.errors import ModelError, PluginError
from edgeai.perception.tracking import Tracks
from edgeai.recording.reader import Recording
from edgeai.replay.run import replay
from tests.stages.scene import Scene, find, nothing, two, walk

MS = 1_000_000


def graph(where=walk, *, outputs=None, schedule=None, lossless=False, seconds=1e9, **stage):
    return Graph(
        cameras={"front": Scene(where, lossless=lossless, seconds=seconds)},
        stages={"objects": {"call": find, "track": True, **stage}},
        outputs=outputs,
        schedule=schedule,
    )


def lockstep(where=walk, *, took=0.02, **more):
    return Pipeline(graph(where, **more), engine="lockstep", durations={"objects": took})


def collected(pipeline, seconds):
    found = []
    for result in pipeline.stream("objects"):
        found.append(result)
        if result.stamp >= seconds * 1e9:
            return found
    return found


def test_objects_keep_their_numbers():
    with lockstep(two) as pipeline:
        results = collected(pipeline, 3)
    assert {tuple(sorted(result.value.track_id)) for result in results} == {(1, 2)}
    assert all(result.basis == "inferred" for result in results)


def test_the_newest_result_tells_where_boxes_are_at_any_instant():
    with lockstep() as pipeline:
        pipeline.advance(2.05)
        latest = pipeline.latest("objects")
        seen = latest.get()
        then = latest.at(2_300 * MS)
    np.testing.assert_allclose(then.value.box[0], walk(2.3)[0], atol=2)
    assert (then.message.basis, then.message.stamp) == ("coasted", 2_300 * MS)
    assert then.message.inferred_stamp == seen.message.stamp == 2_000 * MS
    assert then.age == seen.age
    assert list(then.value.track_id) == list(seen.value.track_id)


def test_boxes_that_were_carried_get_stale_with_what_was_seen():
    with lockstep() as pipeline:
        pipeline.advance(2.05)
        late = pipeline.latest("objects").get(max_age=0.01, at=2_050 * MS)
    assert late.status.value == "stale"
    assert late.message.basis == "coasted"


def test_what_is_not_tracked_is_given_as_it_is():
    with Pipeline(Graph(cameras={"front": Scene(walk)}, stages={"objects": {"call": find}}), engine="lockstep") as p:
        p.advance(1)
        plain = p.latest("objects").at(5_000 * MS)
    assert plain.message.basis == "inferred"
    assert plain.value.track_id is None


def test_a_result_can_be_asked_for_by_its_basis():
    with lockstep() as pipeline:
        pipeline.advance(1)
        latest = pipeline.latest("objects")
        assert latest.get(basis="inferred").message is latest.get().message
        assert latest.get(basis=("coasted", "unchanged")).status.value == "never"


def test_a_rate_that_changes_while_it_runs_changes_no_number():
    with lockstep(two, rate="10fps") as pipeline:
        pipeline.advance(1)
        before = set(pipeline.latest("objects").get().value.track_id)
    with lockstep(two, rate="2fps") as pipeline:
        pipeline.advance(3.05)
        seen = pipeline.latest("objects").at(3_200 * MS)
    assert before == set(seen.value.track_id) == {1, 2}
    np.testing.assert_allclose(sorted(seen.value.box[:, 0]), sorted(box[0] for box in two(3.2)), atol=3)


def test_a_file_read_as_fast_as_it_goes_is_tracked_in_its_own_time():
    fast, paced = (
        collected(lockstep(two, took=0.001, lossless=lossless, seconds=2).start(), 9) for lossless in (True, False)
    )
    assert len(fast) == len(paced) == 20
    for one, other in zip(fast, paced, strict=True):
        np.testing.assert_array_equal(one.value.box, other.value.box)


def test_live_on_several_lanes_numbers_last():
    live = Pipeline(graph(two, seconds=2, lossless=True, schedule={"lanes": 3}))
    with live.stream("objects") as results, live:
        found = list(results)
    assert len(found) == 20
    assert {tuple(sorted(result.value.track_id)) for result in found} == {(1, 2)}


def test_tracks_are_written_by_number(tmp_path):
    out = tmp_path / "out.jsonl"
    with lockstep(outputs={"log": f"jsonl:{out}"}) as pipeline:
        pipeline.advance(1)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert {row["detections"][0]["track_id"] for row in rows} == {1}


def test_tracks_are_replayed_bit_by_bit_from_every_file_of_a_rotation(tmp_path):
    rows, pipeline = 0, lockstep(two, took=0.08)
    with pipeline.record(tmp_path / "run.mcap", rotate="300kB"):
        pipeline.advance(3)
    paths = pipeline.recorder.paths
    assert len(paths) >= 3
    here = Graph(cameras={"front": "synthetic"}, stages={"objects": {"call": find, "track": True}})
    (tmp_path / "g.yaml").write_text(here.to_yaml())
    for path in paths:
        done = replay(path, mode="recorded", graph=tmp_path / "g.yaml", allow_code=True)
        rows += len(done.results)
        assert done.compare().same, str(done.compare().first)
        assert replay(path).compare().same
    assert rows == pipeline.stats()["objects"].delivered
    assert Recording.open(paths[2]).opening.memories["objects.track"].upcoming == 3


def test_a_graph_says_it_and_reads_it_back():
    text = Graph(cameras={"front": "synthetic"}, stages={"objects": {"call": find, "track": True}}).to_yaml()
    assert "track: true" in text
    assert Graph.parse(text, allow_code=True).stages["objects"].track is not None
    own = {"call": find, "track": {"memory": "1s", "confirm": 3}}
    again = Graph.parse(Graph(cameras={"c": "synthetic"}, stages={"s": own}).to_yaml(), allow_code=True)
    assert (again.stages["s"].track.memory, again.stages["s"].track.confirm) == (1.0, 3)
    assert "tracked" in again.to_text()
    assert Graph(cameras={"c": "synthetic"}, stages={"s": {"call": find, "track": False}}).stages["s"].track is None


@pytest.mark.parametrize(
    ("track", "words"),
    [
        ("yes", "true, or a mapping with sure, doubtful, memory and confirm"),
        ({"confirm": 0}, "at least 1"),
        ({"sure": 2}, "sure"),
        ({"memry": 1}, "did you mean 'memory'"),
        ({"sure": 0.2, "doubtful": 0.4}, "a doubtful score not above the sure one"),
    ],
)
def test_a_wrong_word_is_named(track, words):
    with pytest.raises(ConfigError, match=words) as caught:
        Graph(cameras={"front": "synthetic"}, stages={"objects": {"call": find, "track": track}})
    assert len(caught.value.problems) == 1


def test_without_scipy_loading_says_which_extra_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(PluginError, match=r"edgeai\[track\]"):
        lockstep().start()


def test_what_is_no_detection_cannot_be_tracked(assets):
    model = {"model": str(assets / "models/mobilenet_v1_0.25_128_quant.tflite"), "track": True}
    with pytest.raises(ConfigError, match="is for classification"):
        Pipeline(Graph(cameras={"c": "synthetic"}, stages={"s": model}), engine="lockstep").start()
    with Pipeline(graph(call=nothing), engine="lockstep") as pipeline:
        pipeline.advance(0.5)
        assert isinstance(pipeline.faults["objects"].error, ModelError)
        assert "numbers detections" in pipeline.latest("objects").get().why


def test_the_tracker_is_shown_what_is_doubtful(assets):
    model = {"model": str(assets / "models/coco_ssd_mobilenet_v1_quant.tflite"), "score": 0.6, "track": True}
    made = Graph(cameras={"c": "synthetic"}, stages={"s": model})
    assert made.card("s")["score"] == 0.1
    with Pipeline(made, engine="lockstep") as pipeline:
        pipeline.advance(0.3)
        assert isinstance(pipeline.latest("s").get().value, Tracks)
