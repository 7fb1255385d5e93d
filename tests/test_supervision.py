"""What becomes of a pipeline whose devices fail: every driver says how it is, and why."""

from __future__ import annotations

import numpy as np

from edgeai import Graph, Pipeline
from edgeai.driver import Camera, CameraOptions, Capture, DriverState
from edgeai.errors import DeviceLost
from edgeai.recording.reader import Recording


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
    pipeline = Pipeline(graph(Unplugged("cam", CameraOptions())), engine="lockstep").record(tmp_path / "run.mcap")
    changes = []
    pipeline.on_driver(changes.append)
    with pipeline:
        pipeline.advance(1.0)
        lost = pipeline.drivers["cam"]
    assert (lost.state, lost.why, lost.done) == ("lost", "cam was unplugged", 10)
    assert states(changes, "cam") == ["running", "lost"]
    recorded = [r.value for r in Recording.open(tmp_path / "run.mcap").records(["/edgeai/drivers"])]
    assert [state for state in recorded if state.name == "cam"] == [s for s in changes if s.name == "cam"]
    assert pipeline.drivers["cam"].state == "lost"


def test_an_output_that_fails_counts_what_it_is_not_given():
    pipeline = Pipeline(graph(outputs={"full": "jsonl:/dev/full"}), engine="lockstep")
    with pipeline:
        pipeline.advance(1.0)
        full = pipeline.drivers["full"]
    assert full.state == "lost"
    assert "the disk is full" in full.why
    assert (full.done, full.lost) == (0, pipeline.stats()["count"].delivered)


class Unplugged(Camera):
    """A camera that is unplugged after ten pictures."""

    period = 20_000_000

    def _open(self):
        self._count = 0

    def _read(self, timeout):
        self._count += 1
        if self._count > 10:
            raise DeviceLost(f"{self.name} was unplugged")
        return Capture(np.zeros((48, 64, 3), np.uint8))

    def _close(self):
        pass
