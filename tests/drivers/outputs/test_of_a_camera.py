"""An output may be given a camera: it gets every frame, without a stage and without a model."""

import json

from edgeai import Pipeline
from edgeai.graph import Graph


def test_without_stages_an_output_gets_the_frames_of_the_cameras(tmp_path):
    graph = Graph(
        cameras={"front": "synthetic:64x48"},
        outputs={"log": f"jsonl:{tmp_path / 'log.jsonl'}", "pictures": f"images:{tmp_path / 'pictures'}"},
    )
    with Pipeline(graph, engine="lockstep", frames=3) as pipeline:
        pipeline.wait()
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [(line["stream"], line["seq"], line["value"]) for line in lines] == [("front", i, None) for i in range(3)]
    assert len(list((tmp_path / "pictures").iterdir())) == 3
