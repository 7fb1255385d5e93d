"""The graph as data: the same from YAML and from Python, frozen, with its files and functions found."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import ValidationError

from edgeai import Column, ConfigError
from edgeai.driver import Camera, CameraOptions, DriverOptions, Output
from edgeai.errors import Problem
from edgeai.graph import Graph, StageSpec
from edgeai.graph.spec import CARD_FIELDS, SsdSpec
from edgeai.perception.options import ModelOptions, SsdOptions

ROVER = """\
cameras:
  front: v4l2:/dev/video0?size=640x480&fps=30
  rear: {driver: video, path: clip.mp4, loop: true, rotate: 90}
stages:
  control: {input: objects, call: "mathematics:steer"}
  objects:
    input: front
    model: [detector, detector_small.tflite]
    deadline: 100ms
    rate: [2fps, 15fps]
    threads: 2
    labels: labels.txt
    mean: 127.5
    outputs: [steering, {name: speed, unit: m/s}]
    ssd: {nms: agnostic, anchors: anchors.npy}
    added_latency: 5ms
  all: {input: rear, model: detector_small.tflite, rate: 15fps}
outputs:
  console:
  motors: {driver: serial, port: /dev/ttyACM0, stages: [control]}
schedule: {policy: power, lanes: 2, budget: 4.5W, miss_rate: 2%}
"""


class Fake(Camera):
    """A camera made in Python."""

    def _open(self):
        raise AssertionError("a graph opens nothing")

    def _read(self, timeout):
        return None

    def _close(self):
        pass


class Fussy(Fake):
    """A camera that does not like its options."""

    def check(self):
        return [Problem("path", "nothing", "something")]


class Sink(Output):
    """An output made in Python."""

    def _open(self):
        pass

    def _write(self, result, frame):
        pass

    def _close(self):
        pass


def fake(name="any", cls=Fake):
    return cls(name, CameraOptions())


@pytest.fixture
def rover(load, folder, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "mathematics", raising=False)
    (folder / "mathematics.py").write_text("def steer(result):\n    return 0\n")
    return load(ROVER, allow_code=True)


def test_quantities_are_seconds_hertz_and_watts(rover):
    objects = rover.stages["objects"]
    assert (objects.deadline, objects.rate, objects.added_latency) == (0.1, (2.0, 15.0), 0.005)
    assert (rover.schedule.budget, rover.schedule.miss_rate, rover.schedule.lanes) == (4.5, 0.02, 2)
    assert rover.stages["all"].rate == (15.0, 15.0)
    assert rover.stages["control"].rate is None


def test_stages_come_after_what_feeds_them(rover):
    assert rover.order() == ("objects", "all", "control")
    assert rover.chain("control") == ("front", "objects", "control")
    assert rover.chain("objects") == ("front", "objects")


def test_files_of_inputs_are_sought_beside_the_graph(rover, folder):
    assert rover.base == folder
    assert rover.file == str(folder / "rover.yaml")
    assert rover.stages["objects"].model == ("detector", "detector_small.tflite")
    assert rover.resolve("detector") == folder / "detector.tflite"
    assert rover.card("objects")["labels"] == str(folder / "labels.txt")
    assert rover.card("objects")["ssd"] == {"nms": "agnostic", "anchors": str(folder / "anchors.npy")}
    assert rover.driver("cameras", "rear").options.path == str(folder / "clip.mp4")
    assert rover.driver("cameras", "front").options.path == "/dev/video0"


def test_files_of_outputs_are_left_to_the_current_folder(load):
    graph = load("cameras: {front: clip.mp4}\nstages: {o: {model: detector.tflite}}\noutputs: {log: out.jsonl}\n")
    assert graph.driver("outputs", "log").options.path == "out.jsonl"


def test_a_card_holds_only_what_was_said(rover):
    card = rover.card("objects")
    assert set(card) == {"labels", "mean", "outputs", "ssd"}
    assert card["mean"] == 127.5
    assert card["outputs"] == (Column("steering"), Column("speed", "m/s"))
    assert rover.card("all") == {}


def test_what_a_stage_says_of_its_model_is_what_a_model_takes():
    assert {*CARD_FIELDS, "numerics", "runtime", "accelerator", "fallback"} == {
        field.name for field in fields(ModelOptions)
    }
    assert set(SsdSpec.model_fields) == {field.name for field in fields(SsdOptions)}


def test_drivers_are_made_and_not_opened(rover):
    camera = rover.driver("cameras", "rear")
    assert (camera.name, camera.options.loop, camera.options.rotate) == ("rear", True, 90)
    assert rover.driver("outputs", "motors").options.port == "/dev/ttyACM0"


def test_functions_are_found_beside_the_graph(rover):
    assert rover.function("control")("anything") == 0
    with pytest.raises(ConfigError, match="expected a stage with a call"):
        rover.function("objects")


def test_a_later_check_can_name_the_line(rover, folder):
    problem = rover.problem(("stages", "objects", "rate", 1), "15 fps", "at most 10 fps", "see its data sheet")
    assert str(problem) == (
        f"{folder}/rover.yaml:10: stages.objects.rate[1]: found 15 fps, expected at most 10 fps; see its data sheet"
    )
    assert rover.problem(("stages", "all", "weight"), "x", "y").line == 17


def test_a_graph_is_frozen(rover):
    with pytest.raises(ValidationError):
        rover.cameras = {}
    with pytest.raises(ValidationError):
        rover.stages["all"].rate = (1.0, 1.0)


def test_the_one_camera_feeds_stages_that_do_not_say_what_does(load):
    graph = load("cameras: {eye: clip.mp4}\nsensors: {}\nstages: {o: {model: detector.tflite}}\n")
    assert graph.stages["o"].input == "eye"


def test_python_takes_the_same_strings_and_mappings(folder):
    graph = Graph(
        cameras={"front": folder / "clip.mp4"},
        stages={"objects": {"model": folder / "detector.tflite", "deadline": "100ms", "rate": (2, "15fps")}},
        outputs={"console": None},
        schedule={"policy": "power", "budget": "4.5W"},
    )
    assert graph.stages["objects"] == StageSpec(
        input="front", model=str(folder / "detector.tflite"), deadline=0.1, rate=(2.0, 15.0)
    )
    assert graph.cameras["front"].options == {"path": str(folder / "clip.mp4")}


def test_python_takes_drivers_and_functions():
    seen = []
    camera, sink = fake(), Sink("any", DriverOptions())
    graph = Graph(
        cameras={"front": camera},
        stages={"size": {"call": len}},
        outputs={"mine": seen.append, "sink": sink, "some": {"driver": seen.append, "stages": "size"}},
    )
    assert graph.driver("cameras", "front") is camera
    assert camera.name == "front"
    assert graph.driver("outputs", "sink") is sink
    assert graph.function("size") is len
    assert graph.outputs["some"].stages == ("size",)
    output = graph.driver("outputs", "mine")
    output.open(None)
    output.write("a result", None)
    assert seen == ["a result"]


def test_parts_of_a_graph_make_another(rover):
    other = Graph(
        cameras=rover.cameras,
        stages=rover.stages,
        outputs={**rover.outputs, "log": "out.jsonl"},
        schedule=rover.schedule,
        base=rover.base,
    )
    assert other.stages == rover.stages
    assert set(other.outputs) == {"console", "motors", "log"}
    assert other.card("objects") == rover.card("objects")


def test_one_camera_and_one_model_make_a_graph(folder):
    model = folder / "detector.tflite"
    graph = Graph.simple("clip.mp4", model, lossless=True, outputs={"log": "out.jsonl"}, score=0.6)
    assert graph.cameras["camera"].options == {"path": "clip.mp4", "lossless": True}
    assert graph.stages["results"].score == 0.6
    camera = fake()
    assert Graph.simple(camera, [model], lossless=True).driver("cameras", "camera").lossless
    with pytest.raises(ConfigError, match=r"cameras.camera.lossless: found an unknown key"):
        Graph.simple("/dev/video0", model, lossless=True)
    with pytest.raises(ConfigError, match=r"did you mean 'score'\?"):
        Graph.simple("clip.mp4", model, scor=0.6)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"cameras": {"front": Fake}}, "cameras.front: found the class Fake, expected a camera: an instance of it"),
        ({"cameras": {"front": Sink("x", None)}}, "found a Sink, expected a camera: an instance of Camera"),
        ({"cameras": {"front": 3.5}}, "cameras.front: found 3.5, expected a camera"),
        ({"cameras": {"front": len}}, "found a Python builtin_function_or_method, expected a camera"),
        ({"cameras": {"front": {"driver": fake(), "rotate": 90}}}, "found rotate beside a driver that is made already"),
        ({"cameras": {"front": fake(cls=Fussy)}}, "cameras.front.path: found nothing, expected something"),
        ({"sensors": {"imu": fake()}}, "sensors.imu: found a Fake, expected a sensor: an instance of Sensor"),
        ({"stages": {"f": {"call": 3}}}, "stages.f.call: found 3, expected a function as package.module:name"),
        (
            {"stages": {"f": "m.tflite"}},
            "stages.f: found 'm.tflite', expected a mapping with keys such as input, model",
        ),
        ({"stages": {"f": {1: 2, "call": len}}}, "stages.f[1]: found an unknown key"),
        ({"cameras": {1: "clip.mp4"}}, "found the name 1, expected a name"),
        ({"cameras": ["clip.mp4"]}, "cameras: found ['clip.mp4'], expected a mapping of names to cameras"),
        ({"stages": {}}, "stages: found nothing, expected at least one stage"),
    ],
)
def test_mistakes_made_in_python_are_named_by_their_path(given, expected):
    graph = {"cameras": {"front": "clip.mp4"}, "stages": {"f": {"call": len, "input": "front"}}} | given
    with pytest.raises(ConfigError) as caught:
        Graph(**graph)
    assert expected in str(caught.value)


def test_a_model_that_went_away_is_a_configuration_error(rover, folder):
    (folder / "detector.tflite").unlink()
    with pytest.raises(ConfigError, match="found no file"):
        rover.resolve("detector")


def test_importing_the_graph_brings_no_picture_library():
    code = "import sys, edgeai.graph; sys.exit('cv2' in sys.modules or 'ai_edge_litert' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(Path(__file__).parents[2])})
