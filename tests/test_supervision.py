"""What becomes of a pipeline whose devices fail: every driver says how it is, and why."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from edgeai import FAULT, FRESH, ConfigError, DeviceLost, DeviceNotFound, Graph, Pipeline
from edgeai.driver import Camera, CameraOptions, Capture, DriverOptions, DriverState, Output
from edgeai.recording.reader import Recording

CAMERA = "synthetic:64x48?fps=50"
SOON = 20.0
"""Seconds that anything may take on a busy machine before a test gives up."""


def number(frame):
    return frame.seq


def graph(camera="synthetic:64x48?fps=50", **more):
    return Graph(cameras={"cam": camera}, stages={"count": {"call": number}}, **more)


def states(changes, name):
    return [state.state for state in changes if state.name == name]


def test_every_driver_says_what_it_does_since_when_and_how_much(tmp_path):
    pipeline = Pipeline(graph(outputs={"log": f"jsonl:{tmp_path / 'log'}"}), engine="lockstep")
    pipeline.record(tmp_path / "run.mcap")
    with pipeline:
        assert pipeline.drivers["cam"] == DriverState("cam", "camera")
        pipeline.advance(1.0)
        seen = pipeline.drivers
        assert seen["cam"] == DriverState("cam", "camera", "running", done=51)
        assert seen["log"] == DriverState("log", "output", "running", done=50)
        assert (seen["recorder"].kind, seen["recorder"].state) == ("recorder", "running")
        assert seen["recorder"].done > 100
    assert {state.state for state in pipeline.drivers.values()} == {"closed"}


def test_a_camera_that_is_lost_says_so_in_its_state_to_listeners_and_in_the_recording(tmp_path):
    pipeline = Pipeline(graph(unplugged(retry="off")), engine="lockstep").record(tmp_path / "run.mcap")
    changes = []
    pipeline.on_driver(changes.append)
    with pipeline:
        pipeline.advance(1.0)
        lost = pipeline.drivers["cam"]
    assert (lost.state, lost.why, lost.done) == ("lost", "cam was unplugged", 10)
    assert states(changes, "cam") == ["running", "lost"]
    recorded = [r.value for r in Recording.open(tmp_path / "run.mcap").records(["/edgeai/drivers"])]
    assert [state for state in recorded if state.name == "cam"][1:] == [s for s in changes if s.name == "cam"]
    assert pipeline.drivers["cam"].state == "lost"


def test_an_output_that_fails_counts_what_it_is_not_given():
    pipeline = Pipeline(graph(outputs={"full": "jsonl:/dev/full"}), engine="lockstep")
    with pipeline:
        pipeline.advance(1.0)
        full = pipeline.drivers["full"]
    assert not full.works
    assert "the disk is full" in full.why
    assert (full.done, full.lost) == (0, pipeline.stats()["count"].delivered)


def unplugged(**upkeep):
    return {"driver": Unplugged("cam", CameraOptions()), **upkeep}


class Unplugged(Camera):
    """A camera that is unplugged after ten pictures, each time; it may be `away`, and `silent`."""

    period = 20_000_000
    away = silent = False

    def _open(self):
        if self.away:
            raise DeviceNotFound(f"{self.name} is not there")
        self._count = 0

    def _read(self, timeout):
        if self.silent:
            return None
        self._count += 1
        if self._count > 10:
            raise DeviceLost(f"{self.name} was unplugged")
        return Capture(np.zeros((48, 64, 3), np.uint8))

    def _close(self):
        pass


# -- what fails is opened again ------------------------------------------------------------------------------------


def test_a_camera_that_was_unplugged_is_opened_again_and_counts_on():
    faults = []
    pipeline = Pipeline(graph(unplugged()), engine="lockstep", on_fault=faults.append)
    changes = []
    pipeline.on_driver(changes.append)
    with pipeline, pipeline.stream("count") as results:
        pipeline.advance(0.25)
        failing = pipeline.latest("count").get()
        pipeline.advance(0.25)
        back = pipeline.latest("count").get()
    assert failing.status is FAULT
    assert back.status is FRESH
    assert states(changes, "cam")[:5] == ["running", "lost", "retrying", "opening", "running"]
    assert [result.seq for result in results] == list(range(pipeline.stats()["count"].delivered))
    assert pipeline.drivers["cam"].restarts >= 1
    assert {fault.name for fault in faults} == {"cam"}


def test_the_waits_are_the_same_in_every_run():
    def trace():
        pipeline = Pipeline(graph(unplugged()), engine="lockstep")
        changes = []
        pipeline.on_driver(changes.append)
        with pipeline:
            pipeline.advance(5.0)
        return changes

    assert trace() == trace()


def test_a_driver_that_fails_more_often_than_its_budget_allows_is_lost_for_good():
    pipeline = Pipeline(graph(unplugged(retry={"budget": 3, "within": "60s"})), engine="lockstep")
    with pipeline:
        pipeline.advance(30.0)
        seen = pipeline.drivers["cam"]
        assert pipeline.latest("count").get().status is FAULT
    assert (seen.state, seen.restarts, seen.done) == ("lost", 3, 40)


def test_the_budget_is_of_a_span_of_time():
    pipeline = Pipeline(graph(unplugged(retry={"budget": 3, "within": "100ms"})), engine="lockstep")
    with pipeline:
        pipeline.advance(30.0)
        assert pipeline.drivers["cam"].restarts > 10


def test_a_device_that_is_away_is_waited_for_and_costs_nothing_of_the_budget():
    camera = Unplugged("cam", CameraOptions())
    pipeline = Pipeline(graph({"driver": camera, "retry": {"budget": 1}}), engine="lockstep")
    with pipeline:
        camera.away = True
        pipeline.advance(100.0)
        assert pipeline.drivers["cam"].state == "retrying"
        camera.away = False
        pipeline.advance(1.3)
        assert pipeline.drivers["cam"].restarts == 1
        assert pipeline.drivers["cam"].done > 10


def test_a_camera_that_is_silent_for_half_a_second_is_stalled_and_runs_when_it_delivers():
    camera = Unplugged("cam", CameraOptions())
    faults = []
    pipeline = Pipeline(graph(camera), engine="lockstep", on_fault=faults.append)
    changes = []
    pipeline.on_driver(changes.append)
    with pipeline:
        pipeline.advance(0.1)
        camera.silent = True
        pipeline.advance(2.0)
        assert pipeline.latest("count").get().status is FAULT
        camera.silent = False
        pipeline.advance(0.04)
        assert pipeline.latest("count").get().status is FRESH
    stalled = next(state for state in changes if state.state == "stalled")
    assert 0.6e9 < stalled.since <= 0.64e9
    assert states(changes, "cam") == ["running", "stalled", "running", "closed"]
    assert [str(fault) for fault in faults] == ["cam has delivered nothing for 0.5 s: look at its cable and its power"]


def test_an_output_is_opened_again_and_counts_what_it_could_not_be_given():
    output = Flaky("log", DriverOptions())
    pipeline = Pipeline(graph(outputs={"log": output}), engine="lockstep")
    with pipeline:
        pipeline.advance(2.0)
        seen = pipeline.drivers["log"]
        delivered = pipeline.stats()["count"].delivered
    assert (seen.state, seen.restarts) == ("running", 1)
    assert seen.done + seen.lost == delivered
    assert 0 < seen.lost < 12


@pytest.mark.parametrize("retry", ["sometimes", {"budget": -1}, {"budget": 2, "in": "3s"}, {"within": "soon"}, 7])
def test_what_is_no_retry_is_refused(retry):
    with pytest.raises(ConfigError, match=r"cameras\.cam\.retry"):
        Graph(cameras={"cam": {"driver": "synthetic", "retry": retry}}, stages={"count": {"call": number}})


def test_a_graph_s_retry_is_written_and_read_back(tmp_path):
    made = Graph(
        cameras={"cam": {"driver": "synthetic", "retry": {"budget": 2, "within": "10s"}}},
        stages={"n": {"call": "math:floor"}},
    )
    assert "budget: 2" in made.to_yaml()


# -- what hangs is replaced ----------------------------------------------------------------------------------------


def test_a_camera_whose_driver_hangs_is_replaced_by_another_and_its_late_picture_is_discarded(caplog):
    release = threading.Event()
    Hanging.release = release
    Hanging.made = 0
    faulted = threading.Event()
    with Pipeline(graph(Hanging("cam", CameraOptions())), on_fault=faulted.set) as pipeline:
        assert faulted.wait(SOON)
        until(lambda: pipeline.drivers["cam"].restarts == 1 and pipeline.drivers["cam"].state == "running")
        release.set()
        until(lambda: pipeline.latest("count").get().status is FRESH)
        seqs = pipeline.latest("count").get().value
        assert seqs >= 3
    assert "thread edgeai-source-cam is stuck and is replaced" in caplog.text
    assert Hanging.made == 2


def test_a_job_that_hangs_is_dropped_as_a_fault_and_its_stage_goes_on_with_another_thread(caplog):
    """It hangs when it has run before, so that it is known how long it may take."""
    release, results = threading.Event(), []

    def hangs(frame):
        if frame.seq >= 5 and not release.is_set() and threading.current_thread() not in results:
            results.append(threading.current_thread())
            if len(results) == 1:
                release.wait()
        return frame.seq

    faults = []
    pipeline = Pipeline(Graph(cameras={"cam": CAMERA}, stages={"count": {"call": hangs}}), on_fault=faults.append)
    with pipeline:
        until(lambda: pipeline.stats()["count"].dropped.get("fault") == 1)
        until(lambda: pipeline.latest("count").get().status is FRESH)
        before = pipeline.latest("count").get().value
        release.set()
        until(lambda: pipeline.latest("count").get().value > before)
        stats = pipeline.stats()["count"]
        assert stats.ready == stats.delivered + sum(stats.dropped.values()) + stats.in_flight
    assert [str(fault) for fault in faults] == [
        "count has not come back for 0.5 s: look at its model, its function, its hardware"
    ]
    assert "thread edgeai-lane-0 is stuck in count and is replaced" in caplog.text


class Hanging(Camera):
    """A camera whose first driver hangs with the fourth picture until `release` is set."""

    period = 10_000_000
    release = threading.Event()
    made = 0

    def __init__(self, name, options):
        super().__init__(name, options)
        Hanging.made += 1
        self._mine = Hanging.made

    def _open(self):
        pass

    def _read(self, timeout):
        if self._mine == 1 and self.captured == 3:
            self.release.wait()
        return Capture(np.zeros((48, 64, 3), np.uint8))

    def _close(self):
        pass


class Flaky(Output):
    """An output that fails once, at the tenth result."""

    def _open(self):
        pass

    def _write(self, result, frame):
        if result.seq == 10:
            raise DeviceLost(f"{self.name} was unplugged")

    def _close(self):
        pass


def until(condition):
    """Wait until something is so."""
    give_up = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.005)
