"""A recorded drive of the simulated rover, and what replays of it give on this processor.

python -m tests.drive FOLDER writes both, for a test on another processor to compare with.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from edgeai import Graph, Pipeline
from edgeai.replay.run import replay

EXACT = {"numerics": "reference"}
REPLAYS = {
    "recompute": {},
    "another budget": {"schedule": {"policy": "power", "budget": "3.3W"}, **EXACT},
    "another board": {"board": "pi5", "schedule": {"policy": "accuracy_floor", "accuracy": 0.7}, **EXACT},
    "reference kernels": {"mode": "recorded", **EXACT},
}


def make(folder: Path) -> None:
    """Record a second of driving, as JPEG: its decoder is compared, too."""
    graph = Graph(
        cameras={"front": {"driver": "track", "world": "rover", "size": "160x120", "fps": 30}},
        sensors={"rover": {"driver": "rover", "seed": 3}},
        stages={
            "pilot": {
                "input": "front",
                "model": ["pilot_large", "pilot_medium", "pilot_small"],
                "deadline": "100ms",
                "rate": [5, 30],
            }
        },
        schedule={"policy": "latency"},
    )
    pipeline = Pipeline(graph, engine="lockstep", durations={"pilot": 0.02})
    with pipeline.record(folder / "drive.mcap", cameras="jpeg:80"):
        pipeline.advance(1)
    (folder / "drive.yaml").write_text(graph.to_yaml())
    (folder / "digests.json").write_text(json.dumps({name: digest(folder, name) for name in REPLAYS}))


def digest(folder: Path, name: str) -> str:
    """Return the digest of one of the replays."""
    graph = folder / "drive.yaml" if REPLAYS[name] else None
    return replay(folder / "drive.mcap", graph=graph, **REPLAYS[name]).digest


if __name__ == "__main__":
    make(Path(sys.argv[1]))
