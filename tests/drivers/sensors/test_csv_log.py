from __future__ import annotations

import pytest

from edgeai.clock import VirtualClock
from edgeai.errors import ConfigError, DeviceError, DeviceNotFound
from edgeai.messages import Column
from edgeai_drivers.sensors.csv_log import CsvLog

MS = 1_000_000


@pytest.fixture
def log(tmp_path):
    sensors = []

    def open_log(text, clock=None, **options):
        path = tmp_path / "log.csv"
        path.write_text(text)
        sensor = CsvLog("imu", CsvLog.Options(**{"path": str(path)} | options))
        assert sensor.check() == []
        sensors.append(sensor)
        sensor.open(clock or VirtualClock())
        return sensor

    yield open_log
    for sensor in sensors:
        sensor.close()


def everything(sensor, most=100):
    readings = []
    while len(readings) < most and (reading := sensor.read(1000.0)) is not None:
        readings.append(reading)
    return readings


def test_a_log_is_replayed_at_its_own_pace(log):
    clock = VirtualClock(7)
    sensor = log("t:ms,x:m\n100,1\n110,2\n150,3\n", clock)
    readings = everything(sensor)
    assert [r.stamp for r in readings] == [7, 7 + 10 * MS, 7 + 50 * MS]
    assert [r["x"] for r in readings] == [1, 2, 3]
    assert [r.timing.raw for r in readings] == [100 * MS, 110 * MS, 150 * MS]
    assert {r.timing.clock for r in readings} == {"media"}
    assert sensor.ended
    assert clock.now() == 7 + 50 * MS


def test_lossless_takes_no_time(log):
    clock = VirtualClock()
    assert len(everything(log("t:s,x\n1,1\n2,2\n", clock, lossless=True))) == 2
    assert clock.now() == 0


def test_bad_rows_are_counted_and_skipped(log):
    sensor = log("t:s,x\n1,1\n2,nan\n3\n\n2.5,oops\n0.5,9\n4,4\n")
    readings = everything(sensor)
    assert [(r["x"], r.seq) for r in readings] == [(1, 0), (4, 5)]
    assert sensor.rejected == 4


def test_a_loop_goes_on_in_time(log):
    readings = everything(log("t:s,x\n10,1\n11,2\n12,3\n", loop=True), most=7)
    assert [r["x"] for r in readings] == [1, 2, 3, 1, 2, 3, 1]
    assert [r.timing.raw // 10**9 for r in readings] == [10, 11, 12, 13, 14, 15, 16]


@pytest.mark.parametrize("text", ["t:s,x\n1,1\n", "t:s,x\n", "t:s,x\nbad,bad\n"])
def test_a_loop_without_time_in_it_ends(log, text):
    assert len(everything(log(text, loop=True))) <= 1


def test_columns_may_be_given_for_a_file_without_names(log):
    sensor = log("1000;5\n2000;6\n", columns=("ms", "temperature:degC"), time_column="ms:ms", separator=";")
    assert [r.values for r in everything(sensor)] == [(5.0,), (6.0,)]
    assert sensor.columns == (Column("temperature", "degC"),)


@pytest.mark.parametrize(
    ("text", "options", "advice"),
    [
        ("1,2\n", {}, "the names of the columns"),
        ("a,b\n1,2\n", {}, "which of a, b holds the time"),
        ("time,b\n1,2\n", {}, "a unit of time"),
        ("time:s,b\n1,2\n", {"time_column": "tme"}, "did you mean 'time'"),
        ("t:s,b,b\n", {}, "the column 'b' is there twice"),
    ],
)
def test_a_file_that_cannot_be_understood_says_what_to_add(log, text, options, advice):
    with pytest.raises(ConfigError, match=advice):
        log(text, **options)


def test_an_empty_file_is_said(log):
    with pytest.raises(DeviceError, match="finds nothing in"):
        log("\n")


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(DeviceNotFound, match=r"imu cannot read .*No such file"):
        CsvLog("imu", CsvLog.Options(path=str(tmp_path / "no.csv"))).open(VirtualClock())


def test_a_real_imu_log(assets):
    sensor = CsvLog("imu", CsvLog.Options(path=str(assets / "sensors" / "imu_100hz.csv")))
    sensor.open(VirtualClock())
    first, second = sensor.read(1.0), sensor.read(1.0)
    sensor.close()
    assert first.columns[:4] == (
        Column("Gyroscope X", "deg/s"), Column("Gyroscope Y", "deg/s"), Column("Gyroscope Z", "deg/s"),
        Column("Accelerometer X", "g"),
    )  # fmt: skip
    assert first["Accelerometer Z"] == pytest.approx(1.0, abs=0.1)
    assert second.stamp - first.stamp == 10_078_907
