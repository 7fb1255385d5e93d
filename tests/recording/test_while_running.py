"""Recordings that begin and end while the pipeline runs."""

import pytest

from edgeai.errors import ConfigError
from edgeai.messages import Frame
from edgeai.pipeline import Pipeline
from edgeai.recording.reader import Decision, Recording
from edgeai.recording.status import Status
from edgeai.replay.run import replay
from edgeai.schedule.commands import Run

from .conftest import differing, graph, values

SCHEDULES = [{}, {"policy": "power", "budget": "4.2W"}, {"policy": "freshness", "lanes": 2}]


def of_jobs(path):
    """The frames that the jobs of a recording look at, as far as its decisions tell."""
    runs = [command for decision in values(path, Decision) for command in decision.commands]
    return {(run.job.origin, run.job.seq) for run in runs if isinstance(run, Run)}


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_what_begins_in_the_middle_is_recomputed_exactly_and_has_its_frames(tmp_path, schedule):
    with Pipeline(graph(**schedule), engine="lockstep", durations={"pilot": 0.03, "second": 0.015}) as pipeline:
        pipeline.advance(0.51)
        pipeline.record(tmp_path / "run.mcap")
        pipeline.advance(1.0)
        (path,) = pipeline.stop_recording()
        pipeline.advance(1.0)
    events, wrong = differing(path)
    assert events > 50
    assert wrong == []
    recording = Recording.open(path)
    frames = {(frame.source, frame.seq) for frame in values(path, Frame)}
    assert set(recording.opening.pending) | of_jobs(path) <= frames
    assert recording.opening.calibrated is not None


def test_a_pipeline_is_recorded_again_and_again(tmp_path):
    with Pipeline(graph(), engine="lockstep") as pipeline:
        assert pipeline.recorder is None
        assert pipeline.stop_recording() == ()
        for _ in range(3):
            pipeline.record(tmp_path / "run.mcap")
            pipeline.advance(0.5)
            (path,) = pipeline.stop_recording()
            assert differing(path)[1] == []
            pipeline.advance(0.5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run-1.mcap", "run-2.mcap", "run.mcap"]


def test_the_recorder_says_what_it_does(tmp_path):
    with Pipeline(graph(), engine="lockstep").record(tmp_path / "run.mcap") as pipeline:
        pipeline.advance(0.5)
        path = tmp_path / "run.mcap"
        assert pipeline.recorder.status == Status(True, path, 16, path.stat().st_size, 0)
        pipeline.stop_recording()
        assert pipeline.recorder.status == Status(False, path, 16, path.stat().st_size, 0)
    assert len(values(path, Frame)) == 16


def test_one_recording_is_made_at_a_time(tmp_path):
    with Pipeline(graph(), engine="lockstep").record(tmp_path / "run.mcap") as pipeline:
        pipeline.advance(0.1)
        with pytest.raises(ConfigError, match="stop_recording"):
            pipeline.record(tmp_path / "other.mcap")
    with pytest.raises(ConfigError, match="has stopped"):
        pipeline.record(tmp_path / "other.mcap")


def test_a_live_run_is_recorded_from_the_middle_exactly(tmp_path):
    paths = []
    with Pipeline(graph(policy="latency"), frames=90) as pipeline:
        for _ in range(4):
            pipeline.wait(0.3)
            pipeline.record(tmp_path / "run.mcap")
            pipeline.wait(0.4)
            paths += pipeline.stop_recording()
    assert len(paths) == 4
    for path in paths:
        assert differing(path)[1] == []
        frames = {(frame.source, frame.seq) for frame in values(path, Frame)}
        assert of_jobs(path) <= frames
        assert replay(path).compare().same


def test_what_a_look_back_saves_at_the_end_is_written_whole(tmp_path):
    with Pipeline(graph(), frames=45).record(tmp_path / "back.mcap", look_back=10.0) as pipeline:
        assert pipeline.wait(30)
        pipeline.recorder.save()
    (path,) = pipeline.recorder.paths
    assert len(values(path, Frame)) == 45
    assert differing(path)[1] == []
