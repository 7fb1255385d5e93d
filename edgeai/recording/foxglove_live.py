"""Foxglove, live: the topics of a recording that are for looking at, over a WebSocket while the pipeline runs."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from edgeai.clock import SystemClock
from edgeai.driver import DriverState, vendor
from edgeai.errors import ConfigError
from edgeai.graph import Graph
from edgeai.messages import Frame, Reading, Result
from edgeai.recording import format as layout
from edgeai.recording import foxglove as shown
from edgeai.recording.codec import encode, to_bytes
from edgeai.recording.images import jpeg_of, packed
from edgeai.recording.schemas import schema_of
from edgeai.runtime.taps import Fault, Tap
from edgeai.schedule.commands import Announce

__all__ = ["FoxgloveLive"]

BACKLOG = 64
"""Messages that wait for a slow reader: a second or two; then its oldest are lost, and nobody else's."""

QUEUE = 512
"""Messages that wait to be encoded, beside one picture of each camera."""

QUALITY = 80
"""JPEG quality of pictures that did not come as JPEG."""


class _Message(NamedTuple):
    topic: str
    stamp: int
    data: bytes


class FoxgloveLive(Tap):
    """Serves cameras, results, readings and the log to Foxglove at `ws://HOST:PORT`; read-only.

    What nobody has subscribed to is not encoded, and of pictures the newest alone; its own thread does it. There is
    no token: whoever reaches the port sees what the robot sees. Needs the extra `foxglove`. Raises PluginError, and
    ConfigError for a port in use.
    """

    def __init__(self, graph: Graph, host: str = "127.0.0.1", port: int = 8765) -> None:
        sdk = vendor("foxglove", "foxglove")
        sdk.set_log_level("ERROR")
        self._context = context = sdk.Context()
        self._clock = SystemClock()
        # All before anybody connects: the server may not know yet what it has just announced.
        self._channels = {topic: _channel(sdk, context, topic, schema) for topic, schema in _topics(graph)}
        try:
            self._server = sdk.start_server(
                name="edgeai", host=host, port=port, context=context, capabilities=[], message_backlog_size=BACKLOG
            )
        except (RuntimeError, OSError, ValueError) as error:
            raise ConfigError(f"{host}:{port} cannot be listened on ({error}): choose another port or host") from error
        self.host, self.port = host, int(self._server.port)
        self._pictures: dict[str, Frame] = {}
        self._queue: deque[Any] = deque(maxlen=QUEUE)
        self._bell = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="edgeai-foxglove", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """What Foxglove asks for under Open connection."""
        return f"ws://{self.host}:{self.port}"

    def close(self) -> None:
        """Send no more, and let every reader go."""
        self._closing = True
        self._bell.set()
        self._thread.join(1.0)
        self._server.stop()

    # -- what the pipeline's threads call ----------------------------------------------------------------------

    def captured(self, frame: Frame) -> None:
        """Keep the newest picture of a camera, where somebody looks."""
        if self._wanted(layout.image_of(frame.source)):
            self._pictures[frame.source] = frame
            self._bell.set()

    def published(self, result: Result, frame: Frame | None) -> None:
        """Queue a result."""
        if self._wanted(layout.results_of(result.stream)) or self._wanted(layout.annotations_of(result.stream)):
            self._put(result)

    def sensed(self, reading: Reading) -> None:
        """Queue a reading."""
        if self._wanted(layout.readings_of(reading.source)):
            self._put(reading)

    def announced(self, announce: Announce) -> None:
        """Queue what the scheduler says."""
        self._put(shown.log(self._clock.now(), announce.stage, f"{announce.state}: {announce.why}", bad=False))

    def driver_changed(self, state: DriverState) -> None:
        """Queue a driver's new state."""
        self._put(shown.log(state.since, state.name, str(state), bad=not state.works))

    def faulted(self, fault: Fault) -> None:
        """Queue a fault."""
        self._put(shown.log(fault.t, fault.name, str(fault), bad=True))

    def finished(self) -> None:
        """End with the pipeline."""
        self.close()

    def _put(self, value: Any) -> None:
        self._queue.append(value)
        self._bell.set()

    # -- the thread --------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._closing:
            self._bell.wait()
            self._bell.clear()
            while self._queue:
                self._send(self._queue.popleft())
            while self._pictures:
                self._send(self._pictures.popitem()[1])

    def _send(self, value: Any) -> None:
        for message in _messages(value):
            if self._wanted(message.topic):
                self._channels[message.topic].log(message.data, log_time=message.stamp)

    def _wanted(self, topic: str) -> bool:
        return bool(self._channels[topic].has_sinks())


def _topics(graph: Graph) -> Iterator[tuple[str, str]]:
    """Yield what there is to look at, and the schema of each."""
    yield layout.LOG, "foxglove.Log"
    for camera in graph.cameras:
        yield layout.image_of(camera), "foxglove.CompressedImage"
    for sensor in graph.sensors:
        yield layout.readings_of(sensor), "edgeai.Reading"
    for stage in graph.stages:
        yield layout.results_of(stage), "edgeai.Result"
        yield layout.annotations_of(stage), "foxglove.ImageAnnotations"


def _channel(sdk: Any, context: Any, topic: str, schema: str) -> Any:
    encoding, written, data = schema_of(schema)
    described = sdk.Schema(name=schema, encoding=written, data=data)
    return sdk.Channel(topic, schema=described, message_encoding=encoding, context=context)


def _messages(value: Any) -> Iterator[_Message]:
    """Yield what is shown of a value: the messages that a recording has of it, without what only a replay needs."""
    if isinstance(value, Frame):
        jpeg = value.encoded or jpeg_of(value, QUALITY)
        topic = layout.image_of(value.source)
        yield _Message(topic, value.stamp, packed(value, jpeg))
    elif isinstance(value, Reading):
        yield _Message(layout.readings_of(value.source), value.stamp, to_bytes(encode(value)))
    elif isinstance(value, Result):
        yield _Message(layout.results_of(value.stream), value.stamp, to_bytes(encode(value)))
        drawn = shown.drawing(value)
        if drawn is not None:
            topic = layout.annotations_of(value.stream)
            yield _Message(topic, value.stamp, drawn.SerializeToString())
    else:
        yield _Message(layout.LOG, value.timestamp.ToNanoseconds(), value.SerializeToString())
