"""Foxglove, live: what a WebSocket client that speaks its protocol is given."""

from __future__ import annotations

import json
import socket
import struct

import pytest
from foxglove_schemas_protobuf.CompressedImage_pb2 import CompressedImage
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from edgeai import ConfigError, Graph, Pipeline, Regression
from edgeai.recording.foxglove_live import FoxgloveLive
from edgeai.values import Column

pytest.importorskip("foxglove", reason="foxglove-sdk is not installed")

PROTOCOL = Subprotocol("foxglove.sdk.v1")
MESSAGE = 1


class Client:
    """A viewer: learns the topics, subscribes to some, and reads."""

    def __init__(self, url):
        self.socket = connect(url, subprotocols=[PROTOCOL], open_timeout=10)
        self.channels, self.topics = {}, {}

    def topic(self, name):
        while name not in self.channels:
            said = self.socket.recv(10)
            if isinstance(said, str) and json.loads(said)["op"] == "advertise":
                self.channels |= {channel["topic"]: channel for channel in json.loads(said)["channels"]}
        return self.channels[name]

    def subscribe(self, *names):
        self.topics = dict(enumerate(names))
        rows = [{"id": i, "channelId": self.topic(name)["id"]} for i, name in self.topics.items()]
        self.socket.send(json.dumps({"op": "subscribe", "subscriptions": rows}))

    def message(self):
        for _ in range(500):
            said = self.socket.recv(10)
            if isinstance(said, bytes) and said[0] == MESSAGE:
                subscription, stamp = struct.unpack("<IQ", said[1:13])
                return self.topics[subscription], stamp, said[13:]
        raise AssertionError("the server sends something else all the time")


def steer(frame):
    return Regression((0.5,), (Column("steering"),))


def graph():
    return Graph(cameras={"cam": "synthetic:64x48?fps=30"}, stages={"pilot": {"call": steer}}, meters={})


@pytest.fixture
def served():
    server = FoxgloveLive(graph(), port=0)
    with Pipeline(graph(), taps=[server]) as pipeline:
        yield server, pipeline


def test_a_viewer_gets_pictures_results_and_what_is_drawn_of_them(served):
    server, _ = served
    client = Client(server.url)
    with client.socket:
        client.subscribe("/cameras/cam/image", "/results/pilot", "/results/pilot/annotations")
        got = {}
        for _ in range(60):
            topic, stamp, data = client.message()
            got[topic] = stamp, data
    image = CompressedImage.FromString(got["/cameras/cam/image"][1])
    assert (image.format, image.data[:2], image.frame_id) == ("jpeg", b"\xff\xd8", "cam")
    assert image.timestamp.ToNanoseconds() == got["/cameras/cam/image"][0]
    assert json.loads(got["/results/pilot"][1])["stream"] == "pilot"
    assert client.channels["/results/pilot/annotations"]["schemaName"] == "foxglove.ImageAnnotations"


def test_a_viewer_who_reads_nothing_holds_nobody_up(served):
    server, pipeline = served
    slow = Client(server.url)
    with slow.socket:
        slow.subscribe("/cameras/cam/image")
        with pipeline.stream("pilot") as results:
            for _ in range(20):
                next(results)
    assert not pipeline.faults


def test_what_a_viewer_sends_changes_nothing(served):
    server, pipeline = served
    client = Client(server.url)
    with client.socket:
        for nonsense in (
            "{",
            "[]",
            '{"op": "advertise", "channels": [{"id": 1, "topic": "/x"}]}',
            "a" * 70_000,
            b"\x01",
        ):
            client.socket.send(nonsense)
        client.subscribe("/results/pilot")
        assert client.message()[0] == "/results/pilot"
    assert not pipeline.faults


def test_a_port_in_use_is_told_before_anything_runs():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"127.0.0.1:{port} cannot be listened on"):
            FoxgloveLive(graph(), port=port)
