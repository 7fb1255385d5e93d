"""The live view through its addresses: page, pictures, figures, commands."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeai import ConfigError, Graph, Pipeline, Result, pilots
from edgeai.recording.reader import Recording
from tests.observe.conftest import Reader, graph

PILOTS = Path(pilots.__file__).parent
TEXT = "cameras: {cam: synthetic}\nstages: {s: {model: pilot_small.tflite}}\nlive_view: "


def picture_of(jpeg):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def test_the_page_comes_with_all_it_needs_from_here_alone(watched):
    status, headers, page = watched.ask("/")
    assert status == 200
    named = re.findall(r'(?:src|href)="([^"#]+)"', page.decode())
    assert {"page.js", "style.css", "icon.svg"} <= set(named)
    assert all(watched.ask(f"/{name}")[0] == 200 for name in named)
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_the_figures_are_those_of_the_pipeline(watched):
    told = watched.json("/stats.json")
    (stream,) = told["streams"]
    assert (told["state"], stream["name"], stream["status"]) == ("running", "count", "fresh")
    counts = stream["counts"]
    assert counts["ready"] == counts["delivered"] + sum(counts["dropped"].values()) + counts["in_flight"]
    assert [d["state"] for d in told["drivers"] if d["name"] == "cam"] == ["running"]


def test_a_picture_is_the_annotated_frame(watched):
    status, headers, jpeg = watched.ask("/streams/count.jpg")
    assert (status, headers["Content-Type"]) == (200, "image/jpeg")
    assert picture_of(jpeg).shape == (48, 64, 3)


def test_a_snapshot_is_for_keeping(watched):
    assert "count.jpg" in watched.ask("/streams/count.jpg?keep=1")[1]["Content-Disposition"]


def test_pictures_follow_each_other_as_mjpeg_until_the_pipeline_stops(reader):
    with reader.connect() as connection:
        connection.sendall(b"GET /streams/count.mjpeg HTTP/1.1\r\nHost: localhost\r\n\r\n")
        file = connection.makefile("rb")
        assert b"200" in file.readline()
        seen = 0
        while seen < 5:
            seen += file.readline().startswith(b"Content-Type: image/jpeg")
        assert reader.pipeline.view.pictures.looked_at("count") == 1
        reader.pipeline.stop()
        file.read()


def test_a_picture_that_a_stage_has_drawn_is_shown_as_it_is():
    def draw(frame):
        return np.full((30, 40, 3), (0, 0, 200), np.uint8)

    pipeline = Pipeline(graph(stages={"map": {"call": draw}})).live_view(0)
    with pipeline.stream("map") as results, pipeline:
        next(results)
        picture = picture_of(Reader(pipeline).ask("/streams/map.jpg")[2])
    assert picture.shape == (30, 40, 3)
    assert abs(int(picture[5, 5, 2]) - 200) < 5


def test_pause_and_resume(reader):
    assert reader.command("pause") == (200, '{"done":"pause"}')
    assert reader.pipeline.paused
    assert reader.command("resume")[0] == 200
    assert not reader.pipeline.paused


def test_record_and_stop_where_the_graph_says(tmp_path):
    path = tmp_path / "run.mcap"
    pipeline = Pipeline(graph(record={"path": str(path)})).live_view(0)
    with pipeline:
        pipeline.stop_recording()
        reader = Reader(pipeline)
        assert reader.json("/stats.json")["recording"] is None
        assert reader.command("record")[0] == 200
        with pipeline.stream("count") as results:
            for _ in range(5):
                next(results)
        assert reader.command("record")[0] == 400
        assert reader.command("stop-recording")[0] == 200
    recorded = Recording.open(tmp_path / "run-1.mcap").records()
    assert sum(isinstance(record.value, Result) for record in recorded) >= 4


def test_policy_and_budget(reader):
    assert reader.command("schedule", {"policy": "power", "budget": 8})[0] == 200
    assert (reader.pipeline.schedule.policy, reader.pipeline.schedule.budget) == ("power", 8.0)
    assert reader.command("schedule", {"policy": "latency"})[0] == 200
    assert (reader.pipeline.schedule.policy, reader.pipeline.schedule.budget) == ("latency", None)


@pytest.mark.parametrize(
    ("name", "body", "status", "says"),
    [
        ("explode", {}, 404, "no command"),
        ("pause", {"for": 3}, 400, "nothing is known of 'for'"),
        ("pause", b"[1]", 400, "JSON object"),
        ("pause", b"{", 400, "JSON object"),
        ("pause", b"[" * 2000, 400, "JSON object"),
        ("schedule", {}, 400, "policy, budget"),
        ("schedule", {"policy": "../../etc/passwd"}, 400, "no policy"),
        ("schedule", {"policy": 7}, 400, "no policy"),
        ("schedule", {"policy": "power", "budget": -3}, 400, "number of watts"),
        ("schedule", {"policy": "power", "budget": True}, 400, "number of watts"),
        ("schedule", b'{"policy": "power", "budget": NaN}', 400, "number of watts"),
        ("schedule", {"policy": "power", "budget": "5W"}, 400, "number of watts"),
        ("schedule", {"policy": "power", "budget": 0.001}, 400, "budget"),
        ("schedule", {"budget": 5}, 400, "keeps to no budget"),
    ],
)
def test_a_command_that_is_none_is_refused_in_a_sentence(watched, name, body, status, says):
    found, text = watched.command(name, body)
    assert (found, says in text) == (status, True), text
    assert watched.pipeline.schedule.policy == "fixed"
    assert not watched.pipeline.paused


def test_health_is_503_with_reasons_once_a_stage_has_failed():
    def breaks(frame):
        raise ValueError("the lens is dirty")

    failed = Pipeline(graph(stages={"look": {"call": breaks}})).live_view(0)
    with failed:
        for _ in failed.rate(100):
            if failed.faults:
                break
        status, _, body = Reader(failed).ask("/healthz")
    assert status == 503
    assert b"the lens is dirty" in body


def test_a_healthy_pipeline_says_so(watched):
    status, _, body = watched.ask("/healthz")
    assert (status, body) == (200, b'{"healthy":true,"reasons":[]}')


def test_a_port_in_use_is_an_error_before_anything_runs(watched):
    second = Pipeline(graph()).live_view(watched.port)
    with pytest.raises(ConfigError, match=rf"127.0.0.1:{watched.port} cannot be listened on .*choose another"):
        second.start()


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("8080", ("127.0.0.1", 8080)),
        ("0.0.0.0:81", ("0.0.0.0", 81)),
        ("'[::1]:82'", ("::1", 82)),
        ("{address: 83, token: correcthorse}", ("127.0.0.1", 83)),
    ],
)
def test_a_graph_names_its_live_view_and_is_written_with_it(written, address):
    made = Graph.parse(TEXT + written, base=PILOTS)
    assert made.live_view.address == address
    assert Graph.parse(made.to_yaml(), base=PILOTS).live_view == made.live_view


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("99999", r"live_view\.address: found 99999, expected an address to listen on"),
        ("here", r"live_view\.address: found 'here'"),
        ("{port: 80}", r"live_view\.port"),
        ("{token: short}", r"live_view\.token"),
    ],
)
def test_a_live_view_that_is_none_is_told_with_its_place(written, says):
    with pytest.raises(ConfigError, match=says):
        Graph.parse(TEXT + written, base=PILOTS)


def test_in_virtual_time_there_is_no_live_view():
    with pytest.raises(ConfigError, match="live engine"):
        Pipeline(graph(), engine="lockstep").live_view(0)
    with Pipeline(graph(live_view=0), engine="lockstep") as pipeline:
        pipeline.advance(0.1)
        assert pipeline.view is None
