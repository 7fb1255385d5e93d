"""A vehicle that speaks MAVLink, as pymavlink itself encodes it, over a serial line and over UDP."""

from __future__ import annotations

import math
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import common

from edgeai.clock import VirtualClock
from edgeai.errors import ConfigError, DeviceError, DeviceLost
from edgeai_drivers.sensors.mavlink import Mavlink

MS = 1_000_000


class Vehicle:
    """Packs messages as pymavlink does."""

    def __init__(self, system=1):
        self._link = common.MAVLink(None, srcSystem=system)

    def __call__(self, kind, *values):
        packet = getattr(self._link, f"{kind}_encode")(*values).pack(self._link)
        self._link.seq = (self._link.seq + 1) % 256
        return bytes(packet)


@pytest.fixture
def vehicle():
    return Vehicle()


def attitude(vehicle, at=1000, roll=0.25):
    return vehicle("attitude", at, roll, -0.5, 1.0, 0.0, 0.0, 0.125)


def test_a_message_is_a_reading_with_its_own_names_units_and_time(opened, line, vehicle):
    sensor = opened(Mavlink)
    line.send(attitude(vehicle))
    reading = sensor.read(5.0)
    assert (reading["roll"], reading["pitch"], reading["yawspeed"]) == (0.25, -0.5, 0.125)
    assert next(column.unit for column in reading.columns if column.name == "yawspeed") == "rad/s"
    assert (reading.timing.clock, reading.timing.raw) == ("device", 1000 * MS)


def test_several_messages_make_one_reading_at_the_first_of_them(opened, line, vehicle):
    sensor = opened(Mavlink, messages="attitude, vfr_hud")
    hud = vehicle("vfr_hud", 12.5, 13.0, 90, 50, 100.0, 0.5)
    line.send(attitude(vehicle) + hud + attitude(vehicle, 1020, 0.5))
    reading = sensor.read(5.0)
    assert (reading["attitude.roll"], reading["vfr_hud.airspeed"], reading.seq) == (0.5, 12.5, 0)
    assert sensor.read(0.0) is None


def test_arrays_and_texts_are_left_out(opened, vehicle):
    names = [column.name for column in opened(Mavlink, messages="BATTERY_STATUS").columns]
    assert "current_battery" in names
    assert "voltages" not in names
    assert [column.name for column in opened(Mavlink, port="loop://", messages="STATUSTEXT").columns] == [
        "severity",
        "id",
        "chunk_seq",
    ]


def test_over_udp_it_listens_on_loopback(opened, vehicle):
    sensor = opened(Mavlink, port="udp:0")
    host, port = sensor._port.address
    assert host == "127.0.0.1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(attitude(vehicle) + attitude(vehicle, 1010, 0.75), (host, port))
    assert [sensor.read(5.0)["roll"] for _ in range(2)] == [0.25, 0.75]
    with pytest.raises(DeviceError, match="use a free port of this machine"):
        Mavlink("other", Mavlink.Options(port=f"udp:{host}:{port}")).open(VirtualClock())


def test_other_vehicles_are_passed_over(opened, line, vehicle):
    sensor = opened(Mavlink, system=7)
    line.send(attitude(vehicle) + attitude(Vehicle(7), 1010, 0.5))
    assert sensor.read(5.0)["roll"] == 0.5
    assert sensor.read(0.0) is None


def test_a_damaged_packet_is_counted_and_the_next_one_read(opened, line, vehicle):
    sensor = opened(Mavlink)
    damaged = bytearray(attitude(vehicle))
    damaged[15] ^= 0x40
    line.send(bytes(damaged) + attitude(vehicle, 1010, 0.5))
    assert sensor.read(5.0)["roll"] == 0.5
    assert sensor.rejected > 0


def test_a_stream_without_a_pause_takes_no_memory(opened, vehicle):
    sensor = opened(Mavlink, port="loop://")
    stream = b"".join(attitude(vehicle, at, 0.5) for at in range(200))
    for start in range(0, len(stream) - 10, 7):
        list(sensor._parse(stream[start : start + 7]))
    assert len(sensor._parser.buf) < 300


def test_an_unplugged_vehicle_is_lost(opened, line):
    sensor = opened(Mavlink)
    line.unplug()
    with pytest.raises(DeviceLost):
        sensor.read(5.0)


def test_a_message_that_is_none_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="did you mean ATTITUDE"):
        Mavlink("vehicle", Mavlink.Options(port="loop://", messages="ATITUDE")).open(VirtualClock())


@pytest.mark.parametrize("port", ["udp:", "udp:host", "udp:1.2.3.4:99999"])
def test_a_place_that_is_none_is_refused(port):
    (problem,) = Mavlink("vehicle", Mavlink.Options(port=port)).check()
    assert problem.expected == "udp:HOST:PORT or udp:PORT, such as udp:14550"


@given(chunks=st.lists(st.one_of(st.binary(max_size=300), st.binary(max_size=60).map(b"\xfd".__add__)), max_size=8))
@settings(max_examples=150, deadline=None)
def test_hostile_bytes_give_numbers_or_nothing(chunks):
    with Mavlink("vehicle", Mavlink.Options(port="loop://")) as sensor:
        sensor.open(VirtualClock())
        for chunk in chunks:
            for capture in sensor._parse(chunk):
                assert not any(map(math.isinf, capture.data))
        assert len(sensor._parser.buf) < 600
