"""The small linear programme."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeai.schedule import programme

COLUMN = st.tuples(st.floats(0, 1), st.floats(0, 2), st.floats(-0.5, 2))


def solve(values, rows, limits):
    return programme.solve(values, rows, limits).shares


def total(weights, row):
    return sum(w * row[j] for j, w in weights.items())


def test_two_neighbours_of_the_hull_are_mixed_to_the_limit():
    weights = solve([0.0, 0.6, 0.8, 0.81], [[0.0, 1.0, 2.0, 4.0]], [1.5])
    assert weights == pytest.approx({1: 0.5, 2: 0.5})


def test_three_variants_at_most_share_two_limits():
    weights = solve([0.5, 0.7, 0.9], [[1.0, 2.0, 3.0], [0.0, 1.0, 3.0]], [2.2, 1.4])
    assert sum(weights.values()) == pytest.approx(1)
    assert total(weights, [1.0, 2.0, 3.0]) <= 2.2 + 1e-9


def test_where_nothing_fits_the_least_excess_is_taken():
    assert solve([0.9, 0.1], [[3.0, 2.0]], [1.0]) == {1: 1.0}


@settings(max_examples=300, deadline=None)
@given(st.lists(COLUMN, min_size=1, max_size=12), st.floats(0.1, 2), st.floats(0, 1))
def test_shares_are_a_whole_keep_what_can_be_kept_and_no_single_column_is_better(columns, first, second):
    values, one, two = map(list, zip(*columns, strict=True))
    weights = solve(values, [one, two], [first, second])
    assert sum(weights.values()) == pytest.approx(1, abs=1e-5)
    assert all(w > 0 for w in weights.values())
    assert len(weights) <= 3
    fitting = [v for v, a, b in columns if a <= first and b <= second]
    if fitting:
        assert total(weights, one) <= first + 1e-5
        assert total(weights, two) <= second + 1e-5
        assert total(weights, values) >= max(fitting) - 1e-5


@settings(max_examples=200, deadline=None)
@given(
    st.lists(COLUMN, min_size=2, max_size=12),
    st.floats(0.1, 2),
    st.lists(st.integers(0, 15), min_size=3, max_size=3),
)
def test_a_start_from_any_basis_reaches_the_same_value(columns, limit, basis):
    values, one, two = map(list, zip(*columns, strict=True))
    cold = programme.solve(values, [one, two], [limit, 0.5])
    for start in (basis, cold.basis):
        warm = programme.solve(values, [one, two], [limit, 0.5], start)
        excess = [max(0.0, total(s.shares, one) - limit) + max(0.0, total(s.shares, two) - 0.5) for s in (warm, cold)]
        assert excess[0] == pytest.approx(excess[1], abs=1e-4)
        assert total(warm.shares, values) == pytest.approx(total(cold.shares, values), abs=1e-3)
