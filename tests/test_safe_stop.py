"""Motors stop: when what they act on fails or grows old, and however the program ends."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import tty

import numpy as np
import pytest

from edgeai import FAULT, FRESH, ConfigError, DeviceLost, Graph, Pipeline, StaleResult
from edgeai.driver import Camera, CameraOptions, Capture, DriverOptions, Output
from edgeai.recording.reader import Recording
from edgeai_drivers.framing import Deframer
from edgeai_drivers.sim.world.controller import Controller

SOON = 20.0
STOP = {"steering": 0.0, "throttle": 0.0, "expires": 0}


class Picture(Camera):
    """A camera that is `away` or not."""

    period = 20_000_000
    away = False

    def _open(self):
        self._check()

    def _read(self, timeout):
        self._check()
        return Capture(np.zeros((8, 8, 3), np.uint8))

    def _check(self):
        if self.away:
            raise DeviceLost(f"{self.name} was unplugged")

    def _close(self):
        pass


class Wheels(Output):
    """Motors that note what they are told."""

    def __init__(self, options=None, hang=None):
        super().__init__("wheels", DriverOptions())
        self.told, self._hang = [], hang

    def _open(self):
        pass

    def _write(self, result, frame):
        self.told.append(result.seq)
        if self._hang is not None:
            self._hang()

    def _safe(self):
        self.told.append("stop")

    def _close(self):
        self.told.append("closed")


def ahead(frame):
    return {"steering": 0.0, "throttle": 0.5}


def graph(camera=None, wheels=None, **stage):
    camera = camera or Picture("cam", CameraOptions())
    stages = {"drive": {"input": "cam", "call": ahead, **stage}}
    return Graph(cameras={"cam": camera}, stages=stages, outputs={"wheels": wheels or Wheels()})


# -- faults, in virtual time ---------------------------------------------------------------------------------------


def test_wheels_are_stopped_at_the_instant_of_a_fault_and_driven_again_after_the_recovery():
    camera, wheels, seen = Picture("cam", CameraOptions()), Wheels(), []
    pipeline = Pipeline(graph(camera, wheels), engine="lockstep", on_fault=lambda fault: seen.append(fault.t))
    with pipeline:
        pipeline.advance(0.5)
        assert "stop" not in wheels.told
        camera.away = True
        pipeline.advance(0.5)
        assert wheels.told[-1] == "stop"
        camera.away = False
        pipeline.advance(2.0)
        assert pipeline.latest("drive").get().status is FRESH
        assert isinstance(wheels.told[-1], int)
        camera.away = True
        pipeline.advance(0.5)
    assert wheels.told.count("stop") == 3, "at each fault, and at the end"
    assert len(seen) == 2


def test_a_result_still_on_its_way_when_its_camera_fails_does_not_start_the_wheels_again():
    camera, wheels = Picture("cam", CameraOptions()), Wheels()
    with Pipeline(graph(camera, wheels), engine="lockstep", durations={"drive": 0.015}) as pipeline:
        pipeline.advance(0.110)
        camera.away = True
        pipeline.advance(0.05)
        stats = pipeline.stats()["drive"]
        assert wheels.told[-1] == "stop"
        assert stats.delivered == 6
    assert [told for told in wheels.told if told != "stop"] == [0, 1, 2, 3, 4, 5, "closed"]


def test_a_fault_of_what_does_not_feed_them_leaves_the_wheels_alone():
    wheels = Wheels()
    made = Graph(
        cameras={"cam": Picture("cam", CameraOptions()), "other": Picture("other", CameraOptions())},
        stages={"drive": {"input": "cam", "call": ahead}, "look": {"input": "other", "call": ahead}},
        outputs={"wheels": {"driver": wheels, "stages": ["drive"]}},
    )
    faults = []
    with Pipeline(made, engine="lockstep", on_fault=faults.append) as pipeline:
        made.driver("cameras", "other").away = True
        pipeline.advance(0.5)
        assert [fault.name for fault in faults] == ["other"]
        assert "stop" not in wheels.told


def test_a_required_result_that_grows_old_is_a_fault_on_its_edge():
    wheels, faults, slow = Wheels(), [], {"drive": 0.010}
    pipeline = Pipeline(
        graph(wheels=wheels, stale="100ms"),
        engine="lockstep",
        durations=lambda stage, variant: slow["drive"],
        on_fault=faults.append,
    )
    with pipeline:
        pipeline.advance(1.0)
        slow["drive"] = 0.5
        pipeline.advance(2.0)
        assert pipeline.latest("drive").get().status is FAULT
        assert wheels.told[-1] == "stop"
        slow["drive"] = 0.010
        pipeline.advance(2.0)
        assert pipeline.latest("drive").get().status is FRESH
        assert isinstance(wheels.told[-1], int)
    (fault,) = faults
    assert isinstance(fault.error, StaleResult)
    assert str(fault).startswith("drive has given no result younger than 100 ms")
    assert 1.1e9 < fault.t <= 1.13e9


def test_a_required_result_that_never_comes_is_a_fault():
    faults = []
    camera = {"driver": "synthetic", "size": "64x48", "fps": 0.1}
    pipeline = Pipeline(graph(camera, stale="300ms"), engine="lockstep", on_fault=faults.append)
    with pipeline:
        pipeline.advance(9.0)
    assert [fault.name for fault in faults] == ["drive"]


def test_a_stale_that_is_no_duration_is_refused():
    with pytest.raises(ConfigError, match="stale"):
        graph(stale="-1s")


def test_the_simulated_rover_slows_down_at_once_when_its_camera_is_unplugged():
    """Its command would have been good for 300 ms more: it is stopped by a word, not by silence."""
    camera = Picture("cam", CameraOptions())
    made = Graph(
        cameras={"cam": camera},
        sensors={"rover": {"driver": "rover", "protocol": "binary"}},
        stages={"drive": {"input": "cam", "call": ahead}},
        outputs={"wheels": {"driver": "motors", "port": "sim:rover"}},
    )
    with Pipeline(made, engine="lockstep") as pipeline:
        pipeline.advance(2.0)
        cruising = pipeline.latest("rover").get().value["speed"]
        camera.away = True
        pipeline.advance(0.22)
        slower = pipeline.latest("rover").get().value["speed"]
        pipeline.advance(2.0)
        standing = pipeline.latest("rover").get().value["speed"]
    assert cruising > 0.5
    assert slower < 0.6 * cruising
    assert standing < 0.01


# -- hangs, live ---------------------------------------------------------------------------------------------------


def test_wheels_whose_thread_hangs_are_stopped_by_another():
    entered, release, failing = threading.Event(), threading.Event(), threading.Event()

    def hang():
        entered.set()
        release.wait()

    camera, wheels = Picture("cam", CameraOptions()), Wheels(hang=hang)
    with Pipeline(graph(camera, wheels), on_fault=failing.set):
        assert entered.wait(SOON)
        camera.away = True
        assert failing.wait(SOON)
        until(lambda: "stop" in wheels.told)
        release.set()


# -- the ends of a program -----------------------------------------------------------------------------------------


def test_an_exception_in_the_with_block_stops_the_wheels_and_calls_on_fault():
    wheels, faults = Wheels(), []
    pipeline = Pipeline(graph(wheels=wheels), on_fault=faults.append)

    def control():
        with pipeline:
            until(lambda: wheels.told)
            raise KeyError("the program's own")

    with pytest.raises(KeyError):
        control()
    assert wheels.told[-2:] == ["stop", "closed"]
    assert [fault.name for fault in faults] == ["pipeline"]
    assert isinstance(faults[0].error, KeyError)


def test_an_orderly_end_stops_the_wheels_and_is_no_fault():
    wheels, faults = Wheels(), []
    with Pipeline(graph(wheels=wheels), on_fault=faults.append):
        until(lambda: wheels.told)
    assert wheels.told[-2:] == ["stop", "closed"]
    assert faults == []


def test_what_a_source_meets_when_the_pipeline_has_begun_to_end_is_no_fault():
    """The wheels are stopped first of all; the camera's last read comes back, with an error, only after that."""
    wheels, reads, stopped = Wheels(), threading.Event(), threading.Event()
    wheels._safe = stopped.set

    class Last(Picture):
        def _read(self, timeout):
            if self.captured < 3:
                return super()._read(timeout)
            reads.set()
            assert stopped.wait(SOON)
            raise DeviceLost(f"{self.name} has lost what it looks at")

    with Pipeline(graph(Last("cam", CameraOptions()), wheels)) as pipeline:
        assert reads.wait(SOON)
    assert pipeline.faults == {}


def test_a_pipeline_that_nobody_holds_any_more_stops_the_wheels():
    wheels, faults = Wheels(), []
    pipeline = Pipeline(graph(wheels=wheels), on_fault=faults.append).start()
    until(lambda: wheels.told)
    del pipeline
    gc.collect()
    until(lambda: "closed" in wheels.told)
    assert wheels.told[-2:] == ["stop", "closed"]
    until(lambda: [fault.name for fault in faults] == ["pipeline"])


def test_the_recording_of_a_pipeline_that_nobody_holds_any_more_is_whole(tmp_path):
    wheels, closed = Wheels(), threading.Event()
    pipeline = Pipeline(graph(wheels=wheels)).record(tmp_path / "run.mcap")
    pipeline.on_driver(lambda state: closed.set() if (state.name, state.state) == ("recorder", "closed") else None)
    pipeline.start()
    until(lambda: wheels.told)
    del pipeline
    gc.collect()
    assert closed.wait(SOON)
    told = [record.value.name for record in Recording.open(tmp_path / "run.mcap").records(["/edgeai/faults"])]
    assert told == ["pipeline"]


PROGRAM = """
import os, signal, sys, threading, time
import edgeai

def drive(frame):
    return {{"steering": 0.0, "throttle": 0.5}}

graph = edgeai.Graph(
    cameras={{"cam": "synthetic:64x48?fps=50"}},
    stages={{"drive": {{"call": drive}}}},
    outputs={{"motors": {{"driver": "motors", "port": {port!r}}}}},
)
pipeline = edgeai.Pipeline(graph, on_fault=lambda fault: print("on_fault", fault.name, flush=True))
{ending}
"""

WAIT = "any(iter(lambda: time.sleep(0.01) or pipeline.drivers['motors'].done > 3, True)); print('drives', flush=True)"
ENDINGS = {
    "exception": f"with pipeline:\n    {WAIT}\n    raise ValueError",
    "no stop": f"pipeline.start()\n{WAIT}",
    "exception without with": f"pipeline.start()\n{WAIT}\nraise ValueError",
    "sys.exit": f"pipeline.start()\n{WAIT}\nsys.exit(3)",
    "SIGTERM": f"with pipeline:\n    {WAIT}\n    time.sleep(60)",
    "SIGINT": f"with pipeline:\n    {WAIT}\n    time.sleep(60)",
    "SIGKILL": f"with pipeline:\n    {WAIT}\n    time.sleep(60)",
    "the main thread dies": (
        "pipeline.start()\nlong = threading.Event()\nthreading.Thread(target=long.wait, args=(60,)).start()\n"
        f"pipeline.on = long\n{WAIT}\nraise ValueError"
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_wheels_stand_still_after_every_end_of_the_program(ending, tmp_path):
    """A controller hears the line; where no stop was sent (SIGKILL), its own watchdog has to do."""
    controller, port = os.openpty()
    tty.setraw(port)
    program = PROGRAM.format(port=os.ttyname(port), ending=ENDINGS[ending])
    # Unbuffered: what a buffer held after the first line, communicate would not give.
    running = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
    )
    try:
        assert running.stdout.readline() == b"drives\n"
        if ending.startswith("SIG"):
            running.send_signal(getattr(signal, ending))
        if ending == "the main thread dies":
            assert running.stdout.readline() == b"on_fault pipeline\n"
            heard = until_stopped(controller)
            running.kill()
        said = running.communicate(timeout=SOON)[0]
        if ending != "the main thread dies":
            heard = read(controller)
    finally:
        running.kill()
        running.wait()
        os.close(controller)
        os.close(port)
    commands = [{key: value for key, value in said.items() if key != "seq"} for said in Deframer("binary").feed(heard)]
    assert any(command["throttle"] == 0.5 for command in commands)
    wheels = Controller("binary")
    wheels.feed(heard, 0)
    if ending == "SIGKILL":
        assert commands[-1]["throttle"] == 0.5
        assert wheels.command(500_000_000).throttle == 0.0
    else:
        assert commands[-1] == STOP
        assert wheels.command(0).throttle == 0.0
        assert b"on_fault pipeline" in said or ending == "the main thread dies"


def read(descriptor):
    """Return the bytes that wait on a line."""
    os.set_blocking(descriptor, False)
    heard = b""
    try:
        while True:
            heard += os.read(descriptor, 65536)
    except BlockingIOError:
        return heard


def until_stopped(descriptor):
    """Return what is heard on a line up to the first stop and a while after."""
    heard = b""
    give_up = time.monotonic() + SOON
    while not any(said["throttle"] == 0.0 for said in Deframer("binary").feed(heard)):
        assert time.monotonic() < give_up
        heard += read(descriptor)
    return heard


def until(condition):
    """Wait until something is so."""
    give_up = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.005)
