"""What must be the same on every processor; tools/aarch64 runs this on 64-bit ARM, beside a drive made on x86-64."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeai import Pipeline, pilots
from tests import drive

pytestmark = pytest.mark.aarch64


@pytest.fixture(scope="module")
def driven(tmp_path_factory):
    """The folder of a drive: the other processor's that EDGEAI_DRIVE names, else one made here and now."""
    if "EDGEAI_DRIVE" in os.environ:
        return Path(os.environ["EDGEAI_DRIVE"])
    folder = tmp_path_factory.mktemp("drive")
    drive.make(folder)
    return folder


@pytest.mark.parametrize("name", drive.REPLAYS)
def test_a_recorded_drive_is_replayed_to_the_bit(driven, name):
    assert drive.digest(driven, name) == json.loads((driven / "digests.json").read_text())[name]


def test_opencv_comes_without_a_screen():
    code = "import cv2; print([line for line in open('/proc/self/maps') if 'libGL' in line])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_rover_of_the_package_drives():
    pipeline = Pipeline.load(Path(pilots.__file__).parent / "rover.yaml", engine="lockstep")
    with pipeline:
        pipeline.advance(1)
        assert pipeline.stats()["pilot"].delivered > 25
        assert pipeline.latest("pilot").get(max_age=0.1).value is not None


def test_the_command_line_runs_a_model_on_pictures(tmp_path):
    for i in range(5):
        cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((120, 160, 3), 40 * i, np.uint8))
    model = Path(pilots.__file__).parent / "pilot_small.tflite"
    asked = ["run", "--source", str(tmp_path), "--model", str(model), "--output", f"jsonl:{tmp_path}/out.jsonl"]
    command = [sys.executable, "-c", "from edgeai.cli import main; main()", *asked, "--lossless"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 5
