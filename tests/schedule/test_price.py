"""The price of accuracy."""

import pytest

from edgeai.schedule.price import RANGE, AccuracyPrice

POINTS = ((0.01, 0.5), (0.02, 0.6), (0.05, 0.65))
"""J and accuracy."""


def reached(price):
    return max(POINTS, key=lambda point: price * point[1] - point[0])[1]


def test_the_first_price_reaches_the_floor_and_little_less_would_not():
    price = AccuracyPrice().quote(0.6, 0.05, reached)
    assert reached(price) == 0.6
    assert reached(0.99 * price) < 0.6


def test_following_it_holds_the_floor_on_average():
    price, scores = AccuracyPrice(), []
    for _ in range(3000):
        scores.append(reached(price.quote(0.57, 0.05, reached)))
        price.settle(0.57, scores[-1])
    assert sum(scores) / 3000 == pytest.approx(0.57, abs=0.002)
    assert set(scores) == {0.5, 0.6}


def test_a_floor_out_of_reach_does_not_raise_the_price_for_ever():
    price = AccuracyPrice()
    for _ in range(1000):
        price.quote(0.9, 0.05, reached)
        price.settle(0.9, 0.65)
    assert price.joules <= RANGE * 0.05


def test_a_new_floor_starts_afresh():
    price = AccuracyPrice()
    price.quote(0.65, 0.05, reached)
    assert reached(price.quote(0.5, 0.05, reached)) == 0.5


def test_runs_that_take_nothing_have_a_price_too():
    assert AccuracyPrice().quote(0.6, 0.0, lambda price: 0.65) > 0.0
