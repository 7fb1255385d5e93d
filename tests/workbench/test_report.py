"""The report of a recording: one page that asks nothing of anybody, whose figures are those of the pipeline."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from edgeai import Graph, Pipeline, RecordingError, plugins
from edgeai.cli import app
from edgeai.recording.reader import Recording
from edgeai.workbench.report.page import page
from edgeai.workbench.report.pictures import worst_frames
from edgeai.workbench.report.story import PHASES, read_story

VOID = {"meta", "img", "path", "rect", "br"}


class Reader(HTMLParser):
    """Reads a page, and insists that what is opened is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text, self.addresses, self.pictures = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "srcset", "action"):
                (self.pictures if value.startswith("data:image/jpeg;base64,") else self.addresses).append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def decide(frame):
    if frame.seq == 70:
        raise ValueError("seventy <b>is</b> too many")
    return frame.seq


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Six seconds in virtual time: a stage that becomes slow, and breaks once, and one that follows it."""
    path = tmp_path_factory.mktemp("report") / "run.mcap"
    stages = {"count": {"call": decide, "deadline": "60ms"}, "after": {"call": str, "input": "count"}}
    graph = Graph(cameras={"cam": "synthetic:64x48?fps=20"}, stages=stages)
    pipeline = None

    def durations(stage, variant):
        slow = pipeline.clock.now() > 3_000_000_000
        return 0.001 if stage == "after" else 0.09 if slow else 0.02

    pipeline = Pipeline(graph, engine="lockstep", durations=durations)
    with pipeline.record(path):
        pipeline.advance(5)
        pipeline.configure(policy="power", budget="4W")
        pipeline.advance(1)
    return path, pipeline.stats()


def story_of(path):
    return read_story(Recording.open(path), lambda name: plugins.find("policies", name))


def test_the_page_is_whole_and_asks_nothing_of_anybody(run, tmp_path):
    path, _ = run
    done = CliRunner().invoke(app, ["report", str(path), "-o", str(tmp_path / "r.html")])
    assert done.exit_code == 0
    text = (tmp_path / "r.html").read_text("utf-8")
    read = Reader(text)
    assert read.addresses == []
    assert "script" not in read.tags
    assert not re.search(r"url\(|@import|https?://", text)
    assert {"svg", "table", "figure", "details"} <= set(read.tags)


def test_its_figures_are_those_of_the_pipeline(run):
    path, stats = run
    story = story_of(path)
    for name, stage in story.stages.items():
        assert len(stage.looks) == stats[name].delivered
        assert stage.late == stats[name].late
        assert stage.missed == stats[name].missed
        assert stage.offered == stats[name].offered - stats[name].in_flight
    assert story.seconds == pytest.approx(6, abs=0.1)
    assert story.budgets == [(story.budgets[0][0], 4.0)]
    shown = "".join(Reader(page(story, ())).text)
    count = story.stages["count"]
    assert f"{count.missed} of {count.offered} missed the deadline of 60 ms" in shown
    assert "its budget was 4 W" in shown


def test_the_phases_of_a_result_add_up_to_its_latency(run):
    story = story_of(run[0])
    for stage in story.stages.values():
        assert all(sum(look.phases) == look.latency for look in stage.looks)
    earlier = PHASES.index("earlier stages")
    assert all(look.phases[earlier] > 0 for look in story.stages["after"].looks)
    assert all(look.phases[earlier] == 0 for look in story.stages["count"].looks)


def test_the_slowest_frames_are_shown_as_pictures_some_time_apart(run):
    path, _ = run
    story = story_of(path)
    pictures = worst_frames(Recording.open(path), story)
    slowest = max(look.latency for look in story.stages["count"].looks)
    assert pictures[0].result.published - pictures[0].result.stamp == slowest
    assert all(abs(a.at - b.at) >= 0.5 for i, a in enumerate(pictures) for b in pictures[:i])
    read = Reader(page(story, pictures))
    assert len(read.pictures) == len(pictures) > 1
    for address in read.pictures:
        jpeg = base64.b64decode(address.partition(",")[2])
        assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (48, 64, 3)


def test_faults_and_decisions_are_told_with_their_reasons_and_nothing_is_markup(run):
    story = story_of(run[0])
    assert [(h.name, h.what) for h in story.happenings if h.kind == "fault"] == [("count", "failed")]
    assert any(h.what == "policy Power" and "budget 4" in h.why for h in story.happenings)
    text = page(story, ())
    assert "seventy &lt;b&gt;is&lt;/b&gt; too many" in text
    assert "1 fault, told below." in "".join(Reader(text).text)


def test_a_torn_recording_and_one_of_nothing_still_make_a_page(run, tmp_path):
    path, _ = run
    torn = tmp_path / "torn.mcap"
    torn.write_bytes(path.read_bytes()[:-30_000])
    story = story_of(torn)
    assert Reader(page(story, worst_frames(Recording.open(torn), story)))
    with Pipeline(Graph(cameras={"cam": "synthetic:64x48"}, stages={"f": {"call": str}}), engine="lockstep").record(
        tmp_path / "empty.mcap"
    ):
        pass
    empty = story_of(tmp_path / "empty.mcap")
    assert "f gave no result." in "".join(Reader(page(empty, ())).text)


def test_what_is_no_recording_is_refused(tmp_path):
    (tmp_path / "x.mcap").write_bytes(b"no")
    result = CliRunner().invoke(app, ["report", str(tmp_path / "x.mcap")])
    assert isinstance(result.exception, RecordingError)
    assert not (tmp_path / "x.html").exists()
