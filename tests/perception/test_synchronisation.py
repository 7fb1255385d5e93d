"""Messages of one moment: nearest or interpolated, within a tolerance."""

from __future__ import annotations

import pytest

from edgeai.messages import Column, Reading
from edgeai.perception.synchronisation import Partner, at_time, chosen, is_settled

MS = 1_000_000


def readings(*stamps):
    return [Reading("imu", i, t * MS, (float(t), -float(t)), (Column("x"), Column("y"))) for i, t in enumerate(stamps)]


def partner(tolerance=10, by="nearest"):
    return Partner("imu", tolerance * MS, by)


@pytest.mark.parametrize(
    ("t", "seqs"), [(100, [1]), (104, [1]), (106, [2]), (105, [1]), (89, [0]), (141, [3]), (151, []), (60, [])]
)
def test_the_nearest_within_tolerance_is_chosen(t, seqs):
    past = readings(90, 100, 110, 140)
    assert [message.seq for message in chosen(partner(), past, t * MS)] == seqs


def test_between_two_readings_each_value_lies_on_the_line():
    pair = chosen(partner(by="interpolated"), readings(90, 100, 110), 102 * MS)
    there = at_time(pair, 102 * MS)
    assert (there.stamp, there.seq) == (102 * MS, 1)
    assert there.values == pytest.approx((102.0, -102.0))


def test_one_at_the_very_time_needs_no_other():
    assert [m.seq for m in chosen(partner(by="interpolated"), readings(90, 100), 100 * MS)] == [1]


def test_interpolation_needs_both_sides_within_tolerance():
    assert chosen(partner(by="interpolated"), readings(90, 100), 104 * MS) == ()
    assert chosen(partner(by="interpolated"), readings(90, 100, 130), 104 * MS) == ()
    assert chosen(partner(), [], 5) == ()
    assert at_time((), 5) is None


def test_a_later_message_decides_and_one_that_can_be_no_nearer_is_not_waited_for():
    assert is_settled(partner(), readings(90, 100), 100 * MS)
    assert is_settled(partner(), readings(90, 100), 104 * MS)
    assert not is_settled(partner(), readings(90, 100), 106 * MS)
    assert not is_settled(partner(by="interpolated"), readings(90, 100), 101 * MS)
    assert not is_settled(partner(), readings(100), 101 * MS)
    assert not is_settled(partner(), [], 0)
