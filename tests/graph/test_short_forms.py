"""A device is named by a short form or by a mapping, and both mean the same."""

from __future__ import annotations

import pytest

from edgeai.errors import ConfigError
from edgeai.graph import Graph

STAGES = {"f": {"call": len, "input": "front"}}


def camera(value, folder=""):
    spec = Graph(cameras={"front": value}, stages=STAGES, base=folder).cameras["front"]
    return spec.driver, dict(spec.options)


def output(value):
    spec = Graph(cameras={"front": "clip.mp4"}, stages=STAGES, outputs={"o": value}).outputs["o"]
    return spec.driver, dict(spec.options), spec.stages


@pytest.mark.parametrize(
    ("text", "driver", "options"),
    [
        ("v4l2:/dev/video0?size=640x480&fps=30", "v4l2", {"path": "/dev/video0", "size": "640x480", "fps": 30}),
        ("/dev/video2", "v4l2", {"path": "/dev/video2"}),
        ("clip.mp4", "video", {"path": "clip.mp4"}),
        ("CLIP.MP4", "video", {"path": "CLIP.MP4"}),
        ("clip.mp4?loop=true&rotate=90", "video", {"path": "clip.mp4", "loop": True, "rotate": 90}),
        ("video:a%20b.mp4?loop=no", "video", {"path": "a%20b.mp4", "loop": "no"}),
        ("images:shots/img_?.jpg", "images", {"path": "shots/img_?.jpg"}),
        ("shots/*.jpg", "images", {"path": "shots/*.jpg"}),
        ("shots/img_?.jpg?fps=2", "images", {"path": "shots/img_?.jpg", "fps": 2}),
        ("synthetic", "synthetic", {}),
        ("rtsp://me:secret@camera/stream?channel=1", "stream", {"url": "rtsp://me:secret@camera/stream?channel=1"}),
        ("http://camera/mjpeg", "stream", {"url": "http://camera/mjpeg"}),
        ("stream:rtsp://camera/stream?channel=1", "stream", {"url": "rtsp://camera/stream?channel=1"}),
    ],
)
def test_a_camera_by_its_short_form(text, driver, options):
    found, theirs = camera(text)
    if "url" in options:
        options = dict(zip(theirs, options.values(), strict=True))
    assert (found, theirs) == (driver, options)


def test_a_folder_of_pictures_is_sought_beside_the_graph(tmp_path):
    (tmp_path / "photos").mkdir()
    assert camera("photos/", tmp_path) == ("images", {"path": "photos/"})
    assert camera("photos", tmp_path) == ("images", {"path": "photos"})


def test_a_misspelt_driver_is_no_file_of_that_name():
    with pytest.raises(ConfigError, match="did you mean 'jsonl'"):
        output("jsnl:out.jsonl")


def test_percent_decoding_lets_a_value_hold_any_sign():
    assert camera("v4l2:/dev/video0?fourcc=M%26P%3D")[1] == {"path": "/dev/video0", "fourcc": "M&P="}


def test_an_option_that_is_text_stays_text():
    assert camera("v4l2:/dev/video0?fourcc=1234")[1]["fourcc"] == "1234"


def test_a_mapping_means_the_same_as_the_short_form():
    short = Graph(cameras={"front": "clip.mp4?loop=true"}, stages=STAGES)
    long = Graph(cameras={"front": {"driver": "video", "path": "clip.mp4", "loop": True}}, stages=STAGES)
    assert short.cameras == long.cameras
    assert short.driver("cameras", "front").options == long.driver("cameras", "front").options


def test_outputs_name_their_stages():
    assert output("jsonl:out.jsonl?stages=f") == ("jsonl", {"path": "out.jsonl"}, ("f",))
    assert output({"driver": "jsonl", "path": "out.jsonl", "stages": ["f"]}) == ("jsonl", {"path": "out.jsonl"}, ("f",))
    assert output("out.jsonl") == ("jsonl", {"path": "out.jsonl"}, None)
    assert output("console") == ("console", {}, None)


@pytest.mark.parametrize("value", [None, {}, {"to": "stderr"}])
def test_a_device_without_a_driver_has_the_driver_of_its_own_name(value):
    graph = Graph(cameras={"front": "clip.mp4"}, stages=STAGES, outputs={"console": value})
    assert graph.outputs["console"].driver == "console"


def test_a_sensor_by_its_short_form():
    columns = [{"name": "ax", "unit": "m/s2"}]
    graph = Graph(
        sensors={"imu": {"driver": "serial_lines", "port": "/dev/ttyUSB0", "columns": columns, "history": "5s"}},
        stages={"f": {"call": len}},
    )
    assert graph.stages["f"].input == "imu"
    assert graph.history("imu") == 5.0


def test_passwords_are_in_the_options_and_nowhere_else():
    graph = Graph(cameras={"front": "rtsp://me:hunter2@camera/1?token=hunter3"}, stages=STAGES)
    assert "hunter2" in str(graph.cameras["front"].options)
    for text in (repr(graph), str(graph.cameras), graph.to_text(), graph.to_mermaid(), graph.cameras["front"].summary):
        assert "hunter" not in text
