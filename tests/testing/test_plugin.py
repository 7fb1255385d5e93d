"""The pytest plug-in, in a pytest of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "demos" / "replay_tests"
ROOT = Path(__file__).parents[2]


def run(folder, *arguments):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    if "edgeai" not in _entry_points():
        command += ["-p", "edgeai.testing.plugin"]
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=environment(),
    )


def environment():
    paths = [str(ROOT), str(ROOT / "drivers"), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


def _entry_points():
    from importlib.metadata import entry_points

    return {row.name for row in entry_points(group="pytest11")}


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """The demo's folder, with its recording made."""
    folder = tmp_path_factory.mktemp("suite")
    for path in DEMO.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    command = [sys.executable, "replay_tests.py"]
    subprocess.run(command, cwd=folder, check=True, timeout=120, env=environment())
    return folder


def test_the_demo_asks_for_a_golden_writes_it_when_told_and_then_passes(suite):
    missing = run(suite, "-k", "steers")
    assert missing.returncode == 1
    assert "make one with --update" in missing.stdout
    updated = run(suite, "-k", "steers", "--update-golden", "-s")
    assert updated.returncode == 0, updated.stdout
    assert "drive.golden is written" in updated.stdout
    passed = run(suite)
    assert passed.returncode == 0, passed.stdout
    assert "5 passed" in passed.stdout


def test_a_change_is_shown_as_a_table_and_a_picture(suite, tmp_path):
    folder = tmp_path / "changed"
    shutil.copytree(suite, folder)
    if not (folder / "drive.golden").exists():
        run(folder, "-k", "steers", "--update-golden")
    golden = folder / "drive.golden"
    golden.write_text(golden.read_text().replace('"steering"', '"turning"'))
    failed = run(folder, "-k", "steers")
    assert failed.returncode == 1
    assert "First divergence" in failed.stdout
    assert (folder / "drive.golden.diff.png").stat().st_size > 1000
