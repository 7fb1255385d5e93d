"""Record ten seconds of the simulated rover in virtual time, and write its graph beside the recording."""

from pathlib import Path

import edgeai
from edgeai import pilots

HERE = Path(__file__).parent
graph = edgeai.Graph.load(Path(pilots.__file__).with_name("rover.yaml"))
pipeline = edgeai.Pipeline(graph, engine="lockstep", durations={"pilot": 0.008})
with pipeline.record(HERE / "drive.mcap"):
    pipeline.advance(10)
text = graph.to_yaml()
for model in Path(pilots.__file__).parent.glob("*.tflite"):
    text = text.replace(f" {model.name}", f" {model}").replace(f" {model.stem}\n", f" {model}\n")
(HERE / "rover.yaml").write_text(text)
print(*pipeline.recorder.paths)
