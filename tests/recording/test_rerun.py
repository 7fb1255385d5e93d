"""A recording as a file of rerun."""

from __future__ import annotations

import importlib.util

import pytest
from typer.testing import CliRunner

from edgeai.cli import app
from edgeai.errors import PluginError

HAS_RERUN = importlib.util.find_spec("rerun") is not None


@pytest.mark.skipif(HAS_RERUN, reason="rerun is installed")
def test_without_rerun_the_extra_is_named(run, tmp_path):
    done = CliRunner().invoke(app, ["export", str(run), "--rerun", str(tmp_path / "run.rrd")])
    assert isinstance(done.exception, PluginError)
    assert "edgeai[rerun]" in str(done.exception)
    assert not list(tmp_path.glob("*.rrd"))


@pytest.mark.skipif(not HAS_RERUN, reason="rerun is not installed: pip install 'edgeai[rerun]', 170 MB")
def test_a_recording_becomes_a_file_of_rerun(run, tmp_path):
    done = CliRunner().invoke(app, ["export", str(run), "--rerun", str(tmp_path / "run.rrd")])
    assert done.exit_code == 0
    assert (tmp_path / "run.rrd").read_bytes()[:4] == b"RRF2"
