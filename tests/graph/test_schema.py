"""The JSON schema accepts what a graph accepts, and is one that editors understand."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from edgeai.graph import Graph
from edgeai.graph.document import parse

SCHEMA = Graph.json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
ROOT = Path(__file__).parents[2]
DEMOS = sorted([*(ROOT / "demos").rglob("*.yaml"), *(ROOT / "edgeai/pilots").glob("rover.yaml")])

GOOD = """\
cameras:
  front: v4l2:/dev/video0?size=640x480&fps=30
  rear: {driver: video, path: clip.mp4, loop: true, rotate: 90, crop: [0, 0, 64, 48]}
  left: {driver: v4l2, path: /dev/video1, size: 640x480, fps: 30fps}
  right: {driver: v4l2, path: /dev/video2, size: [640, 480], fps: 30}
  synthetic:
sensors:
  imu: {driver: serial_lines, port: /dev/ttyUSB0, columns: [{name: ax, unit: m/s2}], history: 5s}
stages:
  objects:
    input: front
    model: [a.tflite, b.tflite]
    deadline: 100ms
    rate: [2fps, 15]
    threads: auto
    labels: [cat, dog]
    mean: [1, 2, 3]
    outputs: [steering, {name: speed, unit: m/s}]
    score: 50%
  control: {input: objects, call: "package.module:steer"}
outputs:
  console:
  log: jsonl:out.jsonl
  motors: {driver: serial, port: /dev/ttyACM0, stages: [control]}
schedule: {policy: power, lanes: 1, budget: 4.5W, miss_rate: 1%}
"""


def mistakes(text: str) -> list[str]:
    document, problems = parse(text)
    assert not problems
    return [error.message for error in VALIDATOR.iter_errors(document.data)]


def test_the_schema_is_valid():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_a_graph_is_accepted():
    assert mistakes(GOOD) == []


def test_the_demos_are_accepted():
    assert {path.name: mistakes(path.read_text()) for path in DEMOS} == {path.name: [] for path in DEMOS}


def test_what_a_graph_writes_is_accepted(folder):
    graph = Graph(
        cameras={"front": "clip.mp4?loop=true"},
        stages={"o": {"model": str(folder / "detector.tflite"), "rate": [1, 2], "deadline": 0.1, "outputs": "a"}},
        outputs={"log": "out.jsonl?stages=o"},
    )
    assert mistakes(graph.to_yaml()) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("clip.mp4, loop: true", "clip.mp4, lop: true"),
        ("driver: video", "driver: vidoe"),
        ("rotate: 90", "rotate: 45"),
        ("crop: [0, 0, 64, 48]", "crop: [0, 0, 64]"),
        ("driver: video, path: clip.mp4", "driver: video"),
        ("size: 640x480", "size: 640by480"),
        ("fps: 30fps", "fps: 30 furlongs"),
        ("history: 5s", "history: 5 fortnights"),
        ("deadline: 100ms", "deadline: 100 miles"),
        ("deadline: 100ms", "dedline: 100ms"),
        ("rate: [2fps, 15]", "rate: [2fps]"),
        ("threads: auto", "threads: many"),
        ("score: 50%", "score: half"),
        ("model: [a.tflite, b.tflite]", "model: []"),
        ("input: objects, call", "model: m.tflite, call"),
        ("package.module:steer", "steer"),
        ("stages: [control]", "stages: 3"),
        ("log: jsonl:out.jsonl", "log:"),
        ("budget: 4.5W", "budget: 4.5A"),
        ("lanes: 1", "lanes: 0"),
        ("schedule:", "shedule:"),
        ("  front:", "  3d:"),
    ],
)
def test_a_mistake_is_refused(old, new):
    assert old in GOOD
    assert mistakes(GOOD.replace(old, new)) != []


def test_editors_find_descriptions_and_every_driver():
    definitions = SCHEMA["$defs"]
    stage = definitions["stage"]["properties"]
    assert all("description" in value for value in stage.values())
    assert "Time from capture to publication" in stage["deadline"]["description"]
    drivers = {part["$ref"].rpartition(".")[2] for part in definitions["cameras"]["anyOf"] if "$ref" in part}
    assert {"video", "images", "v4l2", "synthetic"} <= drivers
    video = definitions["cameras.video"]
    assert video["properties"]["driver"]["const"] == "video"
    assert video["properties"]["rotate"]["description"] == "degrees clockwise."
    assert video["required"] == ["path"]
