"""Logs and recordings as cameras and sensors of a graph, and on the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer

from edgeai import Graph, Pipeline
from edgeai.cli import main
from edgeai.errors import ConfigError, RecordingError
from edgeai.messages import Frame, Reading
from edgeai.recording.foreign import open_log
from edgeai.replay.run import replay
from tests.recording.conftest import PILOTS, recorded, values
from tests.recording.foreign.test_rosbag import STORE, T0, compressed, imu

MS = 1_000_000


def piloted(tmp_path, text, seconds=5.0):
    """Run and record the graph of a YAML text with a pilot on its camera; returns the recording."""
    stage = f"stages: {{pilot: {{model: {PILOTS}/pilot_small.tflite, deadline: 100ms}}}}\n"
    with Pipeline(Graph.parse(text + stage, base=tmp_path), engine="lockstep").record(tmp_path / "of.mcap") as pipeline:
        pipeline.advance(seconds)
    assert not pipeline.faults
    return pipeline.recorder.paths[0]


@pytest.fixture(params=[StoragePlugin.MCAP, StoragePlugin.SQLITE3], ids=["mcap", "sqlite"])
def bag(tmp_path, jpeg, request):
    """A camera at 20 fps and an IMU at 100 Hz, for half a second."""
    with Writer(tmp_path / "bag", version=9, storage_plugin=request.param) as writer:
        topics = [("/cam", "sensor_msgs/msg/CompressedImage"), ("/imu", "sensor_msgs/msg/Imu")]
        camera, gyro = (writer.add_connection(topic, kind, typestore=STORE) for topic, kind in topics)
        for n in range(50):
            t = T0 + n * 10 * MS
            writer.write(gyro, t, STORE.serialize_cdr(imu(t, float(n)), "sensor_msgs/msg/Imu"))
            if n % 5 == 0:
                picture = compressed(t, jpeg(n, (64, 48)))
                writer.write(camera, t, STORE.serialize_cdr(picture, "sensor_msgs/msg/CompressedImage"))
    return tmp_path / "bag"


def test_a_bag_runs_in_a_graph_and_its_recording_is_replayed(bag, tmp_path):
    path = piloted(tmp_path, "cameras: {front: 'log:bag'}\nsensors: {imu: {driver: log, path: bag, source: /imu}}\n")
    frames, readings = values(path, Frame), values(path, Reading)
    assert [f.timing.raw - T0 for f in frames] == [n * 50 * MS for n in range(10)]
    assert len(readings) == 46  # it ends with its camera
    assert len(replay(path).decisions) > 10
    assert replay(path).compare().same


def test_a_tub_runs_in_a_graph_with_its_own_jpegs(tub, tmp_path):
    path = piloted(tmp_path, f"cameras: {{cam: 'log:{tub}'}}\nsensors: {{drive: 'log:{tub}'}}\n", 0.5)
    frames = values(path, Frame)
    assert len(frames) > 5
    first = next(entry.data for entry in open_log(tub).entries("cam"))
    assert frames[0].encoded == first
    assert {"user/angle", "user/throttle"} & {column.name for column in values(path, Reading)[0].columns}


def test_a_recording_runs_in_another_graph(tmp_path):
    (path,) = recorded(tmp_path / "run.mcap", 0.5)
    frames = values(path, Frame)
    again = values(piloted(tmp_path, "cameras: {front: run.mcap}\n"), Frame)
    assert [f.stamp - again[0].stamp for f in again] == [f.stamp - frames[0].stamp for f in frames]
    assert all(np.array_equal(one.image, other.image) for one, other in zip(again, frames, strict=True))


@pytest.mark.parametrize(
    ("device", "words"),
    [
        ("log:missing", "does not exist"),
        ("log:run.mcap?source=rear", "no source 'rear'"),
        ("log:run.mcap?source=", "no source ''"),
    ],
)
def test_a_log_that_cannot_be_is_a_sentence(tmp_path, device, words):
    recorded(tmp_path / "run.mcap", 0.1)
    graph = Graph.parse(
        f"cameras: {{front: '{device}'}}\nstages: {{f: {{call: 'math:floor'}}}}\n", base=tmp_path, allow_code=True
    )
    with pytest.raises(RecordingError, match=words):
        Pipeline(graph, engine="lockstep").start()


def test_a_format_that_is_none_is_found_before_anything_runs():
    with pytest.raises(ConfigError, match="rosbag2"):
        Graph.parse("cameras: {front: 'log:bag?format=ros'}\nstages: {f: {call: 'math:floor'}}\n", allow_code=True)


def test_a_sensor_is_chosen_by_name_or_because_it_is_the_only_one(bag, tmp_path):
    recorded(tmp_path / "run.mcap", 0.1)
    with pytest.raises(RecordingError, match="has no sensor: it has camera front"):
        piloted(tmp_path, "cameras: {front: run.mcap}\nsensors: {imu: run.mcap}\n")


def test_info_tells_of_logs_of_others(bag, tmp_path, monkeypatch, capsys):
    def edgeai(*arguments):
        monkeypatch.setattr("sys.argv", ["edgeai", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        assert not end.value.code

    edgeai("info", bag, "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["format"], [s["count"] for s in told["sources"]]) == ("rosbag2", [10, 50])
    edgeai("info", bag)
    assert "/imu" in capsys.readouterr().out
