"""A model behind a detector looks at the boxes that were found, and only there."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from edgeai import ConfigError, Graph, Pipeline
from edgeai.draw import annotate
from edgeai.errors import ModelError
from edgeai.messages import Classification, Detections, Parts
from edgeai.perception.model import Model
from edgeai.replay.run import replay
from edgeai.runtime.taps import Tap
from edgeai.schedule.events import JobDone
from tests.stages.scene import Scene, find, nothing, two


def nobody(t):
    return []


def comes_and_goes(t):
    return two(t) if 0.3 < t < 1.2 else []


class Done(Tap):
    def __init__(self):
        self.skipped = []

    def decided(self, event, commands):
        if isinstance(event, JobDone):
            self.skipped.append(event.skipped)


@pytest.fixture
def classifier(assets):
    return str(assets / "models/mobilenet_v1_0.25_128_quant.tflite")


def graph(where, model, *, find=find, crop=True, parent=None, outputs=None, **more):
    stages = {
        "objects": {"call": find, "input": "front", **(parent or {})},
        "kinds": {"input": "objects", "model": model, "top": 1, "crop": crop, **more},
    }
    return Graph(cameras={"front": Scene(where)}, stages=stages, outputs=outputs)


def run(made, seconds, *taps):
    with Pipeline(made, engine="lockstep", durations={"objects": 0.01, "kinds": 0.02}, taps=taps) as pipeline:
        pipeline.advance(seconds)
        return pipeline.latest("kinds").get(), pipeline.stats()["kinds"], dict(pipeline.faults)


def test_each_box_is_looked_at_and_each_answer_bears_its_number(classifier):
    seen, _, _ = run(graph(two, classifier, parent={"track": True}), 1.05)
    assert isinstance(seen.value, Parts)
    assert [(part.parent, part.track_id) for part in seen.value] == [(0, 1), (1, 2)]
    assert all(isinstance(part.value, Classification) for part in seen.value)
    assert seen.message.inputs == (("front", 10),)
    marks = [mark for name, mark, _ in seen.message.ledger if name == "kinds"]
    assert marks[0] == "started"


def test_what_is_found_in_a_part_is_what_the_model_finds_in_it_alone(classifier):
    seen, _, _ = run(graph(two, classifier, crop={"margin": 0, "aspect": 1}), 0.15)
    x1, y1, x2, y2 = seen.value.box[0].astype(int)
    picture = np.full((120, 160, 3), 30, np.uint8)
    for a, b, c, d in two(0.1):
        picture[b:d, a:c] = 220
    alone = Model.load(classifier)(np.ascontiguousarray(picture[y1:y2, x1:x2]))
    assert seen.value.value[0].label[0] == alone.label[0]
    assert seen.value.value[0].score[0] == alone.score[0]


def test_where_nothing_was_found_the_model_does_not_run_and_an_empty_result_is_published(classifier):
    done = Done()
    seen, stats, _ = run(graph(nobody, classifier), 0.55, done)
    assert (len(seen.value), seen.message.basis, seen.message.stamp) == (0, "inferred", 500_000_000)
    assert (stats.delivered, stats.dropped, stats.missed) == (6, {}, 0)
    assert done.skipped.count("empty") == 6


def test_the_limit_holds_for_each_frame(classifier):
    seen, _, _ = run(graph(two, classifier, crop={"limit": 1}), 0.35)
    assert len(seen.value) == 1


def test_what_a_gate_carried_forward_is_carried_on(classifier):
    def stands(t):
        return [(20, 30, 60, 90)]

    seen, stats, _ = run(graph(stands, classifier, parent={"gate": "motion"}), 2.05)
    assert stats.delivered == 3
    assert stats.dropped["gated"] == 18
    seen, _, _ = run(graph(stands, classifier, parent={"gate": "motion", "track": True}), 1.95)
    assert (seen.message.basis, seen.message.stamp, len(seen.value)) == ("unchanged", 1_900_000_000, 1)
    assert seen.message.inferred_stamp == 1_000_000_000


def test_live_does_the_same(classifier):
    made = Graph(
        cameras={"front": Scene(two, seconds=1, lossless=True)},
        stages={
            "objects": {"call": find, "input": "front", "track": True},
            "kinds": {"input": "objects", "model": classifier, "top": 1, "crop": True},
        },
        schedule={"lanes": 2},
    )
    live = Pipeline(made)
    with live.stream("kinds") as results, live:
        found = [[(part.track_id, part.value.label[0]) for part in result.value] for result in results]
    assert len(found) == 10
    assert {number for row in found for number, _ in row} == {1, 2}


def test_crops_are_recomputed_and_rerun_alike(classifier, tmp_path):
    parent = {"track": True, "gate": "motion"}
    pipeline = Pipeline(graph(comes_and_goes, classifier, parent=parent), engine="lockstep")
    with pipeline.record(tmp_path / "run.mcap", rotate="400kB"):
        pipeline.advance(2)
    stages = {
        "objects": {"call": find, "input": "front", **parent},
        "kinds": {"input": "objects", "model": classifier, "top": 1, "crop": True},
    }
    (tmp_path / "g.yaml").write_text(Graph(cameras={"front": "synthetic"}, stages=stages).to_yaml())
    assert len(pipeline.recorder.paths) >= 2
    for path in pipeline.recorder.paths:
        assert replay(path).compare().same
        done = replay(path, mode="recorded", graph=tmp_path / "g.yaml", allow_code=True)
        assert done.compare().same, str(done.compare().first)


def test_faces_of_persons_lie_in_the_frame_and_can_be_looked_at_again(assets, tmp_path):
    stages = {
        "people": {"model": str(assets / "models/coco_ssd_mobilenet_v1_quant.tflite"), "input": "photo"},
        "faces": {
            "input": "people",
            "model": str(assets / "models/blazeface_front_128_full_int.tflite"),
            "mean": 127.5,
            "std": 127.5,
            "crop": {"classes": ["person"], "margin": "10%", "aspect": 1, "limit": 4},
        },
        "again": {
            "input": "faces",
            "model": str(assets / "models/movenet_single_pose_lightning_ptq.tflite"),
            "crop": {"margin": "100%"},
        },
    }
    photo = np.zeros((480, 640, 3), np.uint8)
    photo[100:452, 250:550] = cv2.resize(cv2.imread(str(assets / "images/grace_hopper.png")), (300, 352))
    cv2.imwrite(str(tmp_path / "photo.png"), photo)
    out = tmp_path / "out.jsonl"
    made = Graph(cameras={"photo": str(tmp_path / "photo.png")}, stages=stages, outputs={"log": f"jsonl:{out}"})
    with Pipeline(made, engine="lockstep") as pipeline:
        pipeline.advance(0.5)
        assert not pipeline.faults
        faces, again = pipeline.latest("faces").get(), pipeline.latest("again").get()
    (part,) = faces.value
    assert isinstance(part.value, Detections)
    x1, y1, x2, y2 = faces.value.detections.box[0]
    assert 320 < x1 < x2 < 480
    assert 100 < y1 < y2 < 300
    assert again.value.value[0].point.shape == (1, 17, 2)
    assert (annotate(photo, faces.message) != photo).any()
    rows = {row["stream"]: row for row in map(json.loads, out.read_text().splitlines())}
    assert rows["faces"]["parts"][0]["value"][0]["keypoints"]


def test_what_has_no_boxes_is_a_fault_that_says_so(classifier):
    _, _, faults = run(graph(two, classifier, find=nothing), 0.3)
    assert isinstance(faults["kinds"].error, ModelError)
    assert "cuts out boxes" in str(faults["kinds"].error)


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ({"crop": "person"}, "true, or a mapping with classes, margin, aspect and limit"),
        ({"crop": {"limit": 0}}, "at least 1"),
        ({"crop": {"aspect": 0}}, "above 0"),
        ({"crop": {"labels": ["person"]}}, "unknown key"),
        ({"crop": True, "track": True}, "each part bears the number of its box"),
        ({"crop": True, "input": "front"}, "fed by no stage"),
    ],
)
def test_a_wrong_word_is_named(folder_of_model, stage, words):
    stages = {"objects": {"call": find, "input": "front"}, "kinds": {"input": "objects", **folder_of_model, **stage}}
    with pytest.raises(ConfigError, match=words):
        Graph(cameras={"front": "synthetic"}, stages=stages)


@pytest.fixture
def folder_of_model(tmp_path):
    (tmp_path / "m.tflite").write_bytes(b"")
    return {"model": str(tmp_path / "m.tflite")}


def test_a_graph_says_it_and_reads_it_back(folder_of_model):
    crop = {"classes": ["person"], "margin": "10%", "aspect": 1, "limit": 3}
    stages = {"objects": {"call": find, "input": "front"}, "k": {"input": "objects", **folder_of_model, "crop": crop}}
    made = Graph(cameras={"front": "synthetic"}, stages=stages)
    again = Graph.parse(made.to_yaml(), allow_code=True).stages["k"].crop
    assert (again.classes, again.margin, again.aspect, again.limit) == (("person",), 0.1, 1.0, 3)
    assert "crops of person" in made.to_text()
    with pytest.raises(ConfigError, match="crop only beside model"):
        Graph(cameras={"c": "synthetic"}, stages={"a": {"call": find}, "b": {"input": "a", "call": find, "crop": True}})
