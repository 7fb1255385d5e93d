from pathlib import Path

import pytest

from edgeai import pilots, plugins
from edgeai.graph import Graph
from edgeai.pipeline import Pipeline
from edgeai.recording.notes import Decision
from edgeai.recording.reader import Recording
from edgeai.schedule.snapshot import restore

PILOTS = Path(pilots.__file__).parent


def policies(name):
    return plugins.find("policies", name)


def graph(**schedule):
    return Graph(
        cameras={"front": "synthetic:?size=64x48&fps=30"},
        stages={
            "pilot": {"model": ["pilot_medium.tflite", "pilot_small.tflite"], "deadline": "100ms", "rate": [1, 25]},
            "second": {"model": "pilot_small.tflite", "deadline": "60ms"},
        },
        schedule=schedule,
        base=PILOTS,
    )


def recorded(path, seconds=1.0, schedule=None, **options):
    """Record in virtual time; return the files."""
    pipeline = Pipeline(graph(**(schedule or {})), engine="lockstep", durations={"pilot": 0.03, "second": 0.015})
    with pipeline.record(path, **options):
        pipeline.advance(seconds)
    assert not pipeline.faults
    return pipeline.recorder.paths


def values(path, kind):
    """Return what is recorded of a kind."""
    recording = Recording.open(path)
    return [record.value for record in recording.records(policies=policies) if isinstance(record.value, kind)]


def differing(path):
    """Feed a recording's events to the scheduler it opens with; return (events, commands that differ)."""
    recording = Recording.open(path)
    scheduler = restore(recording.opening.scheduler, policies)
    decisions = [r.value for r in recording.records(policies=policies) if isinstance(r.value, Decision)]
    return len(decisions), [d for d in decisions if tuple(scheduler.handle(d.event)) != d.commands]


@pytest.fixture
def run(tmp_path):
    (path,) = recorded(tmp_path / "run.mcap", 0.3)
    return path
