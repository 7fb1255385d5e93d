"""The offset between two clocks, and how much it may be wrong by."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeai_drivers.split.offset import Exchange, Offset

MS = 1_000_000
TRUE = 7_000_000 * MS


def exchange(at, there, back, offset=TRUE):
    """An exchange begun at `at` that takes so long each way, with a clock to whose stamps `offset` must be added."""
    return Exchange(at, at + there - offset, at + there - offset + MS, at + there + back + MS)


def test_when_both_ways_are_alike_the_offset_is_exact():
    assert exchange(0, 3 * MS, 3 * MS).offset == TRUE
    assert exchange(0, 3 * MS, 3 * MS).delay == 6 * MS


def test_the_shortest_exchange_counts():
    offset = Offset()
    offset.add(exchange(0, 40 * MS, 2 * MS))
    offset.add(exchange(100 * MS, 1 * MS, 1 * MS))
    offset.add(exchange(200 * MS, 2 * MS, 30 * MS))
    found, uncertainty = offset.at(300 * MS)
    assert abs(found - TRUE) <= uncertainty < 2 * MS


def test_drift_makes_an_old_exchange_worth_less_than_a_new_one():
    offset = Offset()
    offset.add(exchange(0, MS // 10, MS // 10))
    hour = 3_600_000 * MS
    offset.add(exchange(hour, 2 * MS, 2 * MS, TRUE + 10 * MS))
    assert offset.at(hour)[0] == TRUE + 10 * MS


def test_an_exchange_that_ran_backwards_is_none():
    offset = Offset()
    offset.add(Exchange(100, 0, 0, 50))
    offset.add(Exchange(0, 0, 1000, 10))
    assert offset.at(0) is None


WAY = st.integers(0, 50 * MS)


@given(ways=st.lists(st.tuples(WAY, WAY), min_size=1, max_size=40))
def test_the_truth_always_lies_within_the_uncertainty(ways):
    offset = Offset()
    for turn, (there, back) in enumerate(ways):
        offset.add(exchange(turn * 200 * MS, there, back))
    found, uncertainty = offset.at(len(ways) * 200 * MS)
    assert abs(found - TRUE) <= uncertainty
