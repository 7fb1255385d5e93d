"""A pipeline split over two processes: frames, results and their times cross, and nobody trusts the network."""

from __future__ import annotations

import json
import math
import socket
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from edgeai import Pipeline
from edgeai.clock import SystemClock
from edgeai.errors import DeviceError, DeviceNotFound
from edgeai.graph import Graph
from edgeai.messages import Frame, Result
from edgeai_drivers.cameras._opencv import encode
from edgeai_drivers.cameras.zenoh import Zenoh as ZenohCamera
from edgeai_drivers.outputs.zenoh import Zenoh as ZenohOutput
from edgeai_drivers.sensors.zenoh import Zenoh as ZenohSensor


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def driver(port):
    """Open drivers that meet on a port of loopback."""
    drivers = []

    def make(kind, **options):
        side = {"listen": port} if kind is ZenohOutput else {"connect": port}
        made = kind("split", kind.Options(key="robot", **side | options))
        assert made.check() == []
        drivers.append(made)
        made.open(SystemClock())
        return made

    yield make
    for made in drivers:
        made.close()


def frame(seq=0, **more):
    image = np.full((48, 64, 3), seq, np.uint8)
    return Frame("front", seq, SystemClock.now(), image, **more)


def receive(source):
    """Wait for the next message; a zenoh route may take a moment to come up."""
    return next(message for message in (source.read(1.0) for _ in range(20)) if message is not None)


def test_a_frame_crosses_with_its_pixels_and_its_time(driver):
    output, camera = driver(ZenohOutput), driver(ZenohCamera)
    sent = frame(7)
    output.write(Result("objects", 7, sent.stamp, None, ()), sent)
    got = receive(camera)
    assert np.array_equal(got.image, sent.image)
    assert (got.timing.clock, got.timing.raw) == ("device", sent.stamp)
    assert abs(got.stamp - sent.stamp) <= got.timing.uncertainty, "one clock on both sides: the offset is 0"
    assert got.timing.uncertainty < 50_000_000


def test_a_cameras_own_jpeg_crosses_byte_for_byte(driver):
    output, camera = driver(ZenohOutput), driver(ZenohCamera)
    jpeg = encode(np.zeros((48, 64, 3), np.uint8), "bgr", 80)
    sent = frame(0, encoded=jpeg)
    output.write(Result("objects", 0, sent.stamp, None, ()), sent)
    assert receive(camera).encoded == jpeg


def test_pictures_can_be_compressed(driver):
    output, camera = driver(ZenohOutput, jpeg=90), driver(ZenohCamera)
    sent = frame(100)
    output.write(Result("objects", 100, sent.stamp, None, ()), sent)
    got = receive(camera)
    assert got.image.shape == sent.image.shape
    assert abs(int(got.image[20, 20, 0]) - 100) < 3


def test_the_numbers_of_a_result_are_a_reading(driver, steering_result):
    output = driver(ZenohOutput, frames=False)
    sensor = driver(ZenohSensor, stream="pilot", columns="steering,brake")
    output.write(steering_result, None)
    reading = receive(sensor)
    assert reading["steering"] == -0.125
    assert math.isnan(reading["brake"])
    assert reading.timing.raw == steering_result.stamp


@pytest.fixture
def steering_result():
    return Result("pilot", 3, SystemClock.now(), {"steering": -0.125, "speed": 1.0}, ())


def test_what_is_no_message_is_counted_and_the_next_is_read(driver):
    output, camera = driver(ZenohOutput), driver(ZenohCamera)
    key = "edgeai/robot/frames/front"
    for garbage in (b"", b"EAI\x01" + bytes(100), b"\x80\x04cos\nsystem\n"):
        output._session.put(key, garbage)
    sent = frame(1)
    output.write(Result("objects", 1, sent.stamp, None, ()), sent)
    assert receive(camera).image[0, 0, 0] == 1
    assert camera.rejected == 3


def test_a_reader_that_is_slow_gets_the_newest_and_knows_what_it_lost(driver):
    output, camera = driver(ZenohOutput), driver(ZenohCamera)
    for seq in range(20):
        sent = frame(seq)
        output.write(Result("objects", seq, sent.stamp, None, ()), sent)
    got = [receive(camera)]
    while got[-1].image[0, 0, 0] != 19:
        got.append(receive(camera))
    assert camera.captured == len(got)
    assert camera.captured + camera.lost + int(got[0].image[0, 0, 0]) == 20


def test_a_sender_that_was_started_anew_is_heard_again_with_its_new_clock(driver):
    output, camera = driver(ZenohOutput), driver(ZenohCamera)
    first = frame(0)
    output.write(Result("objects", 0, first.stamp, None, ()), first)
    assert receive(camera).image[0, 0, 0] == 0
    output.close()
    output.open(SystemClock())
    for seq in range(1, 200):
        sent = frame(seq)
        output.write(Result("objects", seq, sent.stamp, None, ()), sent)
        if (got := camera.read(0.1)) is not None:
            break
    assert got.image[0, 0, 0] > 0
    assert abs(got.timing.offset) <= got.timing.uncertainty


def test_without_a_sender_the_other_side_is_asked_for(port):
    camera = ZenohCamera("split", ZenohCamera.Options(key="robot", connect=port, patience=0.2))
    with pytest.raises(DeviceNotFound, match=r"hears nobody of edgeai/robot at \d+: start the other side"):
        camera.open(SystemClock())


def test_a_port_in_use_is_said(port, driver):
    driver(ZenohOutput)
    with pytest.raises(DeviceError, match="free the port"):
        ZenohOutput("other", ZenohOutput.Options(listen=port)).open(SystemClock())


def test_nothing_listens_unless_it_is_said_where():
    (problem,) = ZenohOutput("split", ZenohOutput.Options()).check()
    assert problem.found == "neither connect nor listen"
    (problem,) = ZenohCamera("split", ZenohCamera.Options(key="a/**", connect=1)).check()
    assert problem.path == "cameras.split.key"


def test_a_pipeline_in_two_processes(port, tmp_path):
    """The camera runs in another process, and inference here: no stage there, no camera here."""
    graph = {
        "cameras": {"front": "synthetic:64x48?fps=30"},
        "outputs": {"split": {"driver": "zenoh", "key": "robot", "listen": port}},
    }
    program = textwrap.dedent(
        """
        import json, sys
        from edgeai import Pipeline
        from edgeai.graph import Graph
        with Pipeline(Graph(**json.loads(sys.argv[1]))) as pipeline:
            print("running", flush=True)
            sys.stdin.read()
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, json.dumps(graph)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "running\n"
        here = Graph(
            cameras={"front": {"driver": "zenoh", "key": "robot", "camera": "front", "connect": port}},
            stages={"light": {"input": "front", "call": brightness}},
        )
        with Pipeline(here) as pipeline:
            results = [result for _, result in zip(range(10), pipeline.stream("light"), strict=False)]
        other.stdin.close()
    assert len(results) == 10
    for result in results:
        assert result.timing.clock == "device"
        assert result.timing.uncertainty > 0
        assert result.latency >= 0


def brightness(frame):
    return {"light": float(frame.image.mean())}
