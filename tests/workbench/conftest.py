from __future__ import annotations

from pathlib import Path

import pytest

WORKLOAD = """\
board: pi4
cameras:
  front: 10fps
stages:
  objects:
    model: [mobilenet-v1-0.25-128, mobilenet_v1_0.5_160_quant, mobilenet-v2-1.0-224, efficientnet-lite1]
    deadline: 100ms
    rate: [2fps, 10fps]
  track:
    input: objects
    model: {name: tracker, time: 1.5ms}
schedule: {policy: power, budget: 2.6W}
"""


@pytest.fixture
def workload(tmp_path: Path) -> Path:
    """A described workload: a ladder of a Raspberry Pi 4, and a tracker behind it."""
    path = tmp_path / "workload.yaml"
    path.write_text(WORKLOAD)
    return path
