"""Record ten seconds of the simulated rover in virtual time: drive.mcap, and its graph as rover.yaml, for the tests."""

from pathlib import Path

import edgeai

HERE = Path(__file__).parent

graph = edgeai.Graph.load(HERE / "replay_tests.yaml")
pipeline = edgeai.Pipeline(graph, engine="lockstep", durations={"pilot": 0.008})
with pipeline.record(HERE / "drive.mcap"):
    pipeline.advance(10)

(HERE / "rover.yaml").write_text(graph.to_yaml())
print(*pipeline.recorder.paths)
