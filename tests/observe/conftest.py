"""A pipeline that runs, watched over its live view."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket

import pytest

from edgeai import Graph, Pipeline


class Reader:
    """Asks a live view as a browser or a script would."""

    def __init__(self, pipeline):
        self.pipeline = pipeline
        self.port = pipeline.view.port

    def ask(self, path, method="GET", body=None, **headers):
        """Return (status, headers, content); `host_` and the like are headers with a dash."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            named = {name.strip("_").replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def json(self, path, **headers):
        return json.loads(self.ask(path, **headers)[2])

    def command(self, name, body=None, **headers):
        said = {"content_type": "application/json", "x_edgeai": "1", **headers}
        raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        status, _, content = self.ask(f"/commands/{name}", "POST", raw, **said)
        return status, content.decode()

    def connect(self, timeout=5.0):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def send(self, raw):
        """Send bytes, and return all that comes back until the server hangs up."""
        with self.connect() as connection:
            connection.sendall(raw)
            return received(connection)


def received(connection):
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def number(frame):
    return frame.seq


def graph(**more):
    return Graph(
        **{
            "cameras": {"cam": "synthetic:64x48?fps=50"},
            "stages": {"count": {"call": number, "input": "cam"}},
            "meters": {},
            **more,
        }
    )


@contextlib.contextmanager
def live():
    """A pipeline that has given results, with its live view."""
    pipeline = Pipeline(graph()).live_view(0)
    with pipeline.stream("count") as results, pipeline:
        for _ in range(3):
            next(results)
        yield Reader(pipeline)
    assert not pipeline.faults


@pytest.fixture
def reader():
    with live() as reader:
        yield reader


@pytest.fixture(scope="module")
def watched():
    """One for all tests that change nothing."""
    with live() as reader:
        yield reader
