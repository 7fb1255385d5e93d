"""Recordings through the pipeline: what is written can be read, and recomputed exactly."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from foxglove_schemas_protobuf.LaserScan_pb2 import LaserScan
from mcap.reader import make_reader

from edgeai.errors import ConfigError, RecordingError
from edgeai.graph import Graph
from edgeai.messages import Frame, Result
from edgeai.pipeline import Pipeline
from edgeai.recording.reader import Recording
from edgeai.recording.salvage import salvage
from edgeai.recording.survey import survey
from edgeai.runtime.taps import Tap

from .conftest import differing, graph, recorded, values

STORED = Path(__file__).parent / "data"


class Keeps(Tap):
    def __init__(self):
        self.frames, self.results = {}, []

    def captured(self, frame):
        self.frames[frame.seq] = frame

    def published(self, result, frame):
        self.results.append(result)


def test_frames_and_results_are_read_as_they_were(tmp_path):
    kept = Keeps()
    pipeline = Pipeline(graph(), engine="lockstep", taps=[kept])
    with pipeline.record(tmp_path / "run.mcap"):
        pipeline.advance(0.5)
    frames, results = values(tmp_path / "run.mcap", Frame), values(tmp_path / "run.mcap", Result)
    assert len(frames) == len(kept.frames) > 10
    assert all(np.array_equal(frame.image, kept.frames[frame.seq].image) for frame in frames)
    assert [(f.stamp, f.timing, f.colour) for f in frames] == [
        (f.stamp, f.timing, f.colour) for f in kept.frames.values()
    ]
    assert [(r.ledger, r.value, r.inputs) for r in results] == [(r.ledger, r.value, r.inputs) for r in kept.results]


def test_the_same_run_gives_the_same_bytes(tmp_path):
    (first,), (second,) = recorded(tmp_path / "a.mcap"), recorded(tmp_path / "b.mcap")
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("schedule", [{}, {"policy": "power", "budget": "4.2W"}, {"policy": "freshness", "lanes": 2}])
def test_every_file_of_a_rotation_is_recomputed_exactly(tmp_path, schedule):
    paths = recorded(tmp_path / "run.mcap", 4.0, schedule, rotate="1s")
    assert len(paths) == 4
    for path in paths:
        events, wrong = differing(path)
        assert events > 50
        assert wrong == []


def test_a_file_that_looks_back_is_recomputed_exactly(tmp_path):
    pipeline = Pipeline(graph(), engine="lockstep")
    with pipeline.record(tmp_path / "back.mcap", look_back=1.0):
        pipeline.advance(3.0)
        pipeline.recorder.save()
    (path,) = pipeline.recorder.paths
    events, wrong = differing(path)
    assert events > 30
    assert wrong == []
    seconds = survey(Recording.open(path)).seconds
    assert 1.0 <= seconds <= 1.5


def test_a_live_run_is_recomputed_exactly_from_every_file(tmp_path):
    pipeline = Pipeline(graph(policy="power", budget="9W"), frames=60)
    with pipeline.record(tmp_path / "run.mcap", rotate="500ms", cameras="jpeg:80"):
        assert pipeline.wait(30)
    assert len(pipeline.recorder.paths) >= 3
    assert not pipeline.recorder.lost
    for path in pipeline.recorder.paths:
        assert differing(path)[1] == []
        assert Recording.open(path).header.lossy


def test_the_frames_pending_open_the_next_file(tmp_path):
    for path in recorded(tmp_path / "run.mcap", 2.0, rotate="300ms")[1:]:
        recording = Recording.open(path)
        frames = {(frame.source, frame.seq) for frame in values(path, Frame)}
        assert set(recording.opening.pending) <= frames


def test_a_file_is_never_overwritten(tmp_path):
    path = tmp_path / "run.mcap"
    path.write_text("precious")
    (other,) = recorded(path, 0.1)
    assert (other.name, path.read_text()) == ("run-1.mcap", "precious")


def test_a_folder_that_is_not_there_is_a_fault_and_the_pipeline_goes_on(tmp_path):
    pipeline = Pipeline(graph(), engine="lockstep")
    with pipeline.record(tmp_path / "missing" / "run.mcap"):
        pipeline.advance(0.5)
    assert "No such file" in str(pipeline.faults["recorder"])
    assert pipeline.stats()["pilot"].delivered > 5


FULL = """
import resource, signal, sys
from tests.recording.conftest import graph
from edgeai.pipeline import Pipeline

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
pipeline = Pipeline(graph(), engine="lockstep")
with pipeline.record(sys.argv[1]):
    pipeline.advance(2)
print(pipeline.faults["recorder"])
print(pipeline.stats()["pilot"].delivered)
"""


def test_a_disk_that_takes_no_more_is_a_fault_and_what_was_written_can_be_read(tmp_path):
    """No file of the process may grow beyond 150 kB."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "run.mcap")],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(root), str(root / "drivers")])},
    )
    fault, delivered = done.stdout.splitlines()
    assert "nothing more is recorded" in fault
    assert int(delivered) > 20
    saved = tmp_path / "saved.mcap"
    salvage(tmp_path / "run.mcap", saved)
    events, wrong = differing(saved)
    assert events > 10
    assert wrong == []


@pytest.mark.parametrize(
    "options", [{"cameras": "png"}, {"cameras": "jpeg:0"}, {"rotate": "soon"}, {"look_back": -1.0}]
)
def test_options_that_cannot_be_are_refused(tmp_path, options):
    with pytest.raises(ConfigError):
        Pipeline(graph()).record(tmp_path / "run.mcap", **options)


def test_the_reference_reader_opens_a_recording(run):
    with run.open("rb") as file:
        reader = make_reader(file)
        summary = reader.get_summary()
        count = sum(1 for _ in reader.iter_messages())
    assert summary.statistics.message_count == count > 20
    assert {"foxglove.RawImage", "foxglove.ImageAnnotations"} <= {schema.name for schema in summary.schemas.values()}


def test_recover_keeps_every_complete_message_wherever_the_file_is_cut(run, tmp_path):
    data, whole = run.read_bytes(), values(run, Frame)
    saved = []
    for i, share in enumerate((0.4, 0.6, 0.8, 0.9)):
        torn, mended = tmp_path / f"torn{i}.mcap", tmp_path / f"mended{i}.mcap"
        torn.write_bytes(data[: int(len(data) * share)])
        assert salvage(torn, mended).lost
        frames = values(mended, Frame)
        assert [f.seq for f in frames] == [f.seq for f in whole][: len(frames)]
        saved.append(len(frames))
    assert saved == sorted(saved)
    assert saved[-1] > len(whole) // 2


def test_a_torn_file_is_read_up_to_where_it_is_torn(run, tmp_path):
    torn = tmp_path / "torn.mcap"
    torn.write_bytes(run.read_bytes()[:-30_000])
    with pytest.raises(RecordingError, match="recover"):
        list(Recording.open(torn).records())
    assert len(list(Recording.open(torn).records(salvage=True))) > 10


@pytest.mark.parametrize("path", sorted(STORED.glob("*.mcap")), ids=lambda path: path.name)
def test_stored_recordings_of_every_version_are_read_and_recomputed(path):
    recording = Recording.open(path)
    assert recording.header.workload.stages
    assert len(values(path, Frame)) >= 3
    assert len(values(path, Result)) >= 3
    events, wrong = differing(path)
    assert events >= 6
    assert wrong == []


def test_a_lidar_is_shown_as_a_laser_scan(tmp_path):
    """Columns r0 ... are ranges all round; the reference reader gives Foxglove's message."""
    columns = ["nearest", *(f"r{n}" for n in range(16))]
    (tmp_path / "lidar.csv").write_text(
        "time (s),"
        + ",".join(columns)
        + "\n"
        + "".join(f"{k / 10},1," + ",".join(["2.5"] * 16) + "\n" for k in range(5))
    )
    made = Graph(sensors={"lidar": str(tmp_path / "lidar.csv")}, stages={"near": {"call": abs}})
    with Pipeline(made, engine="lockstep").record(tmp_path / "run.mcap") as pipeline:
        pipeline.advance(1)
    with (tmp_path / "run.mcap").open("rb") as file:
        scans = [LaserScan.FromString(m.data) for _, _, m in make_reader(file).iter_messages(["/sensors/lidar/scan"])]
    assert [len(scan.ranges) for scan in scans] == [16] * 5
    assert scans[0].ranges[3] == 2.5
    assert (scans[0].start_angle, scans[0].end_angle) == (0.0, pytest.approx(2 * math.pi * 15 / 16))


def test_a_folder_is_no_recording(tmp_path):
    with pytest.raises(ConfigError, match="a folder"):
        Pipeline(graph()).record(tmp_path)
