from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeai.clock import SystemClock
from edgeai.errors import DeviceLost, DeviceNotFound, DeviceTimeout
from edgeai_drivers.power.serial_meter import SerialMeter, figures


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("W=4.52 V=5.07 A=0.89", {"W": 4.52, "V": 5.07, "A": 0.89}),
        ("V: 5.0, A: 0.5", {"W": 2.5, "V": 5.0, "A": 0.5}),
        ("mW=4520", {"W": 4.52}),
        ("t=17 mV=5000 mA=200 Wh=3.5", {"W": 1.0, "V": 5.0, "A": 0.2}),
        ("W=1e1", {"W": 10.0}),
    ],
)
def test_pairs_are_read_by_their_units(text, told):
    assert figures(text, (), ",") == pytest.approx(told)


@pytest.mark.parametrize("text", ["", "ready", "V=5.0", "W=", "W=1.2.3", "W=nan", "W=1e999", "Wh=3"])
def test_a_line_without_power_is_none(text):
    assert figures(text, (), ",") is None


def test_plain_columns_are_read_in_order():
    assert figures("12, 5000,890", ("-", "mV", "mA"), ",") == pytest.approx({"W": 4.45, "V": 5.0, "A": 0.89})
    assert figures("4.52  5.07", ("W", "V"), " ") == {"W": 4.52, "V": 5.07}
    assert figures("4.52", ("W", "V"), " ") is None
    assert figures("4.52,five", ("W", "V"), ",") is None


@given(st.text(), st.sampled_from([(), ("W",), ("V", "A")]))
def test_no_line_is_an_error(text, columns):
    told = figures(text, columns, ",")
    assert told is None or "W" in told


def test_the_newest_line_is_the_reading(line, opened):
    meter = opened(SerialMeter, SystemClock(), port=line.path)
    line.send(b"5 A=9\nW=1.00 V=5 A=0.2\nW=2.00 V=5 A=0.4\nW=3.")
    reading = meter.read()
    assert (reading.watts, reading["current"], reading.measures, reading.basis) == (2.0, 0.4, "board", "measured")
    line.send(b"50\nnoise\xff\n")
    assert meter.read().watts == 3.5
    assert meter.rejected == 1


def test_between_lines_the_last_one_is_given_with_its_own_stamp(line, opened):
    clock = SystemClock()
    meter = opened(SerialMeter, clock, port=line.path)
    line.send(b"\nW=1.00\n")
    first = meter.read()
    assert meter.read() == first
    assert first.stamp < clock.now()


def test_a_silent_meter_is_a_time_out(line, opened):
    meter = opened(SerialMeter, SystemClock(), port=line.path, stall=0.05)
    with pytest.raises(DeviceTimeout, match="heard nothing"):
        meter.read()


def test_the_wrong_baud_rate_is_told_from_silence(line, opened):
    meter = opened(SerialMeter, SystemClock(), port=line.path, stall=0.05)
    line.send(b"\x80\xff\n\xfe\x00\n\x11\n")
    with pytest.raises(DeviceTimeout, match="2 lines without power"):
        meter.read()


def test_an_unplugged_meter_is_lost(line, opened):
    meter = opened(SerialMeter, SystemClock(), port=line.path)
    line.send(b"\nW=1.00\n")
    meter.read()
    line.unplug()
    with pytest.raises(DeviceLost, match="plug it back in"):
        meter.read()


def test_a_port_that_is_not_there_says_so(opened):
    with pytest.raises(DeviceNotFound, match="/dev/no-such-port"):
        opened(SerialMeter, SystemClock(), port="/dev/no-such-port")


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"port": ""}, "port"),
        ({"port": "sensor:gps"}, "port"),
        ({"port": "x", "baud": 0}, "baud"),
        ({"port": "x", "separator": ""}, "separator"),
        ({"port": "x", "columns": ("V", "t")}, "columns"),
        ({"port": "x", "columns": ("V",)}, "columns"),
    ],
)
def test_mistakes_are_found_before_the_port_is_opened(options, path):
    (problem,) = SerialMeter("supply", SerialMeter.Options(**options)).check()
    assert problem.path == f"meters.supply.{path}"
