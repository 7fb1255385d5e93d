"""Heat and battery: the limits in watts."""

from math import exp

import pytest

from edgeai.power.battery_pacing import pace
from edgeai.power.thermal import T_SET, ThermalPacer


def settle(ambient, fast, slow, resistance, appetite, seconds=14_400):
    """Return (highest temperature, mean watts of the last hour) of a board with two poles that takes what it may."""
    pacer, a, b, watts, used, top = ThermalPacer(3.1), 0.0, 0.0, appetite, [], 0.0
    for t in range(seconds):
        a += (0.4 * watts * resistance - a) * (1 - exp(-1 / fast))
        b += (0.6 * watts * resistance - b) * (1 - exp(-1 / slow))
        celsius = round(2 * (ambient + a + b)) / 2
        top = max(top, celsius)
        limit = pacer.sense(t, 1.0, celsius, False, watts)
        watts = appetite if limit is None else max(1.6, min(appetite, limit))
        used.append(watts)
    return top, sum(used[-3600:]) / 3600


@pytest.mark.parametrize("fast", [10, 60])
@pytest.mark.parametrize("slow", [300, 1800])
@pytest.mark.parametrize("ambient", [25, 35, 45])
def test_a_hot_board_settles_below_throttling_with_nearly_all_it_can_sustain(ambient, fast, slow):
    top, watts = settle(ambient, fast, slow, 12, 5.0)
    assert top < 80
    assert watts == pytest.approx(min(5.0, (T_SET - ambient) / 12), rel=0.05)


def test_a_cool_board_is_not_limited():
    assert settle(25, 10, 300, 5, 5.0)[1] == 5.0


def test_a_board_that_throttles_backs_off_and_recovers():
    pacer = ThermalPacer(3.0)
    first = pacer.sense(0.0, 1.0, None, True, 4.0)
    assert first == pytest.approx(3.6)
    assert pacer.sense(1.0, 1.0, None, True, 3.6) == pytest.approx(0.9 * 3.6)
    for t in range(2, 200):
        limit = pacer.sense(t, 1.0, None, False, 3.6)
    assert limit is None


def test_what_is_left_is_spread_over_the_time_left():
    assert pace(3600.0, 0.0, 3600.0) == pytest.approx(0.99)
    assert pace(3600.0, 3600.0, 3600.0) == 0.0
    assert pace(10.0, 0.0, 0.0) < 10.0
