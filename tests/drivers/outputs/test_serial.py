from __future__ import annotations

import binascii
import json
import os
import select
import socket

import numpy as np
import pytest
import serial as pyserial
from cobs import cobs

from edgeai import Graph, Pipeline
from edgeai.clock import SystemClock, VirtualClock
from edgeai.driver import Driver
from edgeai.errors import ConfigError, DeviceError, DeviceLost, DeviceNotFound
from edgeai.messages import Classification, Column, Regression, Tensors
from edgeai.testing.faults import Faults
from edgeai_drivers import ports
from edgeai_drivers.outputs.serial import Serial


@pytest.fixture
def pty():
    """A serial line without hardware: our end, and the path of the port."""
    master, slave = os.openpty()
    os.set_blocking(master, False)
    path = os.ttyname(slave)
    yield master, path
    os.close(slave)
    os.close(master)


def read(fd: int) -> bytes:
    data = b""
    while select.select([fd], [], [], 0)[0]:
        data += os.read(fd, 65536)
    return data


def test_a_regression_is_a_command_of_named_values(opened, result, steering, pty):
    master, path = pty
    out = opened(Serial, port=path, constants={"throttle": 0.4, "speed": 9})
    out.write(result(steering, stream="pilot"), None)
    assert read(master) == (b'{"throttle":0.4,"speed":1.5,"steering":-0.125,"stream":"pilot","seq":7,"stamp":5280}\n')


def test_detections_are_rows_of_integers(opened, result, detections, pty):
    master, path = pty
    opened(Serial, port=path).write(result(detections), None)
    assert json.loads(read(master))["objects"] == [[0, 91, 120, 80, 300, 400], [17, 55, 420, 60, 520, 200]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            Classification(np.array([0.75, 0.1]), np.array([3, 4]), ("cat", "dog")),
            {"label": "cat", "class_id": 3, "score": 0.75},
        ),
        ({"left": 1, "right": -1}, {"left": 1, "right": -1}),
        (0.5, {"value": 0.5}),
        (None, {"value": None}),
    ],
)
def test_other_values_have_their_message(opened, result, pty, value, expected):
    master, path = pty
    opened(Serial, port=path).write(result(value), None)
    message = json.loads(read(master))
    assert {key: message[key] for key in message if key not in ("stream", "seq", "stamp")} == expected


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_never_sent(opened, result, pty, bad):
    master, path = pty
    out = opened(Serial, port=path)
    with pytest.raises(DeviceError, match=r"steering of objects is (nan|inf), which is not sent"):
        out.write(result(Regression((bad,), (Column("steering"),))), None)
    assert read(master) == b""


def test_raw_tensors_are_refused_with_advice(opened, result, pty):
    with pytest.raises(DeviceError, match="give the model a decoder"):
        opened(Serial, port=pty[1]).write(result(Tensors({})), None)


def test_a_cobs_frame_decodes_with_the_library_and_its_crc_agrees(opened, result, steering, pty):
    assert binascii.crc_hqx(b"123456789", 0xFFFF) == 0x29B1, "the check value of CRC-16/CCITT-FALSE"
    master, path = pty
    opened(Serial, port=path, protocol="cobs").write(result(steering), None)
    data = read(master)
    assert data.count(b"\0") == 1
    assert data.endswith(b"\0")
    packet = cobs.decode(data[:-1])
    assert binascii.crc_hqx(packet[:-2], 0xFFFF) == int.from_bytes(packet[-2:], "big")
    assert json.loads(packet[:-2])["steering"] == -0.125


@pytest.mark.parametrize(
    ("plain", "encoded"),
    [
        (b"\x00", b"\x01\x01"),
        (b"\x00\x00", b"\x01\x01\x01"),
        (b"\x11\x22\x00\x33", b"\x03\x11\x22\x02\x33"),
        (b"\x11\x22\x33\x44", b"\x05\x11\x22\x33\x44"),
        (b"\x11\x00\x00\x00", b"\x02\x11\x01\x01\x01"),
        (bytes(range(1, 255)), b"\xff" + bytes(range(1, 255))),
    ],
)
def test_cobs_is_the_published_one(plain, encoded):
    """Examples of Cheshire and Baker's encoding as they are published in Wikipedia's table."""
    assert cobs.encode(plain) == encoded


def test_what_makes_it_safe_is_sent_on_demand_and_when_it_is_closed(opened, result, steering, pty):
    master, path = pty
    out = opened(Serial, port=path, safe={"throttle": 0})
    assert out.drives
    out.write(result(steering), None)
    out.make_safe()
    assert read(master).endswith(b'{"throttle":0}\n')
    out.close()
    assert read(master) == b'{"throttle":0}\n'


def test_without_it_nothing_is_sent_at_the_end(opened, pty):
    master, path = pty
    out = opened(Serial, port=path)
    assert not out.drives
    out.close()
    assert read(master) == b""


def test_what_makes_it_safe_is_sent_when_the_camera_fails_and_nothing_after_it(pty):
    master, path = pty
    drives = {"cameras": {"cam": "synthetic:64x48?fps=20"}, "stages": {"go": {"call": lambda frame: {"throttle": 1}}}}
    safe = {"driver": "serial", "port": path, "safe": {"throttle": 0}}
    graph = Graph(**drives, outputs={"wheels": safe})
    pipeline = Pipeline(graph, engine="lockstep", disturb=Faults.parse("cam:unplug@500ms,10s"))
    with pipeline:
        pipeline.advance(0.4)
        assert json.loads(read(master).splitlines()[-1])["throttle"] == 1
        pipeline.advance(2.0)
        assert json.loads(read(master).splitlines()[-1]) == {"throttle": 0}
    assert set(read(master).splitlines()) == {b'{"throttle":0}'}


def test_a_stop_that_is_no_number_is_refused(pty):
    (problem,) = Serial("out", Serial.Options(port=pty[1], safe={"throttle": float("inf")})).check()
    assert problem.path == "outputs.out.safe"


def test_a_line_that_is_full_drops_whole_commands_and_never_blocks(opened, result, pty):
    master, path = pty
    out = opened(Serial, port=path, write_timeout=0.01)
    sent = 0
    while out.dropped < 3:
        out.write(result("x" * 3000, sent), None)
        sent += 1
    data = b""
    for _ in range(3):
        data += read(master)
        out.write(result("after", sent), None)
        sent += 1
    messages = [json.loads(line) for line in (data + read(master)).splitlines()]
    assert len(messages) == sent - out.dropped
    assert messages[-1]["value"] == "after"


def test_a_port_that_only_says_time_is_up_gets_a_delimiter_before_the_next_command(result, steering):
    class Slow:
        def __init__(self):
            self.sent = b""
            self.room = 10

        def write(self, data):
            self.sent += data[: self.room]
            if len(data) > self.room:
                raise pyserial.SerialTimeoutException("Write timeout")
            return len(data)

        def close(self):
            pass

    port = Slow()
    writer = ports.FrameWriter(port, VirtualClock(), 0.1, b"\n")
    writer.send(b'{"torn":"command"}\n')
    port.room = 100
    writer.send(b'{"a":1}\n')
    writer.send(b'{"a":2}\n')
    assert port.sent == b'{"torn":"c' + b'\n{"a":1}\n' + b'{"a":2}\n'
    assert writer.dropped == 1


def test_commands_do_not_pile_up_in_the_line(opened, result, steering):
    out = opened(Serial, port="loop://", baud=9600, write_timeout=0.1)
    for seq in range(5):
        out.write(result(steering, seq), None)
    assert out.dropped == 3, "one on its way and one behind it: the others are older than what comes next"


def test_a_port_may_be_a_url(opened, result, steering):
    with socket.create_server(("127.0.0.1", 0)) as server:
        out = opened(Serial, port=f"socket://127.0.0.1:{server.getsockname()[1]}")
        peer, _ = server.accept()
        with peer:
            out.write(result(steering), None)
            peer.settimeout(5)
            assert json.loads(peer.recv(4096))["speed"] == 1.5


def test_a_port_that_vanishes_is_lost(opened, result, steering):
    master, slave = os.openpty()
    out = opened(Serial, port=os.ttyname(slave))
    os.close(slave)
    out.write(result(steering), None)
    os.close(master)
    with pytest.raises(DeviceLost, match=r"has lost /dev/pts/\d+ .*plug it back in"):
        out.write(result(steering), None)
    out.close()


def test_a_port_that_is_not_there_is_named_with_what_is(pty):
    out = Serial("out", Serial.Options(port="/dev/ttyUSB_none"))
    with pytest.raises(DeviceNotFound, match="finds no serial port /dev/ttyUSB_none: plug it in or correct"):
        out.open(SystemClock())


def test_a_port_in_use_is_said(opened, pty):
    opened(Serial, port=pty[1])
    with pytest.raises(DeviceError, match="in use by another program: close that one"):
        opened(Serial, port=pty[1])


def test_a_file_is_not_a_port(tmp_path):
    path = tmp_path / "out.txt"
    path.touch()
    with pytest.raises(DeviceNotFound, match="not a serial port"):
        Serial("out", Serial.Options(port=str(path))).open(SystemClock())


def test_a_scheme_that_pyserial_does_not_know_is_a_wrong_configuration():
    with pytest.raises(ConfigError, match=r"outputs\.out\.port: found 'lop://' at 9600 baud"):
        Serial("out", Serial.Options(port="lop://", baud=9600)).open(SystemClock())


def test_a_port_that_may_not_be_opened_names_its_group(pty):
    group = ports.grp.getgrgid(os.stat(pty[1]).st_gid).gr_name
    error = ports._open_error("out", pty[1], PermissionError(13, "Permission denied"))
    assert isinstance(error, DeviceNotFound)
    assert f"sudo usermod -aG {group} $USER" in str(error)


def test_options_are_checked_before_anything_opens():
    out = Serial("out", Serial.Options(port="sim:", baud=0, write_timeout=2.0))
    assert [p.path for p in out.check()] == ["outputs.out.port", "outputs.out.baud", "outputs.out.write_timeout"]


def test_ports_are_listed_by_uris_that_open_them():
    for device in Serial.devices():
        assert device.uri.startswith("serial:/dev/")


class Direct:
    """What a simulated device gives in virtual time: bytes arrive at once."""

    def __init__(self):
        self.data = b""
        self.closed = False

    def write(self, data):
        self.data += data
        return len(data)

    def flush(self):
        pass

    def close(self):
        self.closed = True


class Rover(Driver):
    def __init__(self, name):
        super().__init__(name, None)
        self.direct = Direct()

    def link(self):
        return self.direct

    def _open(self):
        pass

    def _close(self):
        pass


def test_a_simulated_device_of_the_pipeline_is_a_port(result, steering):
    rover = Rover("rover")
    out = Serial("out", Serial.Options(port="sim:rover", constants={"throttle": 0.4}))
    out.attach({"rover": rover})
    clock = VirtualClock(1000)
    out.open(clock)
    out.write(result(steering), None)
    out.close()
    assert json.loads(rover.direct.data)["throttle"] == 0.4
    assert rover.direct.closed
    assert clock.now() == 1000, "sending takes no virtual time"


def test_a_misspelt_simulated_device_is_found_before_anything_opens():
    out = Serial("out", Serial.Options(port="sim:rovr"))
    with pytest.raises(ConfigError, match=r"outputs\.out\.port: found 'sim:rovr'.*did you mean 'sim:rover'"):
        out.attach({"rover": Rover("rover"), "out": out})


def test_a_driver_without_a_port_is_not_a_simulated_device():
    out = Serial("out", Serial.Options(port="sim:out"))
    with pytest.raises(ConfigError, match="which has no serial port"):
        out.attach({"out": out})
