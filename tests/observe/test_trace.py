"""A trace obeys the Trace Event Format, shows what ran where, and is there without having been asked for."""

from __future__ import annotations

import bisect
import itertools
import json
import math
from collections import Counter, defaultdict

import pytest
from typer.testing import CliRunner

from edgeai import ConfigError, Graph, Pipeline
from edgeai.cli import app

PHASES = set("XisfCM")


def number(frame):
    return frame.seq


def twice(result):
    return 2 * result.value


def third_fails(frame):
    if frame.seq == 3:
        raise ValueError("three is too many")


def check(path):
    """Hold a file against the rules of the format, and return its events."""
    found = json.loads(path.read_text())
    assert found["displayTimeUnit"] in ("ms", "ns")
    events = found["traceEvents"]
    assert {event["ph"] for event in events} <= PHASES
    named = {event["tid"] for event in events if event["name"] == "thread_name"}
    slices = defaultdict(list)
    arrows = defaultdict(dict)
    for event in events:
        assert isinstance(event["name"], str)
        assert event["pid"] == 1
        if event["ph"] == "M":
            continue
        assert event["ts"] >= 0
        assert event["tid"] in named or event["ph"] == "C"
        if event["ph"] == "X":
            assert event["dur"] >= 0
            slices[event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
        elif event["ph"] == "C":
            assert all(isinstance(value, int | float) for value in event["args"].values())
        elif event["ph"] == "i":
            assert event["s"] in ("g", "p", "t")
        else:
            assert event["ph"] not in arrows[event["id"]]
            arrows[event["id"]][event["ph"]] = event
    outer = {tid: outermost(spans) for tid, spans in slices.items()}
    for ends in arrows.values():
        assert set(ends) == {"s", "f"}
        assert ends["f"]["bp"] == "e"
        assert ends["s"]["ts"] <= ends["f"]["ts"] + 0.001
        for end in ends.values():
            spans = outer[end["tid"]]
            began, ended = spans[bisect.bisect(spans, (end["ts"] + 0.001, math.inf)) - 1]
            assert began - 0.001 <= end["ts"] <= ended + 0.001
    return events


def outermost(spans):
    """Slices of a track lie within each other or apart, to a thousandth of a microsecond; return those within none."""
    outer, open_ends = [], []
    for began, ended in sorted(spans, key=lambda span: (span[0], -span[1])):
        while open_ends and open_ends[-1] <= began + 0.001:
            open_ends.pop()
        if not open_ends:
            outer.append((began, ended))
        assert not open_ends or ended <= open_ends[-1] + 0.001
        open_ends.append(ended)
    return outer


def tracks(events):
    return {event["args"]["name"] for event in events if event["name"] == "thread_name"}


def slices(events, name):
    return [event for event in events if event["ph"] == "X" and event["name"] == name]


def graph(stages, tmp_path=None, **more):
    outputs = {"log": f"jsonl:{tmp_path / 'out.jsonl'}"} if tmp_path else {}
    return Graph(cameras={"cam": "synthetic:64x48?fps=20"}, stages=stages, outputs=outputs, **more)


def test_lanes_sources_and_outputs_have_tracks_and_arrows_lead_from_capture_to_output(tmp_path):
    stages = {"count": {"call": number}, "double": {"call": twice, "input": "count"}}
    with Pipeline(graph(stages, tmp_path), engine="lockstep", durations={"count": 0.02}) as pipeline:
        pipeline.advance(1)
        assert pipeline.trace(tmp_path / "t.json") == len(check(tmp_path / "t.json"))
    events = check(tmp_path / "t.json")
    assert tracks(events) == {"source cam", "lane 0", "output log"}
    assert len(slices(events, "frame")) == pytest.approx(20, abs=1)
    assert len(slices(events, "count")) == pytest.approx(20, abs=1)
    assert len(slices(events, "write")) == len(slices(events, "count")) + len(slices(events, "double"))
    arrows = sum(event["ph"] == "s" for event in events)
    assert arrows == len(slices(events, "count")) + len(slices(events, "double")) + len(slices(events, "write"))
    first = slices(events, "count")[0]
    assert first["dur"] == pytest.approx(20_000)
    assert first["args"]["latency ms"] == pytest.approx(20)


def test_drops_faults_and_announcements_are_marked(tmp_path):
    stages = {"slow": {"call": number, "deadline": "100ms"}, "breaks": {"call": third_fails}}
    seconds = itertools.chain([0.02] * 5, itertools.repeat(0.18))

    def durations(stage, variant):
        return next(seconds) if stage == "slow" else 0.001

    with Pipeline(graph(stages), engine="lockstep", durations=durations) as pipeline:
        pipeline.advance(2)
        pipeline.trace(tmp_path / "t.json")
        dropped = sum(pipeline.stats()["slow"].dropped.values())
    events = check(tmp_path / "t.json")
    marks = Counter(event["name"] for event in events if event["ph"] == "i")
    assert sum(n for name, n in marks.items() if name.startswith("dropped: ")) >= dropped > 0
    assert marks["breaks"] == 1
    assert any(name.startswith("slow: ") for name in marks)
    assert slices(events, "breaks: fault")


def test_what_is_kept_is_bounded_and_what_began_before_it_is_left_out(tmp_path):
    with Pipeline(graph({"count": {"call": number}}), engine="lockstep", durations={"count": 0.001}) as pipeline:
        pipeline.advance(270)
        pipeline.trace(tmp_path / "t.json")
        assert len(pipeline.decisions) == 10_000
    events = check(tmp_path / "t.json")
    assert 4_900 < len(slices(events, "count")) < 5_100


def test_a_live_run_and_a_recording_of_it_are_traced_alike(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stages, outputs = "{count: {call: 'builtins:id'}}", "{log: jsonl:o.jsonl}"
    text = f"cameras: {{cam: 'synthetic:64x48?fps=100'}}\nstages: {stages}\noutputs: {outputs}\n"
    (tmp_path / "g.yaml").write_text(text)
    recorded = ("record", "g.yaml", "-o", "run.mcap", "--trace", "live.json", "--frames", "20", "--allow-code", "-q")
    assert CliRunner().invoke(app, recorded).exit_code == 0
    assert CliRunner().invoke(app, ["trace", "run.mcap", "-o", "recorded.json"]).exit_code == 0
    live, replayed = check(tmp_path / "live.json"), check(tmp_path / "recorded.json")
    assert tracks(live) == {"source cam", "lane 0", "output log"}
    assert tracks(replayed) == {"source cam", "lane 0"}
    assert slices(live, "count") == slices(replayed, "count")
    assert len(slices(live, "count")) >= 1
    assert any(event["ph"] == "C" and event["name"].startswith("power, W") for event in replayed)


def test_a_trace_of_nothing_or_to_nowhere_is_refused(tmp_path):
    result = CliRunner().invoke(app, ["trace", "-o", str(tmp_path / "t.json")])
    assert isinstance(result.exception, ConfigError)
    with Pipeline(graph({"count": {"call": number}}), engine="lockstep") as pipeline:
        pipeline.advance(0.1)
        with pytest.raises(ConfigError, match="cannot be written"):
            pipeline.trace(tmp_path / "nowhere" / "t.json")
