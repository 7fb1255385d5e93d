"""Logs as the devices of a pipeline, in virtual time."""

from __future__ import annotations

import logging

import pytest

import edgeai
from edgeai.clock import VirtualClock
from edgeai.errors import DeviceError, RecordingError
from edgeai.graph import Graph
from edgeai.recording.foreign import LoggedCamera, LoggedSensor, open_log

MS = 1_000_000


@pytest.fixture
def walk(tmp_path, jpeg):
    """Pictures at 0, 100, 400 and 500 ms and one that is damaged at 200; turns every 50 ms, from 50 ms on."""
    for n, level in enumerate((0, 50, None, 150, 200)):
        (tmp_path / f"{n}.jpg").write_bytes(jpeg(200)[:-20] if level is None else jpeg(level))
    times = [0, 100, 200, 400, 500]
    (tmp_path / "rgb.csv").write_text("time_ms,file\n" + "".join(f"{t},{n}.jpg\n" for n, t in enumerate(times)))
    (tmp_path / "gyro.csv").write_text(
        "time_ms,wz (rad/s)\n" + "".join(f"{t},{t / 1000}\n" for t in range(50, 600, 50))
    )
    return open_log(tmp_path)


def everything(source, clock):
    with source:
        source.open(clock)
        messages = []
        while not source.ended:
            if (message := source.read(1000.0)) is not None:
                messages.append(message)
        return messages


def test_a_log_keeps_its_pace_and_its_gaps(walk, caplog):
    camera = LoggedCamera(walk, "rgb")
    with caplog.at_level(logging.WARNING, "edgeai"):
        frames = everything(camera, VirtualClock(7))
    assert [(f.seq, f.stamp - 7) for f in frames] == [(0, 0), (1, 100 * MS), (3, 400 * MS), (4, 500 * MS)]
    assert [f.timing.raw for f in frames] == [0, 100 * MS, 400 * MS, 500 * MS]
    assert {f.timing.clock for f in frames} == {"media"}
    assert [round(f.image.mean()) for f in frames] == [0, 50, 150, 200]
    assert (camera.rejected, camera.lost) == (1, 1)
    (warning,) = caplog.messages
    assert "the picture is empty or cut short" in warning


def test_sources_that_begin_later_stay_so(walk):
    readings = everything(LoggedSensor(walk, "gyro"), VirtualClock())
    assert [(r.stamp // MS, r["wz"]) for r in readings] == [(t, t / 1000) for t in range(50, 600, 50)]
    assert readings[0].columns[0].unit == "rad/s"


def test_lossless_takes_no_time(walk):
    clock = VirtualClock()
    camera = LoggedCamera(walk, "rgb", LoggedCamera.Options(lossless=True, rotate=90))
    frames = everything(camera, clock)
    assert [f.timing.raw // MS for f in frames] == [0, 100, 400, 500]
    assert frames[0].size == (6, 8)
    assert clock.now() == 0


def test_a_source_can_be_opened_again(walk):
    camera = LoggedCamera(walk, "rgb")
    assert len(everything(camera, VirtualClock())) == len(everything(camera, VirtualClock())) == 4


def test_a_pipeline_runs_on_a_log(walk):
    graph = Graph(
        cameras={"front": LoggedCamera(walk, "rgb")},
        sensors={"imu": LoggedSensor(walk, "gyro")},
        stages={"light": {"input": "front", "call": lambda frame: round(frame.image.mean())}},
    )
    pipeline = edgeai.Pipeline(graph, engine="lockstep", durations={"light": 0.01})
    with pipeline.stream("light") as results, pipeline:
        seen = [(result.stamp // MS, result.inputs, result.value) for result in results]
    assert seen == [
        (0, (("front", 0),), 0),
        (100, (("front", 1),), 50),
        (400, (("front", 3),), 150),
        (500, (("front", 4),), 200),
    ]


def test_the_real_tub_runs_through_a_pipeline(tub):
    log = open_log(tub)
    graph = Graph(
        cameras={"front": LoggedCamera(log, "cam", LoggedCamera.Options(lossless=True))},
        sensors={"drive": LoggedSensor(log, "drive")},
        stages={"size": {"input": "front", "call": lambda frame: frame.size}},
    )
    pipeline = edgeai.Pipeline(graph, engine="lockstep")
    with pipeline.stream("size") as results, pipeline:
        sizes = [result.value for result in results]
    assert sizes == [(160, 120)] * 1000


def test_a_log_without_any_good_picture_is_an_error_at_its_end(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    (tmp_path / "rgb.txt").write_text("1.0 a.jpg\n2.0 b.jpg\n")
    with pytest.raises(DeviceError, match="none of 2 entries can be read: the picture is damaged"):
        everything(LoggedCamera(open_log(tmp_path), "rgb"), VirtualClock())


def test_a_wrong_name_or_kind_says_what_there_is(walk):
    with pytest.raises(RecordingError, match="has no source 'front': it has gyro, rgb"):
        LoggedCamera(walk, "front")
    with pytest.raises(RecordingError, match=r"gyro of .* is a sensor, no camera"):
        LoggedCamera(walk, "gyro")
