"""A source in a process of its own: the same to the pipeline, and it can be ended whatever its driver does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from edgeai import FRESH, ConfigError, Graph, Pipeline
from edgeai.driver import Camera, CameraOptions
from tests.isolated_drivers import Stubborn

SOON = 60.0


def until(condition):
    """Wait until something is so."""
    give_up = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.01)


def alive(pid):
    """Say whether a process runs; one that has ended and was not waited for does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_isolated_camera_gives_the_pictures_it_would_give_here_stamped_on_the_same_clock():
    made = Graph(
        cameras={"cam": {"driver": "synthetic", "size": "64x48", "fps": 20, "isolate": "process"}},
        stages={"seen": {"call": lambda frame: (frame.seq, frame.image.copy())}},
    )
    with Pipeline(made) as pipeline, pipeline.stream("seen") as results:
        seq, image = next(results).value
        result = next(results)
        age = (pipeline.clock.now() - result.stamp) / 1e9
    from edgeai_drivers.cameras.synthetic import Pattern

    assert (image == Pattern((64, 48), 0).draw(seq)).all()
    assert 0 <= age < SOON


def test_a_driver_that_holds_the_interpreter_for_ever_is_ended_and_another_goes_on(tmp_path):
    marker = tmp_path / "pid"
    camera = Stubborn("cam", Stubborn.Options(marker=str(marker)))
    faults = []
    made = Graph(
        cameras={"cam": {"driver": camera, "isolate": "process"}}, stages={"seq": {"call": lambda frame: frame.seq}}
    )
    with Pipeline(made, on_fault=faults.append) as pipeline:
        until(lambda: faults)
        until(lambda: pipeline.drivers["cam"].restarts == 1 and pipeline.latest("seq").get().status is FRESH)
        assert not alive(int(marker.read_text()))
        assert pipeline.latest("seq").get().value >= 3
    assert [fault.name for fault in faults] == ["cam"]


def test_the_process_of_a_driver_dies_with_its_parent_even_while_it_holds_the_interpreter(tmp_path):
    marker = tmp_path / "pid"
    program = f"""
import time
from edgeai import Graph, Pipeline
from tests.isolated_drivers import Stubborn
camera = Stubborn("cam", Stubborn.Options(marker={str(marker)!r}))
graph = Graph(cameras={{"cam": {{"driver": camera, "isolate": "process"}}}}, stages={{"n": {{"call": lambda f: 1}}}})
with Pipeline(graph):
    time.sleep(60)
"""
    running = subprocess.Popen([sys.executable, "-c", program])
    try:
        until(lambda: marker.exists() and marker.read_text())
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    child = int(marker.read_text())
    until(lambda: not alive(child))
    assert os.path.exists(marker)


def test_a_driver_that_another_process_cannot_make_is_refused():
    class Local(Camera):
        def _open(self): ...
        def _read(self, timeout): ...
        def _close(self): ...

    cameras = {"cam": {"driver": Local("cam", CameraOptions()), "isolate": "process"}}
    with pytest.raises(ConfigError, match="a driver of a module"):
        Pipeline(Graph(cameras=cameras, stages={"n": {"call": len}})).start()
