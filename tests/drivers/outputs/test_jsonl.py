from __future__ import annotations

import json
import os
import resource
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edgeai.clock import SystemClock
from edgeai.errors import DeviceError, DeviceLost, DeviceNotFound
from edgeai_drivers.outputs import _lines
from edgeai_drivers.outputs.jsonl import Jsonl


def lines(path: Path) -> list[dict]:
    text = path.read_text()
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def test_one_line_a_result_readable_while_the_run_goes_on(opened, result, detections, tmp_path):
    out = opened(Jsonl, path=str(tmp_path / "out.jsonl"))
    for seq in range(3):
        out.write(result(detections, seq), None)
        assert [line["seq"] for line in lines(tmp_path / "out.jsonl")] == list(range(seq + 1))


def test_a_file_is_begun_anew_unless_append(opened, result, tmp_path):
    path = tmp_path / "out.jsonl"
    for append, expected in ((False, [1]), (True, [1, 2]), (False, [3])):
        out = opened(Jsonl, path=str(path), append=append)
        out.write(result(None, expected[-1]), None)
        out.close()
        assert [line["seq"] for line in lines(path)] == expected


def test_append_begins_a_line_of_its_own_behind_a_torn_one(opened, result, tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text('{"seq":1}\n{"se')
    opened(Jsonl, path=str(path), append=True).write(result(None, 2), None)
    assert json.loads(path.read_text().splitlines()[-1])["seq"] == 2


def test_a_full_disk_is_said_and_the_output_can_be_closed(opened, result):
    out = opened(Jsonl, path="/dev/full")
    with pytest.raises(DeviceError, match="disk is full: free some space"):
        out.write(result(None), None)


def test_a_line_that_does_not_fit_is_taken_back_and_the_next_is_tried(opened, result, detections, tmp_path):
    path = tmp_path / "out.jsonl"
    out = opened(Jsonl, path=str(path))
    out.write(result(detections, 0), None)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, hard))
        with pytest.raises(DeviceError, match="what was written is readable"):
            out.write(result(detections, 1), None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, previous)
    assert [line["seq"] for line in lines(path)] == [0]
    out.write(result(detections, 2), None)
    assert [line["seq"] for line in lines(path)] == [0, 2]


KILLED = """
import os, signal, sys
from edgeai.clock import SystemClock
from edgeai.messages import Result
from edgeai_drivers.outputs.jsonl import Jsonl
out = Jsonl("out", Jsonl.Options(path=sys.argv[1]))
out.open(SystemClock())
for seq in range(500):
    out.write(Result("s", seq, seq, {"text": "x" * 300}, ()), None)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_after_kill_9_every_line_is_there_and_whole(tmp_path):
    path = tmp_path / "out.jsonl"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", KILLED, str(path)], env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert [line["seq"] for line in lines(path)] == list(range(500))


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("{tmp}/no/such/out.jsonl", r"mkdir -p .*/no/such"),
        ("{tmp}", "it is a folder: give the name of a file"),
        ("{tmp}/file/out.jsonl", "is a file, not a folder"),
        ("{tmp}/pipe", "start its reader first"),
        pytest.param(
            "/sys/out.jsonl",
            "may not be written|read-only",
            marks=pytest.mark.skipif(not Path("/sys/kernel").exists(), reason="no /sys here"),
        ),
    ],
)
def test_a_place_that_cannot_be_written_is_said_at_open(path, advice, tmp_path):
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    out = Jsonl("out", Jsonl.Options(path=path.format(tmp=tmp_path)))
    with pytest.raises(DeviceNotFound, match=advice):
        out.open(SystemClock())
    out.close()


def test_an_empty_path_is_a_problem_of_the_configuration():
    (problem,) = Jsonl("out", Jsonl.Options(path="")).check()
    assert problem.path == "outputs.out.path"


def test_dash_is_standard_output(opened, result, capfd):
    opened(Jsonl, path="-").write(result({"x": 1}, 4), None)
    assert json.loads(capfd.readouterr().out)["value"] == {"x": 1}


def test_dash_follows_a_program_that_captures_its_output(opened, result, capsys):
    opened(Jsonl, path="-").write(result({"x": 1}, 4), None)
    assert json.loads(capsys.readouterr().out)["seq"] == 4


@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    yield str(tmp_path / "pipe"), reader
    os.close(reader)


def drain(reader: int) -> bytes:
    data = b""
    while select.select([reader], [], [], 0)[0] and (chunk := os.read(reader, 65536)):
        data += chunk
    return data


def test_a_reader_that_pauses_loses_whole_lines_and_holds_nobody_up(opened, result, pipe, monkeypatch):
    monkeypatch.setattr(_lines, "PATIENCE", 0.02)
    path, reader = pipe
    out = opened(Jsonl, path=path)
    sent = 0
    while not out.dropped:
        out.write(result("x" * 10_000, sent), None)
        sent += 1
    data = drain(reader)
    out.write(result("after", sent), None)
    out.close()
    read = [json.loads(line) for line in (data + drain(reader)).splitlines()]
    assert len(read) == sent + 1 - out.dropped
    assert read[-1]["value"] == "after"


def test_a_reader_that_goes_away_is_said(opened, result, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    out = opened(Jsonl, path=str(tmp_path / "pipe"))
    os.close(reader)
    with pytest.raises(DeviceLost, match="its reader has gone away"):
        out.write(result(None), None)
