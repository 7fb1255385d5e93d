"""What must be the same on every processor: tools/aarch64 runs this on 64-bit ARM, against digests made on x86-64.

python -m tests.test_architecture stores the recording and its digests anew, after a change of what they contain.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from edgeai import Graph, Pipeline, pilots
from edgeai.replay.run import replay

pytestmark = pytest.mark.aarch64

DATA = Path(__file__).parent / "data"
DRIVE, DIGESTS = DATA / "drive.mcap", DATA / "digests.json"
LADDER = ["pilot_large", "pilot_medium", "pilot_small"]

EXACT = {"numerics": "reference"}
REPLAYS = {
    "recompute": {},
    "another budget": {"schedule": {"policy": "power", "budget": "3.3W"}, **EXACT},
    "another board": {"board": "pi5", "schedule": {"policy": "accuracy_floor", "accuracy": 0.7}, **EXACT},
    "reference kernels": {"mode": "recorded", **EXACT},
}


def graph(**changes):
    return Graph(
        cameras={"front": {"driver": "track", "world": "rover", "size": "160x120", "fps": 30}},
        sensors={"rover": {"driver": "rover", "seed": 3}},
        stages={"pilot": {"input": "front", "model": LADDER, "deadline": "100ms", "rate": [5, 30]}},
        schedule={"policy": "latency"},
        **changes,
    )


def digest(name):
    return replay(DRIVE, graph=DATA / "drive.yaml" if REPLAYS[name] else None, **REPLAYS[name]).digest


@pytest.mark.parametrize("name", REPLAYS)
def test_a_recorded_drive_is_replayed_to_the_bit(name):
    assert digest(name) == json.loads(DIGESTS.read_text())[name]


def test_opencv_comes_without_a_screen():
    code = "import cv2; print([line for line in open('/proc/self/maps') if 'libGL' in line])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_rover_of_the_package_drives():
    pipeline = Pipeline.load(Path(pilots.__file__).parent / "rover.yaml", engine="lockstep")
    with pipeline:
        pipeline.advance(1)
        assert pipeline.stats()["pilot"].delivered > 25
        assert pipeline.latest("pilot").get(max_age=0.1).value is not None


def test_the_command_line_runs_a_model_on_a_camera():
    model = Path(pilots.__file__).parent / "pilot_small.tflite"
    asked = ["run", "--source", "synthetic:?size=160x120&fps=5", "--model", str(model), "--frames", "10"]
    command = [sys.executable, "-c", "from edgeai.cli import main; main()", *asked]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    assert "pilot_small" in run.stderr


def _store():
    DRIVE.unlink(missing_ok=True)
    pipeline = Pipeline(graph(), engine="lockstep", durations={"pilot": 0.02})
    with pipeline.record(DRIVE, cameras="jpeg:80"):
        pipeline.advance(1)
    (DATA / "drive.yaml").write_text(graph().to_yaml())
    DIGESTS.write_text(json.dumps({name: digest(name) for name in REPLAYS}, indent=1) + "\n")


if __name__ == "__main__":
    _store()
