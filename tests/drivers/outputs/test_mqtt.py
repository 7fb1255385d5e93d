"""Results through a real mosquitto: topics, retained ones, the last will, a broker that goes and comes back."""

from __future__ import annotations

import json
import queue
import shutil
import socket
import subprocess
import threading

import numpy as np
import paho.mqtt.client as paho
import pytest

from edgeai.errors import DeviceError, DeviceNotFound, DeviceTimeout
from edgeai.messages import Tensors
from edgeai_drivers.outputs.mqtt import Mqtt

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


class Broker:
    """A mosquitto on a free port of loopback."""

    def __init__(self, folder, *lines):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._file = folder / "mosquitto.conf"
        wanted = lines or ("allow_anonymous true",)
        self._file.write_text("\n".join([f"listener {self.port} 127.0.0.1", "user root", *wanted, ""]))
        self._process = None
        self.start()

    def start(self):
        command = [MOSQUITTO, "-c", self._file]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert any(b"running" in line for line in self._process.stdout)
        self._drain = threading.Thread(target=self._process.stdout.read)
        self._drain.start()

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._drain.join()
        self._process.stdout.close()


class Listener:
    """A subscriber that queues (topic, payload, retained)."""

    def __init__(self, port, topic="#"):
        self.heard = queue.Queue()
        ready = threading.Event()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe(topic, qos=2)
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.on_message = lambda _, __, m: self.heard.put((m.topic, m.payload, m.retain))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert ready.wait(10)

    def next(self, topic):
        """Wait for the next message of a topic."""
        while True:
            message = self.heard.get(timeout=20)
            if message[0] == topic:
                return message

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def broker(tmp_path):
    if MOSQUITTO is None:
        pytest.skip("there is no mosquitto: apt-get install mosquitto")
    made = Broker(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def listener(broker):
    made = Listener(broker.port)
    yield made
    made.close()


@pytest.fixture
def mqtt(opened, broker):
    def open_output(**options):
        return opened(Mqtt, host="127.0.0.1", port=broker.port, **options)

    return open_output


def cut(out, broker):
    """Stop the broker; return what is set when the output has noticed."""
    gone, was = threading.Event(), out._client.on_disconnect
    out._client.on_disconnect = lambda *args: (was(*args), gone.set())
    broker.stop()
    return gone


def test_a_result_is_published_as_its_record(mqtt, listener, result, steering):
    out = mqtt(qos=1)
    out.write(result(steering, stream="pilot"), None)
    topic, payload, retained = listener.next("edgeai/out/pilot")
    told = json.loads(payload)
    assert (topic, retained) == ("edgeai/out/pilot", 0)
    assert (told["seq"], told["stamp"], told["values"]["steering"]) == (7, 5_280_000_000, -0.125)


def test_a_retained_result_is_there_for_those_who_come_later(mqtt, broker, result, steering):
    out = mqtt(qos=1, retain=True, topic="robots/{name}/{stream}/newest")
    first = Listener(broker.port)
    out.write(result(steering), None)
    first.next("robots/out/objects/newest")
    first.close()
    later = Listener(broker.port)
    assert later.next("robots/out/objects/newest")[2] == 1
    later.close()


def test_the_status_is_online_until_closed(mqtt, listener):
    out = mqtt()
    assert listener.next("edgeai/out/status")[1] == b"online"
    out.close()
    assert listener.next("edgeai/out/status")[1] == b"offline"


def test_the_last_will_says_offline_when_the_connection_breaks(mqtt, listener):
    out = mqtt()
    assert listener.next("edgeai/out/status")[1] == b"online"
    out._client.socket().shutdown(socket.SHUT_RDWR)
    assert listener.next("edgeai/out/status")[1] == b"offline"
    assert listener.next("edgeai/out/status")[1] == b"online"


def test_what_waits_for_the_broker_is_bounded_and_delivered_when_it_is_back(mqtt, broker, result, steering):
    out = mqtt(qos=1, queue=5, retain=True)
    gone = cut(out, broker)
    assert gone.wait(10)
    for number in range(8):
        out.write(result(steering, stream=f"stream{number}"), None)
    assert out.dropped == 3
    broker.start()
    listener = Listener(broker.port, "edgeai/out/#")
    missing = {f"edgeai/out/stream{number}" for number in range(5)}
    while missing:
        missing.discard(listener.heard.get(timeout=20)[0])
    listener.close()


def test_without_a_connection_messages_of_qos_0_are_dropped_and_counted(mqtt, broker, result, steering):
    out = mqtt()
    gone = cut(out, broker)
    assert gone.wait(10)
    out.write(result(steering), None)
    assert out.dropped == 1
    broker.start()


def test_what_is_no_broker_is_said(opened):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        with pytest.raises(DeviceNotFound, match="start it, or correct `host`"):
            opened(Mqtt, host="127.0.0.1", port=port)
        deaf.listen()
        with pytest.raises(DeviceTimeout, match="does not answer like a broker"):
            opened(Mqtt, host="127.0.0.1", port=port, patience=0.2)


def test_a_broker_that_refuses_is_said(tmp_path, opened):
    if MOSQUITTO is None:
        pytest.skip("there is no mosquitto: apt-get install mosquitto")
    guarded = Broker(tmp_path, "allow_anonymous false")
    try:
        with pytest.raises(DeviceNotFound, match=r"is refused by 127.0.0.1 .*: look at `username`"):
            opened(Mqtt, host="127.0.0.1", port=guarded.port)
    finally:
        guarded.stop()


def test_large_tensors_are_not_for_a_broker(mqtt, result):
    out = mqtt()
    many = {f"t{i}": np.zeros(9_000, np.float32) for i in range(12)}
    with pytest.raises(DeviceError, match="give it a decoder"):
        out.write(result(Tensors(many)), None)


@pytest.mark.parametrize("topic", ["", "edgeai/#", "a/+/b", "{other}"])
def test_what_is_no_topic_is_refused(topic):
    (problem,) = Mqtt("out", Mqtt.Options(topic=topic)).check()
    assert problem.path == "outputs.out.topic"
