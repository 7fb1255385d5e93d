"""Whoever is clumsy or hostile is refused or bounded, and the pipeline runs on."""

from __future__ import annotations

import contextlib
import json
import socket

import pytest

from edgeai import ConfigError, Pipeline
from edgeai.observe.server import MOST_CONNECTIONS
from tests.observe.conftest import Reader, graph, received

HEAD = b"GET /stats.json HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
def guarded():
    """A live view for others, too: its token is asked for."""
    pipeline = Pipeline(graph()).live_view("0.0.0.0:0", token="correcthorse")
    with pipeline.stream("count") as results, pipeline:
        next(results)
        yield Reader(pipeline)


def runs_on(reader):
    """Say whether the pipeline still gives results, and its page still answers."""
    with reader.pipeline.stream("count") as results:
        for _ in range(3):
            next(results)
    return reader.ask("/healthz")[0] == 200


# -- who may ask ---------------------------------------------------------------------------------------------------


def test_without_the_token_there_is_nothing_but_the_way_in(guarded):
    for path in ("/stats.json", "/streams/count.jpg", "/metrics", "/healthz", "/page.js", "/?token=wronghorse"):
        assert guarded.ask(path)[0] == 401, path
    assert guarded.command("pause")[0] == 401
    status, _, page = guarded.ask("/")
    assert (status, b"Token" in page) == (401, True)


def test_the_token_is_shown_once_and_then_a_cookie(guarded):
    status, headers, _ = guarded.ask("/?token=correcthorse")
    cookie = headers["Set-Cookie"]
    assert (status, headers["Location"]) == (303, "/")
    assert "HttpOnly" in cookie
    assert guarded.ask("/stats.json", cookie=cookie.partition(";")[0])[0] == 200


def test_a_script_shows_the_token_in_a_header(guarded):
    assert guarded.ask("/stats.json", authorization="Bearer correcthorse")[0] == 200
    for wrong in ("Bearer correcthors", "Bearer ", "Basic correcthorse", "Bearer \xfc\xfc"):
        assert guarded.ask("/stats.json", authorization=wrong.encode("latin-1"))[0] == 401, wrong
    assert guarded.ask("/stats.json", cookie='edgeai=";\x7f[')[0] == 401


def test_where_others_can_reach_the_page_a_token_is_made():
    with Pipeline(graph()).live_view("0.0.0.0:0") as pipeline:
        assert len(pipeline.view.token) >= 16
        assert pipeline.view.url == f"http://{socket.gethostname()}:{pipeline.view.port}/?token={pipeline.view.token}"
        assert Reader(pipeline).ask("/stats.json")[0] == 401


def test_on_loopback_no_token_is_asked_for(watched):
    assert watched.pipeline.view.token is None


def test_a_token_that_can_be_guessed_is_refused():
    with pytest.raises(ConfigError, match="token"):
        Pipeline(graph()).live_view(0, token="robot")


def test_a_name_that_is_not_this_machines_is_refused(watched):
    for host in ("evil.example", "evil.example:8080", "", "[", "localhost.evil.example"):
        assert watched.ask("/stats.json", host=host)[0] == 421, host
    for host in ("localhost:8080", "127.0.0.1", "192.168.1.17:8080", "[::1]:80"):
        assert watched.ask("/stats.json", host=host)[0] == 200, host


def test_a_command_from_another_page_is_refused(reader):
    assert reader.command("pause", origin="http://evil.example")[0] == 403
    assert reader.command("pause", content_type="text/plain")[0] == 403
    assert reader.ask("/commands/pause", "POST", b"{}", content_type="application/json")[0] == 403
    assert not reader.pipeline.paused
    here = f"127.0.0.1:{reader.port}"
    assert reader.command("pause", host=here, origin=f"http://{here}")[0] == 200


# -- what may be asked ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/../../../../etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/page/__init__.py",
        "/streams/../../etc/passwd.jpg",
        "/streams/nobody.jpg",
        "/streams/.mjpeg",
        "/streams/count.png",
        "/commands/pause",
        "/%00",
        "/\xff",
    ],
)
def test_only_what_is_named_can_be_had(watched, path):
    answer = watched.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode("latin-1"))
    assert answer.split()[1] in (b"404", b"400")
    assert b"root:" not in answer


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (HEAD + b"X: " + b"a" * 20_000 + b"\r\n\r\n", b"431"),
        (HEAD + b"X: 1\r\n" * 3000 + b"\r\n", b"431"),
        (b"GET /" + b"a" * 30_000 + b" HTTP/1.1\r\n\r\n", b"431"),
        (b"BREW /pot HTTP/1.1\r\nHost: localhost\r\n\r\n", b"405"),
        (b"GET / HTTP/9.9\r\n\r\n", b"505"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"421"),
        (HEAD + b"Content-Length: 99999\r\n\r\n", b"413"),
        (HEAD + b"Content-Length: -1\r\n\r\n", b"400"),
        (HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", b"413"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"400"),
    ],
)
def test_a_request_that_is_none_gets_its_status_and_no_more(watched, raw, status):
    answer = watched.send(raw + b"GET /gone HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert status in answer.splitlines()[0], answer[:100]
    assert runs_on(watched)


def test_requests_that_follow_each_other_are_answered_in_order(watched):
    pair = HEAD + b"\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = watched.send(pair)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert json.loads(answer.rpartition(b"\r\n\r\n")[2]) == {"healthy": True, "reasons": []}


# -- how much may be asked -----------------------------------------------------------------------------------------


def test_hundreds_of_connections_get_no_more_than_their_share(reader):
    with contextlib.ExitStack() as open_ones:
        held = [open_ones.enter_context(reader.connect()) for _ in range(MOST_CONNECTIONS)]
        for _ in range(200):
            with reader.connect() as connection:
                answer = received(connection)
                assert answer == b"" or answer.startswith(b"HTTP/1.1 503")
        held[0].sendall(HEAD + b"Connection: close\r\n\r\n")
        assert received(held[0]).startswith(b"HTTP/1.1 200")
    assert runs_on(reader)


def test_a_request_that_does_not_come_to_its_end_is_given_up(reader):
    with reader.connect(timeout=30) as head, reader.connect(timeout=30) as body:
        head.sendall(HEAD)
        body.sendall(b"POST /commands/pause HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{")
        assert received(head) == b""
        assert received(body).startswith(b"HTTP/1.1 408")
    assert not reader.pipeline.paused


def test_a_reader_who_takes_nothing_costs_no_picture(reader):
    with reader.connect() as stalled:
        stalled.sendall(b"GET /streams/count.mjpeg HTTP/1.1\r\nHost: localhost\r\n\r\n")
        stalled.recv(1)
        assert runs_on(reader)
        assert reader.ask("/streams/count.jpg")[0] == 200


def test_the_pipeline_stops_while_many_look_on(reader):
    with contextlib.ExitStack() as open_ones:
        readers = [open_ones.enter_context(reader.connect()) for _ in range(8)]
        for connection in readers:
            connection.sendall(b"GET /streams/count.mjpeg HTTP/1.1\r\nHost: localhost\r\n\r\n")
            connection.recv(1)
        reader.pipeline.stop()
        for connection in readers:
            received(connection)
