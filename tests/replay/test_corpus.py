"""Many recordings: everyone is accounted for, however the work is spread."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from edgeai.cli import app
from edgeai.errors import ConfigError
from edgeai.replay.corpus import recordings_in, run_corpus
from tests.recording.conftest import recorded


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three good recordings and one that is none."""
    folder = tmp_path_factory.mktemp("corpus")
    recorded(folder / "a.mcap", 0.5, {"policy": "latency"})
    (folder / "more").mkdir()
    recorded(folder / "more" / "b.mcap", 0.5)
    shutil.copy(folder / "a.mcap", folder / "c.mcap")
    (folder / "torn.mcap").write_bytes((folder / "a.mcap").read_bytes()[:300])
    return folder


def test_a_corpus_tells_of_each_recording_what_came_of_it(folder):
    done = run_corpus(recordings_in(folder))
    assert [o.state for o in done.outcomes] == ["passed", "passed", "passed", "error"]
    assert done.code == 5
    assert done.outcomes[0].digest == done.outcomes[1].digest != done.outcomes[2].digest


@pytest.fixture
def cluster(tmp_path):
    """The address of a Dask scheduler with two workers, on loopback, and the scheduler's process."""
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    where = tmp_path / "scheduler.json"
    said = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(where)]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny", *said]
    commands = [[sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", *said], worker, worker]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = [subprocess.Popen(command, **quiet) for command in commands]
    for _ in range(600):
        if where.exists() and where.read_text().strip().endswith("}"):
            break
        time.sleep(0.05)
    yield json.loads(where.read_text())["address"], running[0]
    for process in reversed(running):
        process.terminate()
        process.wait(20)


def test_workers_and_a_cluster_tell_the_same_as_one_process(folder, cluster):
    paths = recordings_in(folder)
    alone = run_corpus(paths)
    assert run_corpus(paths, jobs=2) == alone
    address, _ = cluster
    assert run_corpus(paths, scheduler=address) == alone


def test_what_was_done_is_not_done_again_but_errors_are(folder, tmp_path):
    state = tmp_path / "state.jsonl"
    paths = recordings_in(folder)
    first, told = run_corpus(paths, state=state), []
    again = run_corpus(paths, state=state, progress=lambda done, of, name: told.append(name))
    assert again == first
    assert told == ["torn.mcap"]
    with state.open("a") as file:
        file.write('{"torn line')
    assert run_corpus(paths, state=state) == first


def test_other_options_are_another_run(folder, tmp_path):
    state = tmp_path / "state.jsonl"
    paths = [folder / "a.mcap"]
    run_corpus(paths, state=state)
    told = []
    run_corpus(paths, {"schedule": {}}, state=state, progress=lambda done, of, name: told.append(name))
    assert told == ["a.mcap"]


class Killer:
    """Stands for a recording during which a process is killed, once for each marker: the worker's own, or a victim."""

    def __init__(self, path, marker, victim=None):
        self.path, self.marker, self.victim = path, (os.getpid(), str(marker)), victim

    def __fspath__(self):
        here, marker = self.marker
        if os.getpid() != here and not os.path.exists(marker):
            with open(marker, "w"):
                pass
            os.kill(self.victim or os.getpid(), signal.SIGKILL)
        return str(self.path)

    def __str__(self):
        return str(self.path)

    name = "killer.mcap"

    def open(self, mode):
        return open(self.path, mode)


def test_a_recording_whose_worker_is_killed_is_tried_again(folder, tmp_path):
    killer = Killer(folder / "a.mcap", tmp_path / "killed")
    done = run_corpus([folder / "c.mcap", killer], jobs=2)
    assert (tmp_path / "killed").exists()
    assert [o.state for o in done.outcomes] == ["passed", "passed"]


def test_a_lost_worker_of_a_cluster_is_replaced_by_another_and_the_last_one_is_told_of(folder, tmp_path, cluster):
    address, _ = cluster
    first, last = (Killer(folder / "a.mcap", tmp_path / marker) for marker in ("first", "last"))
    done = run_corpus([first, folder / "c.mcap"], scheduler=address)
    assert (tmp_path / "first").exists()
    assert [o.state for o in done.outcomes] == ["passed", "passed"]
    left = run_corpus([last], scheduler=address, patience=0.5)
    assert (tmp_path / "last").exists()
    assert left.code == 5
    assert "no worker" in left.outcomes[0].why


def test_a_cluster_whose_scheduler_is_lost_leaves_no_recording_out(folder, tmp_path, cluster):
    address, scheduler = cluster
    done = run_corpus([Killer(folder / "a.mcap", tmp_path / "killed", scheduler.pid)], scheduler=address)
    assert done.outcomes[0].state == "error"
    assert "scheduler was lost" in done.outcomes[0].why


def test_the_command_prints_a_summary_and_exits_by_the_worst(folder):
    shown = CliRunner().invoke(app, ["replay", str(folder), "--json"])
    assert shown.exit_code == 5
    assert len(json.loads(shown.stdout)) == 4
    table = CliRunner().invoke(app, ["replay", str(folder / "more")])
    assert table.exit_code == 0
    assert "1 passed" in table.output


def test_a_folder_without_recordings_is_an_error(tmp_path):
    assert isinstance(CliRunner().invoke(app, ["replay", str(tmp_path)]).exception, ConfigError)
