from __future__ import annotations

import pytest

from edgeai.errors import ConfigError
from edgeai.messages import Column
from edgeai_drivers.sensors._columns import column, columns, numbers, split, time_index


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ax:m/s2", Column("ax", "m/s2")),
        (" ax ", Column("ax", "1")),
        ("Gyroscope X (deg/s)", Column("Gyroscope X", "deg/s")),
        ("speed [km/h]", Column("speed", "km/h")),
        (Column("t", "ms"), Column("t", "ms")),
    ],
)
def test_a_column_is_written_in_several_ways(written, meant):
    assert column(written) == meant


def test_columns_may_come_in_one_text_as_in_a_uri():
    assert columns("ax:g,ay:g") == (Column("ax", "g"), Column("ay", "g"))


@pytest.mark.parametrize("wrong", ["", ":m", ["a", "a:m"], "a,,b"])
def test_columns_have_names_that_differ(wrong):
    with pytest.raises(ValueError, match=r"no name|twice"):
        columns(wrong)


@pytest.mark.parametrize("wrong", ["1,2", "1,2,3,4", "1,2,x", "1,2,nan", "1,2,inf", "1,2,1_0", "1,,3", ""])
def test_numbers_are_finite_and_exactly_as_many_as_announced(wrong):
    assert numbers(split(wrong, ","), 3) is None


@pytest.mark.parametrize(
    ("line", "separator"), [("1, -2.5,3e2", ","), ("1  -2.5\t3e2", "whitespace"), ("1;-2.5;3e2", ";")]
)
def test_numbers_are_cut_at_the_separator(line, separator):
    assert numbers(split(line, separator), 3) == [1.0, -2.5, 300.0]


def test_the_time_column_has_a_unit_of_time_from_the_column_or_from_the_option():
    present = columns("t:ms,x,clock")
    assert time_index("p", "t", present) == (0, 1_000_000)
    assert time_index("p", "clock:us", present) == (2, 1_000)


@pytest.mark.parametrize(
    ("wanted", "advice"), [("tt", "did you mean 't'"), ("x", "such as x:ms"), ("t:m", "a unit of time")]
)
def test_a_time_column_that_cannot_be_is_explained(wanted, advice):
    with pytest.raises(ConfigError, match=advice):
        time_index("sensors.imu.time_column", wanted, columns("t:ms,x"))
