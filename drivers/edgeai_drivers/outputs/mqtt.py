"""Results as JSON messages to an MQTT broker, by paho-mqtt 2."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from edgeai.driver import Device, DriverOptions, Duration, Output, vendor
from edgeai.errors import DeviceError, DeviceNotFound, DeviceTimeout, Problem
from edgeai.messages import Frame, Result
from edgeai_drivers.ports import absent

from ._record import record, to_json

_LARGEST = 256 * 1024
"""Bytes of a message: what is larger (raw tensors) is not for a broker."""
_TAKEN, _NOT_CONNECTED, _QUEUE_FULL = 0, 4, 15
"""paho's MQTT_ERR_SUCCESS, MQTT_ERR_NO_CONN and MQTT_ERR_QUEUE_SIZE."""
_STATUSES = 2
"""Messages of our own that may wait beside the results."""
_FAREWELL = 0.3
"""Seconds that the last messages get to leave when the output is closed."""
_SLOWEST_RECONNECT = 10
"""Seconds between two attempts, at most; the first comes after one."""


@dataclass(frozen=True, kw_only=True)
class MqttOptions(DriverOptions):
    """The broker and what is told to it.

    host, port: the broker. topic: `{name}` stands for the output's name, `{stream}` for the stream's. qos: 0 at most
    once, 1 at least once, 2 exactly once. retain: the broker keeps the newest message of each topic for those who come
    later. queue: messages that may wait for the broker; newer ones are dropped. username, and a file that holds the
    password. tls: encrypt, and check the broker's certificate by the system's authorities. patience: seconds to wait
    for the broker when opened.
    """

    host: str = "localhost"
    port: int = 1883
    topic: str = "edgeai/{name}/{stream}"
    qos: Literal[0, 1, 2] = 0
    retain: bool = False
    queue: int = 100
    username: str | None = None
    password_file: str | None = None
    tls: bool = False
    patience: Duration = 5.0


class Mqtt(Output):
    """Publish each result as the record that the output jsonl writes.

    `edgeai/NAME/status` says `online` while connected and `offline` afterwards, also when this program was killed: it
    is the connection's last will. When the connection is lost paho reconnects on the thread it has for its socket;
    until then messages of QoS 1 and 2 wait, and those of QoS 0 are dropped, as are all that find the queue full
    (`dropped`).
    """

    Options: ClassVar[type[DriverOptions]] = MqttOptions

    dropped: int = 0
    """Messages given up: no connection, or no room."""
    _client: Any = None

    @classmethod
    def devices(cls) -> list[Device]:
        """Say whether brokers can be talked to; which there are is not searched for."""
        return [Device("mqtt", "mqtt:localhost", "an MQTT broker", absent("paho", "mqtt"))]

    def check(self) -> list[Problem]:
        """Require a broker, a topic to publish to and a queue."""
        options, path = self.options, f"outputs.{self.name}"
        rules = [
            ("host", bool(options.host), "the name or address of a broker"),
            ("port", 0 < options.port < 1 << 16, "a port from 1 to 65535"),
            ("topic", self._topic_is_plain(), "a topic without + and #; {name} and {stream} may stand in it"),
            ("queue", 0 < options.queue <= 10_000, "1 to 10000 messages"),
        ]
        return [
            Problem(f"{path}.{key}", repr(getattr(options, key)), expected) for key, good, expected in rules if not good
        ]

    def _topic_is_plain(self) -> bool:
        topic = self.options.topic.replace("{name}", "n").replace("{stream}", "s")
        return bool(topic) and len(topic) < 1000 and not set(topic) & set("+#{}\0")

    def _topic(self, stream: str) -> str:
        return str(self.options.topic.replace("{name}", self.name).replace("{stream}", stream))

    def _open(self) -> None:
        options = self.options
        library = vendor("paho.mqtt.client", "mqtt")
        self.dropped = 0
        self._unsent: set[int] = set()
        self._answer: Any = None
        self._answered = threading.Event()
        client = self._client = library.Client(library.CallbackAPIVersion.VERSION2)
        client.max_queued_messages_set(options.queue + _STATUSES)
        client.reconnect_delay_set(1, _SLOWEST_RECONNECT)
        client.connect_timeout = options.patience
        client.will_set(self._status, "offline", qos=1, retain=True)
        client.on_connect, client.on_disconnect = self._connected, self._disconnected
        client.on_publish = self._published
        if options.username is not None:
            client.username_pw_set(options.username, self._password())
        if options.tls:
            client.tls_set()
        try:
            client.connect(options.host, options.port)
        except OSError as error:
            raise DeviceNotFound(
                f"{self.name} finds no broker at {options.host}:{options.port} ({error}): start it, or correct `host`"
            ) from error
        client.loop_start()
        if not self._answered.wait(options.patience):
            place = f"{options.host}:{options.port}"
            raise DeviceTimeout(f"{self.name}: {place} does not answer like a broker: correct `host` and `port`")
        if self._answer is not None:
            raise DeviceNotFound(f"{self.name} is refused by {options.host} ({self._answer}): look at `username`")

    @property
    def _status(self) -> str:
        return f"edgeai/{self.name}/status"

    def _password(self) -> str | None:
        path = self.options.password_file
        try:
            return None if path is None else Path(path).expanduser().read_text().strip()
        except OSError as error:
            raise DeviceNotFound(f"{self.name} cannot read its password ({error}): correct `password_file`") from error

    # -- called on paho's thread -------------------------------------------------------------------------------

    def _connected(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        self._answer = str(reason) if reason.is_failure else None
        if not reason.is_failure:
            client.publish(self._status, "online", qos=1, retain=True)
        self._answered.set()

    def _disconnected(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        if self.options.qos == 0:
            self._unsent.clear()

    def _published(self, client: Any, data: Any, number: int, reason: Any, properties: Any) -> None:
        self._unsent.discard(number)

    # ----------------------------------------------------------------------------------------------------------

    def _write(self, result: Result, frame: Frame | None) -> None:
        body = to_json(record(result)).encode()
        if len(body) > _LARGEST:
            raise DeviceError(f"{result.stream} gives {len(body)} bytes, more than a broker is sent: give it a decoder")
        if len(self._unsent) >= self.options.queue:
            self.dropped += 1
            return
        told = self._client.publish(self._topic(result.stream), body, self.options.qos, self.options.retain)
        if told.rc == _QUEUE_FULL or (told.rc == _NOT_CONNECTED and self.options.qos == 0):
            self.dropped += 1
        elif told.rc in (_TAKEN, _NOT_CONNECTED) and not self._is_out(told):
            self._unsent.add(told.mid)

    def _is_out(self, told: Any) -> bool:
        """Say whether paho has sent a message already; it raises for one that waits for a connection."""
        with contextlib.suppress(ValueError, RuntimeError):
            return bool(told.is_published())
        return False

    def _close(self) -> None:
        if self._client is None:
            return
        client, self._client = self._client, None
        connected = client.is_connected()
        if connected:
            with contextlib.suppress(ValueError, RuntimeError):
                client.publish(self._status, "offline", qos=1, retain=True).wait_for_publish(_FAREWELL)
        client.disconnect()
        if connected:  # else paho's thread may wait for a broker that is away: it ends when it comes back from there
            client.loop_stop()
