"""A WitMotion IMU: three packets are a reading, and damage costs the reading it hit and no other."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeai.errors import DeviceLost
from edgeai_drivers.sensors.imu_binary import ImuBinary, Packets


def packet(kind, *numbers):
    body = struct.pack("<BB4h", 0x55, kind, *numbers)
    return body + bytes([sum(body) & 0xFF])


def sample(turn=0):
    return packet(0x51, 0, 0, 2048, 2500) + packet(0x52, turn, 0, 0, 0) + packet(0x53, 0, 16384, -16384, 0)


@pytest.fixture
def imu(opened):
    return opened(ImuBinary)


def test_three_packets_are_a_reading_in_si_units(imu, line):
    line.send(sample(turn=16384))
    reading = imu.read(5.0)
    assert reading["az"] == pytest.approx(9.80665)
    assert reading["gx"] == pytest.approx(math.radians(1000))
    assert (reading["pitch"], reading["yaw"]) == pytest.approx((math.pi / 2, -math.pi / 2))
    assert reading["temperature"] == 25.0


def test_packets_of_other_kinds_are_passed_over(imu, line):
    line.send(packet(0x50, 1, 2, 3, 4) + sample() + packet(0x54, 1, 2, 3, 4) + sample())
    assert [imu.read(5.0).seq for _ in range(2)] == [0, 1]
    assert imu.rejected == 0


def test_a_damaged_packet_costs_its_reading_and_is_counted(imu, line):
    damaged = bytearray(sample())
    damaged[15] ^= 0x20
    line.send(sample() + bytes(damaged) + sample())
    assert [imu.read(5.0).seq for _ in range(2)] == [0, 2]
    assert (imu.rejected, imu.lost) == (1, 1)


def test_bytes_may_come_one_by_one(imu, line):
    for byte in b"\x55\x51" + sample():
        assert imu.read(0.0) is None
        line.send(bytes([byte]))
    assert imu.read(5.0)["az"] == pytest.approx(9.80665)


def test_an_unplugged_imu_is_lost(imu, line):
    line.unplug()
    with pytest.raises(DeviceLost):
        imu.read(5.0)


@given(chunks=st.lists(st.binary(max_size=50), max_size=20))
@settings(max_examples=200, deadline=None)
def test_hostile_bytes_never_raise_and_little_is_kept(chunks):
    packets = Packets()
    for chunk in chunks:
        packets.feed(chunk)
        assert len(packets._rest) < 11


@given(noise=st.binary(max_size=30).filter(lambda data: 0x55 not in data), cut=st.integers(1, 40))
@settings(max_examples=100, deadline=None)
def test_after_noise_every_packet_is_read_however_it_is_cut(noise, cut):
    packets, stream, found = Packets(), noise + sample() * 3, []
    for start in range(0, len(stream), cut):
        found += packets.feed(stream[start : start + cut])
    assert [kind for kind, _ in found] == [0x51, 0x52, 0x53] * 3
