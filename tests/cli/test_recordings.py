"""`edgeai record`, `info`, `recover` and `export`, one after the other."""

import json

from edgeai.graph import Graph


def test_a_run_is_recorded_described_mended_and_exported(edgeai, tmp_path):
    assert edgeai("record", "-o", "run.mcap", "--frames", 8, "--quiet")[0] == 0
    code, out, _ = edgeai("info", "run.mcap", "--json")
    found = json.loads(out)
    assert (code, found["complete"], found["lossy"]) == (0, True, False)
    assert found["topics"]["/cameras/front/image"]["messages"] == 8
    (tmp_path / "torn.mcap").write_bytes((tmp_path / "run.mcap").read_bytes()[:-20_000])
    assert edgeai("recover", "torn.mcap")[0] == 0
    assert edgeai("info", "torn-recovered.mcap")[0] == 0
    assert edgeai("export", "run.mcap", "--frames", "f", "--jsonl", "r.jsonl", "--csv", "r.csv")[0] == 0
    assert len(list((tmp_path / "f").glob("front-*.png"))) == 8
    assert any(json.loads(line)["name"] == "pilot" for line in (tmp_path / "r.jsonl").read_text().splitlines())
    assert edgeai("info", "r.csv")[0] == 5
    assert edgeai("record", "--rotate", "soon")[0] == 2
    code, _, err = edgeai("record", "-o", "missing/run.mcap")
    assert code == 5
    assert "'missing' does not exist" in err


def test_a_graph_says_that_it_is_recorded():
    text = "cameras: {front: 'synthetic:'}\nstages: {f: {call: 'math:floor'}}\nrecord: {path: a.mcap, look_back: 30s}\n"
    graph = Graph.parse(text, allow_code=True)
    assert (graph.record.path, graph.record.look_back) == ("a.mcap", 30.0)
    assert Graph.parse(graph.to_yaml(), allow_code=True).record == graph.record
