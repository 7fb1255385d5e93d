"""A turn of a lidar is ranges by degree to the left; damaged packets are gaps, a head that stands still is no turn."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeai.clock import VirtualClock
from edgeai.errors import DeviceLost
from edgeai_drivers.sensors.lidar import BINS, Lidar, Turn
from edgeai_drivers.sim._ld19 import crc8, turn

FAR = [2.0] * 456


@pytest.fixture
def lidar(opened):
    return opened(Lidar)


def scans(line, lidar, *packets):
    """Play packets, as many at a time as a pty takes, and return the readings."""
    readings = []
    for start in range(0, len(packets), 40):
        line.send(b"".join(packets[start : start + 40]))
        while (reading := lidar.read(0.0)) is not None:
            readings.append(reading)
    return readings


def test_the_checksum_is_that_of_lds2d():
    import lds2d.crc

    assert all(crc8(bytes([i, 255 - i])) == lds2d.crc.crc8([i, 255 - i]) for i in range(256))


def test_what_stands_to_the_left_is_at_its_bearing(lidar, line):
    ranges = list(FAR)
    ranges[round(456 * 270 / 360)] = 0.5  # the head's angles grow to the right: 270 deg is 90 to the left
    readings = scans(line, lidar, *turn(FAR), *turn(ranges), *turn(FAR))
    assert len(readings) == 1, "the first turn may have begun before we listened"
    (reading,) = readings
    assert (reading["nearest"], reading["bearing"], reading["r90"]) == (0.5, 90.0, 0.5)
    assert reading["r0"] == reading["r180"] == 2.0


def test_real_ranges_come_back_to_the_millimetre(opened, line, assets):
    lidar = opened(Lidar, clockwise=False)
    with (assets / "sensors/lidar_exp1.dat").open() as log:
        measured = [float(field) / 1000 for field in log.readline().split()[24:]]
    ranges = [measured[i * len(measured) // 360] for i in range(360)]
    readings = scans(line, lidar, *turn(ranges), *turn(ranges), *turn(ranges))
    assert list(readings[0].values[2:]) == pytest.approx([value or math.nan for value in ranges], nan_ok=True)


def test_a_mounting_that_is_turned_is_turned_back(opened, line):
    lidar = opened(Lidar, ahead=90.0)
    ranges = list(FAR)
    ranges[456 // 4] = 0.5
    assert scans(line, lidar, *turn(FAR), *turn(ranges), *turn(FAR))[0]["bearing"] == 0.0


def test_a_damaged_packet_leaves_a_gap_and_no_wrong_range(lidar, line):
    packets = [bytearray(packet) for packet in turn(FAR)]
    packets[7][20] ^= 0xFF
    (reading,) = scans(line, lidar, *turn(FAR), *map(bytes, packets), *turn(FAR))
    assert 0 < sum(map(math.isnan, reading.values)) <= 12
    assert {value for value in reading.values[2:] if not math.isnan(value)} == {2.0}


def test_where_nothing_answers_there_is_no_range(lidar, line):
    (reading,) = scans(line, lidar, *turn(FAR), *turn([0.0] * 456), *turn(FAR))
    assert all(map(math.isnan, reading.values))


def test_a_head_that_stands_still_is_no_turn_and_takes_no_memory(lidar, line):
    (packet, *_) = turn(FAR)
    assert scans(line, lidar, *[packet] * 3600) == []
    assert lidar.rejected == 2, "twice more points than any turn has"


def test_garbage_does_not_hold_the_reader(lidar, line):
    line.send(b"\x54\x00" * 1000)
    assert lidar.read(0.0) is None
    assert len(scans(line, lidar, b"\x00" * 60, *turn(FAR), *turn(FAR), *turn(FAR))) == 1


def test_an_unplugged_lidar_is_lost(lidar, line):
    line.unplug()
    with pytest.raises(DeviceLost):
        lidar.read(5.0)


def test_a_model_that_is_not_known_is_refused_with_the_nearest():
    (problem,) = Lidar("lidar", Lidar.Options(port="p", model="LD07")).check()
    assert (problem.path, problem.hint) == ("sensors.lidar.model", "did you mean LD06?")


@given(points=st.lists(st.tuples(st.floats(0, 720), st.floats(0, 100)), max_size=800))
@settings(max_examples=50, deadline=None)
def test_any_points_give_turns_of_all_directions_or_none(points):
    gathered = Turn(0.0, clockwise=True)
    for angle, distance in points:
        values = gathered.add(angle, distance)
        assert values is None or len(values) == BINS + 2


@given(data=st.binary(max_size=2000))
@settings(max_examples=25, deadline=None)
def test_hostile_bytes_are_no_points(data):
    lidar = Lidar("lidar", Lidar.Options(port="loop://"))
    with lidar:
        lidar.open(VirtualClock())
        lidar._port.reset_input_buffer()
        lidar._port.write(data)
        assert lidar.read(0.0) is None
