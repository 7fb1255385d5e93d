"""How a live pipeline ends, and what one bad part does to the others: whatever hangs, raises or vanishes."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import tty
from dataclasses import dataclass

import numpy as np
import pytest

from edgeai import FAULT, FRESH, NEVER, DeviceError, DeviceLost, Graph, ModelError, Pipeline, run
from edgeai.driver import Camera, CameraOptions, Capture, DriverOptions, Output, Sensor, SensorOptions

SOON = 10.0
"""Seconds that anything may take on a busy machine before a test gives up."""
STOPPED = 2.0
"""Seconds that stop() may take on a busy machine; it aims at one."""


class Made(Camera):
    """A camera of the test's own making: `picture(n)` returns the n-th picture, or does whatever else it likes."""

    def __init__(self, picture, opened=lambda: None):
        super().__init__("made", CameraOptions())
        self._picture, self._opened, self._count = picture, opened, 0
        self.period = 10_000_000

    def _open(self):
        self._opened()

    def _read(self, timeout):
        self._count += 1
        return Capture(self._picture(self._count - 1))

    def _close(self):
        pass


class Written(Output):
    """An output of the test's own making."""

    def __init__(self, write, close=lambda: None, keeps="all"):
        super().__init__("written", DriverOptions())
        self._call, self._at_close, self.keeps = write, close, keeps

    def _open(self):
        pass

    def _write(self, result, frame):
        self._call(result)

    def _close(self):
        self._at_close()


def number(frame):
    return frame.seq


def black(n, size=(48, 64)):
    return np.zeros((*size, 3), np.uint8)


def graph(camera="synthetic:64x48?fps=50", stages=None, **more):
    return Graph(cameras={"cam": camera}, stages=stages or {"count": {"call": number}}, **more)


def until(condition):
    """Wait until something is so."""
    give_up = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.005)


def timed_stop(pipeline):
    """Stop and return how long it took, in seconds."""
    began = time.monotonic()
    pipeline.stop()
    return time.monotonic() - began


def edgeai_threads():
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("edgeai")}


@pytest.fixture
def hanging():
    """A function that hangs until the test is over."""
    release = threading.Event()
    yield lambda *_: release.wait()
    release.set()
    until(lambda: not edgeai_threads())


# -- what hangs ----------------------------------------------------------------------------------------------------


def test_a_stage_that_hangs_is_abandoned_named_in_the_log_and_its_late_result_discarded(caplog):
    entered, release, published = threading.Event(), threading.Event(), []

    def hangs(frame):
        entered.set()
        release.wait()
        return "late"

    pipeline = Pipeline(graph(stages={"hangs": {"call": hangs}}))
    pipeline.on_result("hangs", published.append)
    pipeline.start()
    assert entered.wait(SOON)
    with caplog.at_level(logging.WARNING, "edgeai"):
        assert timed_stop(pipeline) < STOPPED
    assert "thread edgeai-lane-0 did not end in time and is abandoned" in caplog.text
    assert edgeai_threads() == {"edgeai-lane-0"}
    release.set()
    until(lambda: not edgeai_threads())
    assert pipeline.latest("hangs").get().status is NEVER
    assert published == []


def test_while_one_stage_hangs_its_stream_ages_and_a_stage_on_another_lane_works_on(hanging):
    stages = {"hangs": {"call": hanging}, "count": {"call": number}}
    with Pipeline(graph(stages=stages, schedule={"lanes": 2})) as pipeline:
        results = pipeline.stream("count")
        assert [next(results).stream for _ in range(3)] == ["count"] * 3
        assert pipeline.latest("hangs").get().status is NEVER


def test_a_camera_that_hangs_is_abandoned_and_named(caplog, hanging):
    pipeline = Pipeline(graph(Made(lambda n: black(n) if n < 3 else hanging()))).start()
    until(lambda: pipeline.stats()["count"].delivered == 3)
    with caplog.at_level(logging.WARNING, "edgeai"):
        assert timed_stop(pipeline) < STOPPED
    assert "edgeai-source-cam" in caplog.text


def test_an_output_that_hangs_is_abandoned_and_named_and_the_others_are_flushed(caplog, hanging, tmp_path):
    entered = threading.Event()

    def hangs(result):
        entered.set()
        hanging()

    path = tmp_path / "out.jsonl"
    pipeline = Pipeline(graph(outputs={"hangs": Written(hangs), "log": f"jsonl:{path}"})).start()
    assert entered.wait(SOON)
    until(lambda: pipeline.latest("count").get().value == 5)
    with caplog.at_level(logging.WARNING, "edgeai"):
        assert timed_stop(pipeline) < STOPPED
    assert "thread edgeai-output-hangs did not end in time" in caplog.text
    assert "edgeai-output-log" not in caplog.text
    assert len(lines_of(path)) == pipeline.stats()["count"].delivered


def test_a_callback_on_fault_that_hangs_is_abandoned_and_named(caplog, hanging):
    entered = threading.Event()

    def hangs():
        entered.set()
        hanging()

    pipeline = Pipeline(graph(stages={"bad": {"call": lambda frame: 1 // 0}}), on_fault=hangs).start()
    assert entered.wait(SOON)
    with caplog.at_level(logging.WARNING, "edgeai"):
        assert timed_stop(pipeline) < STOPPED
    assert "edgeai-callbacks" in caplog.text


def test_a_slow_output_is_closed_in_time_and_what_it_could_not_write_is_counted(caplog):
    written, closed = [], threading.Event()

    def slow(result):
        time.sleep(0.1)
        written.append(result)

    camera = "synthetic:64x48?fps=200"
    pipeline = Pipeline(graph(camera, outputs={"slow": Written(slow, closed.set)})).start()
    until(lambda: pipeline.stats()["count"].delivered > 30)
    with caplog.at_level(logging.WARNING, "edgeai"):
        assert timed_stop(pipeline) < STOPPED
    assert closed.is_set()
    lost = pipeline.stats()["count"].delivered - len(written)
    assert f"output slow was too slow and lost {lost} results" in caplog.text


def test_at_the_end_of_a_clip_a_slow_output_gets_every_result():
    """What was computed is written, although it takes longer than stop() may take otherwise."""
    written = []

    def slow(result):
        time.sleep(0.05)
        written.append(result.seq)

    camera = {"driver": "synthetic", "size": "64x48", "frames": 30, "lossless": True}
    with Pipeline(graph(camera, outputs={"slow": Written(slow)})) as pipeline, pipeline.stream("count") as results:
        for _ in results:
            pass
    assert written == list(range(30))


def lines_of(path):
    """Return the lines of a JSON lines file, every one of them whole."""
    return [json.loads(line) for line in path.read_text().splitlines()]
