"""A graph is drawn for the terminal and for Markdown, and written back as YAML."""

from __future__ import annotations

import pytest

from edgeai import ConfigError
from edgeai.driver import CameraOptions
from edgeai.graph import Graph

ROVER = """\
cameras:
  front: v4l2:/dev/video0?size=640x480&fps=30
  rear: {driver: video, path: clip.mp4, loop: true}
sensors:
  imu: {driver: serial_lines, port: /dev/ttyUSB0, columns: [{name: ax, unit: m/s2}]}
stages:
  objects: {input: front, model: [detector.tflite, detector_small.tflite], deadline: 100ms, rate: [2fps, 15fps]}
  control: {input: objects, call: "math:floor"}
  alarm: {input: objects, call: "math:ceil", added_latency: 1500ms}
  people: {input: rear, model: detector.tflite, rate: 5fps, weight: 2}
  tilt: {input: imu, call: "math:floor"}
outputs:
  console:
  motors: {driver: serial, port: /dev/ttyACM0, stages: [control]}
schedule: {policy: power, budget: 4.5W}
"""


@pytest.fixture
def rover(load):
    return load(ROVER, allow_code=True)


def test_the_tree_shows_what_feeds_what(rover):
    assert (
        rover.to_text()
        == """\
front  v4l2 (path=/dev/video0, size=640x480, fps=30)
└─ objects  detector.tflite | detector_small.tflite  2-15 fps, deadline 100 ms
   ├─ control  math:floor
   └─ alarm  math:ceil  1.5 s added
rear  video (path=clip.mp4, loop=true)
└─ people  detector.tflite  5 fps, weight 2
imu  serial_lines (port=/dev/ttyUSB0, columns=…)
└─ tilt  math:floor
all stages -> console  console
control -> motors  serial (port=/dev/ttyACM0)
schedule  power, 1 lane, budget 4.5 W
"""
    )


def test_mermaid_shows_the_same_arrows(rover):
    lines = rover.to_mermaid().splitlines()
    assert lines[0] == "flowchart LR"
    assert '    source0(["front<br/>v4l2 (path=/dev/video0, size=640x480, fps=30)"])' in lines
    assert '    stage1["control<br/>math:floor"]' in lines
    arrows = {line.strip() for line in lines if "-->" in line}
    assert {"source0 --> stage0", "stage0 --> stage1", "source2 --> stage4", "stage1 --> output1"} <= arrows
    assert sum(arrow.endswith("output0") for arrow in arrows) == 5


def test_mermaid_writes_signs_of_its_own_as_entities(load):
    graph = load("cameras: {a: 'video:x\"]|<b>.mp4'}\nstages: {o: {model: detector.tflite}}\n")
    assert "x#34;#93;#124;#60;b#62;.mp4" in graph.to_mermaid()


def test_yaml_reads_back_as_the_same_graph(rover, folder):
    again = Graph.parse(rover.to_yaml(), base=folder, allow_code=True)
    for section in ("cameras", "sensors", "stages", "outputs", "schedule"):
        assert getattr(again, section) == getattr(rover, section)


def test_text_that_looks_like_something_else_reads_back_as_text(folder):
    labels = ["on", "1e3", "null", "0x1F", "12:30", "~", "a: b", "# no", "é", "2024-01-01", "=", "<<"]
    graph = Graph(cameras={"c": "clip.mp4"}, stages={"o": {"model": "detector", "labels": labels}}, base=folder)
    again = Graph.parse(graph.to_yaml(), base=folder)
    assert again.stages["o"].labels == tuple(labels)


def test_functions_are_written_by_their_name_when_they_have_one():
    graph = Graph(cameras={"c": "clip.mp4"}, stages={"f": {"call": CameraOptions}})
    assert "call: edgeai.driver.camera:CameraOptions" in graph.to_yaml()
    graph = Graph(cameras={"c": "clip.mp4"}, stages={"f": {"call": lambda result: 0}})
    with pytest.raises(ConfigError, match=r"stages.f.call: found the function .*<lambda>, expected a function of an"):
        graph.to_yaml()


def test_what_was_made_in_python_has_no_yaml():
    graph = Graph(cameras={"c": "clip.mp4"}, stages={"f": {"call": len}}, outputs={"o": print})
    with pytest.raises(ConfigError, match=r"outputs.o: found print, made in Python, expected a device that can be"):
        graph.to_yaml()
