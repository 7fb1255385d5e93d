from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeai.errors import RecordingError
from edgeai.recording.foreign.times import UNITS, nanoseconds, unit_of


@pytest.mark.parametrize(
    ("text", "unit", "ns"),
    [
        ("1305031102.175304", "s", 1305031102_175304000),
        ("1403636579763555584", "ns", 1403636579763555584),
        ("1.036224e-01", "s", 103622400),
        ("33", "ms", 33_000_000),
        ("-2", "us", -2000),
        ("2011-09-26 13:02:25.964389445", "s", 1317042145_964389445),
        ("2011-09-26T15:02:25+02:00", "s", 1317042145_000000000),
        ("1970-01-01T00:00:01Z", "ns", 1_000_000_000),
    ],
)
def test_times_are_read_to_the_nanosecond(text, unit, ns):
    assert nanoseconds(text, unit) == ns


@pytest.mark.parametrize("text", ["", "nan", "inf", "1e99", "1_000", "2011-13-26 13:02:25", "rgb/1.png", "9" * 25, "٣"])
def test_what_is_no_time_is_none(text):
    assert nanoseconds(text, "s") is None


@given(st.integers(10**8 + 1, 9 * 10**9), st.sampled_from(sorted(UNITS)))
def test_a_date_tells_its_unit_by_its_size(seconds, unit):
    number = seconds * 10**9 // UNITS[unit]
    assert unit_of([str(number)], "x.txt") == unit
    assert nanoseconds(str(number), unit) == seconds * 10**9


def test_small_numbers_are_seconds_with_a_point_and_refused_without():
    assert unit_of(["0.0", "0.1"], "x.txt") == "s"
    with pytest.raises(RecordingError, match=r"x\.txt: times such as '33' may be in any unit: give time_unit"):
        unit_of(["33", "66"], "x.txt")


@given(st.text(max_size=40), st.sampled_from(sorted(UNITS)))
def test_no_text_breaks_it(text, unit):
    assert nanoseconds(text, unit) is None or isinstance(nanoseconds(text, unit), int)
