from __future__ import annotations

import socket

import pytest

from edgeai.clock import SystemClock
from edgeai.errors import DeviceLost, DeviceNotFound
from edgeai.messages import Column
from edgeai_drivers.sensors.serial_lines import DeviceClock, LineBuffer, SerialLines

MS = 1_000_000
SECOND = 1_000 * MS


@pytest.fixture
def imu(line):
    sensors = []

    def open_sensor(**options):
        options = {"port": line.path, "columns": ("ax:m/s2", "ay:m/s2", "az:m/s2")} | options
        sensor = SerialLines("imu", SerialLines.Options(**options))
        assert sensor.check() == []
        sensor.open(SystemClock())
        sensors.append(sensor)
        return sensor

    yield open_sensor
    for sensor in sensors:
        sensor.close()


def test_a_line_is_a_reading_with_names_and_units(imu, line):
    sensor = imu()
    line.send(b"0.1,0.2\n0.1,-0.2,9.81\r\n")
    reading = sensor.read(5.0)
    assert reading.as_dict() == {"ax": 0.1, "ay": -0.2, "az": 9.81}
    assert reading.columns[0] == Column("ax", "m/s2")
    assert (reading.source, reading.seq, reading.timing.clock) == ("imu", 0, "none")


def test_lines_that_arrive_together_are_readings_of_their_own_in_order(imu, line):
    sensor = imu()
    line.send(b"\n" + b"".join(b"%d,0,0\n" % i for i in range(20)))
    readings = [sensor.read(5.0) for _ in range(20)]
    assert [r["ax"] for r in readings] == list(range(20))
    assert [r.seq for r in readings] == list(range(20))
    assert sensor.read(0.0) is None


def test_a_line_that_comes_in_pieces_is_one_reading(imu, line):
    sensor = imu()
    for piece in (b"\n1.", b"5,2,", b"3"):
        line.send(piece)
        assert sensor.read(0.0) is None
    line.send(b"\n")
    assert sensor.read(5.0).values == (1.5, 2.0, 3.0)


def test_a_partial_first_line_is_skipped_even_when_it_looks_whole(imu, line):
    sensor = imu()
    line.send(b"2.5,1,2\n12.5,1,2\n")
    assert sensor.read(5.0)["ax"] == 12.5
    assert (sensor.rejected, sensor.lost) == (0, 0)


def test_garbage_is_counted_and_between_good_lines_it_is_a_capture_lost(imu, line):
    sensor = imu()
    line.send(b"\nax,ay,az\n1,2,3\n\xff\xfe\x00,2\n\n1,2\n4,5,6\n" + b"7" * 5000 + b"\n")
    assert [sensor.read(5.0).seq for _ in range(2)] == [0, 3]
    assert sensor.read(0.0) is None
    assert (sensor.rejected, sensor.captured, sensor.lost) == (4, 2, 2)


def test_an_endless_line_takes_no_memory():
    lines = LineBuffer(longest=100)
    for _ in range(1000):
        lines.feed(b"1,2,3," * 100)
    assert len(lines._part) <= 101
    lines.feed(b"\n" + b"8" * 101 + b"\n1,2\n")
    assert list(lines) == [b"?", b"1,2"]


def test_silence_is_no_reading(imu):
    assert imu().read(0.01) is None


def test_an_unplugged_sensor_is_lost(imu, line):
    sensor = imu()
    line.send(b"\n1,2,3\n")
    assert sensor.read(5.0) is not None
    line.unplug()
    with pytest.raises(DeviceLost, match=r"imu has lost .*plug it back in"):
        sensor.read(5.0)
    sensor.close()


def test_a_time_column_stamps_the_readings_on_the_devices_clock(imu, line):
    sensor = imu(columns="t:ms,ax:g", time_column="t")
    line.send(b"\n1000,0.5\n1010,0.6\n")
    first, second = sensor.read(5.0), sensor.read(5.0)
    assert first.values == (0.5,)
    assert first.columns == (Column("ax", "g"),)
    assert (first.timing.clock, first.timing.raw, second.timing.raw) == ("device", 1000 * MS, 1010 * MS)


def test_other_separators(imu, line):
    sensor = imu(separator="whitespace")
    line.send(b"\n 1   2\t3 \n")
    assert sensor.read(5.0).values == (1.0, 2.0, 3.0)


def test_loop_back_is_a_port_too(imu):
    sensor = imu(port="loop://")
    sensor._port.write(b"\n1,2,3\n")
    assert sensor.read(5.0).values == (1.0, 2.0, 3.0)


def test_a_counter_that_wraps_at_32_bits_runs_on_exactly():
    clock = DeviceClock()
    last = (1 << 32) - 5
    assert clock.unwrap(last * MS, MS, now=10 * SECOND) == last * MS
    assert clock.unwrap(5 * MS, MS, now=10 * SECOND + 13 * MS) == (last + 10) * MS
    assert clock.unwrap(15 * MS, MS, now=10 * SECOND + 20 * MS) == (last + 20) * MS


def test_a_device_that_was_reset_runs_on_with_the_time_that_went_by():
    clock = DeviceClock()
    clock.unwrap(60 * SECOND, MS, now=100 * SECOND)
    assert clock.unwrap(2 * SECOND, MS, now=103 * SECOND) == 63 * SECOND
    assert clock.unwrap(3 * SECOND, MS, now=104 * SECOND) == 64 * SECOND


def test_a_port_that_is_not_there_is_said():
    sensor = SerialLines("imu", SerialLines.Options(port="/dev/ttyACM_none", columns=("x",)))
    with pytest.raises(DeviceNotFound, match="imu finds no serial port /dev/ttyACM_none"):
        sensor.open(SystemClock())


def test_options_are_checked_before_anything_opens():
    sensor = SerialLines("imu", SerialLines.Options(port="", columns=("x", "x"), baud=0, separator=""))
    assert [p.path.rpartition(".")[2] for p in sensor.check()] == ["port", "baud", "separator", "columns"]
    sensor = SerialLines("imu", SerialLines.Options(port="p", columns=("t:ms", "x"), time_column="tt"))
    (problem,) = sensor.check()
    assert (problem.path, problem.hint) == ("sensors.imu.time_column", "did you mean 't'?")


def test_a_port_that_floods_is_read_in_bites(imu):
    with socket.create_server(("127.0.0.1", 0)) as server:
        sensor = imu(port=f"socket://127.0.0.1:{server.getsockname()[1]}")
        device, _ = server.accept()
        with device:
            device.settimeout(5.0)
            device.sendall(b"\n" + b"1,2,3\n" * 15_000)
            assert sensor.read(5.0) is not None
            assert len(sensor._waiting) <= 65_536 // 6, "what is not asked for yet stays with the kernel"
            assert [sensor.read(5.0).seq for _ in range(14_999)][-1] == 14_999
