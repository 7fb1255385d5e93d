"""Recordings replayed: the same decisions, the same results, and what would have been."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgeai import Graph, Pipeline, pilots
from edgeai.cli import app
from edgeai.errors import ConfigError, ModelError, RecordingError
from edgeai.recording.reader import Recording
from edgeai.replay.run import replay
from tests.recording.conftest import graph, recorded

PILOTS = Path(pilots.__file__).parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A recording of two seconds in virtual time, and its graph in a file."""
    folder = tmp_path_factory.mktemp("replay")
    recorded(folder / "hall.mcap", 2.0, {"policy": "latency"})
    text = graph(policy="latency").to_yaml().replace("pilot_", f"{PILOTS}/pilot_")
    (folder / "hall.yaml").write_text(text)
    return folder


def again(folder, **options):
    return replay(folder / "hall.mcap", graph=folder / "hall.yaml", **options)


def test_a_recorded_pause_is_decided_again(tmp_path):
    pipeline = Pipeline(graph(), engine="lockstep", durations={"pilot": 0.03, "second": 0.015})
    with pipeline.record(tmp_path / "pause.mcap"):
        pipeline.advance(0.3)
        pipeline.pause()
        pipeline.advance(0.3)
        pipeline.resume()
        pipeline.advance(0.3)
    assert pipeline.stats()["pilot"].dropped["paused"] > 5
    assert replay(tmp_path / "pause.mcap").compare().same


def test_recomputed_decisions_are_the_recorded_ones(folder):
    done = replay(folder / "hall.mcap")
    assert len(done.decisions) > 100
    assert done.compare().same


def test_every_part_of_a_rotation_recomputes_by_itself(tmp_path):
    paths = recorded(tmp_path / "run.mcap", 2.0, {"policy": "latency"}, rotate="200kB")
    assert len(paths) >= 3
    for path in paths:
        assert replay(path).compare().same


def test_the_jobs_that_ran_give_the_results_that_were_recorded_bit_by_bit(folder):
    done = again(folder, mode="recorded")
    assert len(done.results) > 50
    assert done.compare().same


def test_lossless_runs_every_frame_and_finds_the_same_where_both_looked(folder):
    done = again(folder, mode="lossless")
    frames = {seq for result in done.results for _, seq in result.inputs}
    assert len(frames) == 61
    assert done.driven.stats["pilot"].dropped == {}
    there = {(result.stream, result.seq) for result in done.past.results}
    assert [d for d in done.compare().differences if (d.topic, d.key) in there] == []


def test_another_budget_shows_what_would_have_been(folder):
    tight = again(folder, schedule={"policy": "power", "budget": "3.3W"})
    first = tight.compare().first
    assert first is not None
    assert tight.driven.stats["pilot"].dropped["rate"] > 10
    assert again(folder, schedule={"policy": "power", "budget": "3.3W"}).digest == tight.digest


def test_a_quicker_board_is_quicker(folder):
    slow, quick = (again(folder, board=board).results for board in ("generic", "pi5"))
    assert max(result.latency for result in quick) < min(result.latency for result in slow)


@contextlib.contextmanager
def beside():
    """Threads that compute in Python and in C meanwhile."""
    over = threading.Event()

    def work():
        while not over.is_set():
            hashlib.sha256(bytes(100_000))
            sum(range(1000))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_twelve_replays_are_one_whatever_the_hash_seed(folder, tmp_path):
    """In processes of their own, two at a time, and in this one beside busy threads."""
    command = [sys.executable, "-c", "import sys; from edgeai.cli import main; main()"]
    command += ["replay", str(folder / "hall.mcap"), "--graph", str(folder / "hall.yaml")]
    command += ["--policy", "power", "--budget", "3.3W", "--json"]
    found = set()
    for pair in range(2):
        running = [
            subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONHASHSEED": str(2 * pair + k)})
            for k in range(2)
        ]
        found |= {process.communicate(timeout=120)[0] for process in running}
    with beside():
        found |= {again(folder, schedule={"policy": "power", "budget": "3.3W"}).digest for _ in range(8)}
    texts = [text for text in found if isinstance(text, bytes)]
    assert len(texts) == 1
    assert json.loads(texts[0])["digest"] in found
    assert len(found) == 2


def test_live_recorded_recomputes_and_reruns_alike(tmp_path, folder):
    pipeline = Pipeline(graph(policy="latency"), frames=60)
    with pipeline.record(tmp_path / "live.mcap"):
        assert pipeline.wait(30)
    (path,) = pipeline.recorder.paths
    assert replay(path).compare().same
    done = replay(path, mode="recorded", graph=folder / "hall.yaml")
    assert len(done.results) > 20
    assert done.compare().same


def test_reference_kernels_agree_with_themselves(folder):
    one = again(folder, mode="recorded", numerics="reference")
    assert one.digest == again(folder, mode="recorded", numerics="reference").digest


def test_no_output_is_driven_unless_it_is_asked_for(folder, tmp_path):
    out = tmp_path / "out.jsonl"
    again(folder, mode="lossless", outputs={"log": f"jsonl:{out}"})
    assert len(out.read_text().splitlines()) == 122


def test_another_model_of_the_same_name_is_refused(folder, tmp_path):
    for size in ("small", "medium"):
        (tmp_path / f"pilot_{size}.tflite").write_bytes((PILOTS / "pilot_large.tflite").read_bytes())
    text = (folder / "hall.yaml").read_text().replace(f"{PILOTS}/", f"{tmp_path}/")
    (tmp_path / "other.yaml").write_text(text)
    with pytest.raises(ModelError, match="another model"):
        replay(folder / "hall.mcap", mode="recorded", graph=tmp_path / "other.yaml")


def test_a_graph_with_other_sources_or_ladders_is_refused(folder):
    other = Graph(cameras={"rear": "synthetic"}, stages={"pilot": {"model": str(PILOTS / "pilot_small.tflite")}})
    (folder / "rear.yaml").write_text(other.to_yaml())
    with pytest.raises(RecordingError, match="no source 'rear'"):
        replay(folder / "hall.mcap", mode="lossless", graph=folder / "rear.yaml")
    short = Graph(cameras={"front": "synthetic"}, stages={"pilot": {"model": str(PILOTS / "pilot_small.tflite")}})
    (folder / "short.yaml").write_text(short.to_yaml())
    with pytest.raises(RecordingError, match="has no pilot_medium"):
        replay(folder / "hall.mcap", mode="recorded", graph=folder / "short.yaml")


# -- the command ---------------------------------------------------------------------------------------------------


def command(*arguments):
    return CliRunner().invoke(app, ["replay", *map(str, arguments)])


def test_exit_codes_say_same_and_different(folder):
    assert command(folder / "hall.mcap").exit_code == 0
    tight = command(folder / "hall.mcap", "--graph", folder / "hall.yaml", "--policy", "fixed")
    assert tight.exit_code == 1
    assert "differences" in tight.output


def test_a_golden_is_written_only_when_asked_and_then_holds(folder, tmp_path):
    golden = tmp_path / "hall.golden"
    asked = [folder / "hall.mcap", "--mode", "recorded", "--graph", folder / "hall.yaml", "--golden", golden]
    missing = command(*asked)
    assert isinstance(missing.exception, RecordingError)
    assert not golden.exists()
    assert command(*asked, "--update").exit_code == 0
    assert command(*asked).exit_code == 0
    golden.write_text(golden.read_text().replace('"steering"', '"turning"'))
    changed = command(*asked, "--report", tmp_path / "r.xml", "--picture", tmp_path / "first.png")
    assert changed.exit_code == 1
    assert "turning" in changed.output
    assert "failure" in (tmp_path / "r.xml").read_text()
    assert (tmp_path / "first.png").stat().st_size > 1000


def test_two_runs_side_by_side(folder):
    asked = (
        folder / "hall.mcap",
        "--graph",
        folder / "hall.yaml",
        "--policy",
        "power",
        "--budget",
        "3.3W",
        "--compare",
    )
    shown = command(*asked)
    assert shown.exit_code == 1
    assert "recorded" in shown.output
    assert "replayed" in shown.output
    assert "chosen differently for" in shown.output
    assert "dropped: rate" in shown.output
    told = json.loads(command(*asked, "--json").stdout)
    pilot, _ = told["stages"]
    assert pilot["replayed"]["results"] < pilot["recorded"]["results"]
    assert told["chosen_differently"]["items"] > 20


def test_a_what_if_of_nothing_is_the_recorded_run(folder):
    """Driven by the recorded sources and durations, the scheduler takes the same decisions at the same times."""
    done = again(folder)
    assert done.driven is not None
    assert done.compare().same
    assert done.divergence.first is None


def test_a_variant_that_never_ran_is_named(folder):
    done = again(folder, models={"second": [str(PILOTS / "pilot_large.tflite")]})
    assert done.driven.unknown == ("pilot_large",)
    shown = command(
        folder / "hall.mcap",
        "--graph",
        folder / "hall.yaml",
        "--compare",
        "--model",
        f"second={PILOTS}/pilot_large.tflite",
    )
    assert "10 ms a job are assumed" in shown.output


def test_pauses_and_other_policies_are_met_again(tmp_path, folder):
    pipeline = Pipeline(graph(policy="latency"), engine="lockstep", durations={"pilot": 0.03, "second": 0.015})
    with pipeline.record(tmp_path / "run.mcap"):
        pipeline.advance(0.5)
        pipeline.configure(policy="power", budget="3.3W")
        pipeline.advance(0.5)
        pipeline.pause()
        pipeline.advance(0.5)
        pipeline.resume()
        pipeline.advance(0.5)
    assert replay(tmp_path / "run.mcap").compare().same
    done = replay(tmp_path / "run.mcap", graph=folder / "hall.yaml")
    assert done.divergence.sentence(0) == f"the same was chosen for all {done.divergence.items} items"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--mode", "slow"), "--mode"),
        (("--model", "pilot"), "STAGE=FILE"),
        (("--outputs", "serial:/dev/ttyACM0"), "no device is driven"),
        (("--numerics", "exact"), "reference"),
        (("--update",), "--golden"),
    ],
)
def test_a_wrong_word_is_named(folder, arguments, words):
    error = command(folder / "hall.mcap", *arguments).exception
    assert isinstance(error, ConfigError)
    assert words in str(error)


def test_lossy_pictures_cannot_be_compared_exactly(tmp_path):
    (path,) = recorded(tmp_path / "run.mcap", 0.5, cameras="jpeg:80")
    assert Recording.open(path).header.lossy
    text = graph().to_yaml().replace("pilot_", f"{PILOTS}/pilot_")
    (tmp_path / "g.yaml").write_text(text)
    asked = [path, "--mode", "recorded", "--graph", tmp_path / "g.yaml", "--golden", tmp_path / "g", "--update"]
    assert "lossy" in str(command(*asked).exception)
    assert command(*asked, "--tolerance", "0.5").exit_code == 0
    assert command(*asked[:-1]).exit_code == 0  # by the golden's own tolerance


def test_what_is_no_recording_ends_with_a_sentence(tmp_path):
    (tmp_path / "no.mcap").write_bytes(b"hello")
    assert isinstance(command(tmp_path / "no.mcap").exception, RecordingError)
