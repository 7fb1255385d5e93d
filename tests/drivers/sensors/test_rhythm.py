"""A sensor on a port that says no rate: it is learned, so that silence is noticed as soon as of any other."""

from __future__ import annotations

import random
from itertools import accumulate

import pytest

from edgeai.clock import VirtualClock
from edgeai_drivers.sensors.serial_lines import SerialLines

MS = 1_000_000


@pytest.fixture
def heard(opened, line):
    """Have a line read at each of some times (ms); return the sensor."""

    def read_at(times, lines=1):
        clock = VirtualClock()
        sensor = opened(SerialLines, clock, columns="x")
        line.send(b"\n")
        for t in times:
            clock.sleep_until(round(t * MS))
            line.send(b"1\n" * lines)
            for _ in range(lines):
                assert sensor.read(0.0) is not None
        return sensor

    return read_at


@pytest.mark.parametrize(("period", "patience"), [(20, 0.5), (1000, 2.0)])
def test_a_regular_sensor_is_stalled_after_half_a_second_and_a_slow_one_after_two_periods(heard, period, patience):
    assert heard(range(0, 40 * period, period)).patience == pytest.approx(patience)


def test_as_long_as_little_is_known_it_may_be_silent_for_longer(heard):
    assert heard(range(0, 400, 20)).patience == SerialLines.stall


def test_who_sends_when_something_happens_may_be_silent_for_longer(heard):
    dice = random.Random(1)
    times = accumulate(3 + dice.expovariate(1 / 50) for _ in range(100))
    assert heard(times).patience == SerialLines.stall


def test_lines_that_come_together_are_no_gaps(heard):
    assert heard(range(0, 2000, 16), lines=16).rate == pytest.approx(62.5)


def test_after_a_pause_it_may_be_silent_for_longer(heard):
    assert heard([*range(0, 1000, 20), *range(3000, 3200, 20)]).patience == pytest.approx(2 * 2.02)


def test_a_pause_is_forgotten_when_it_delivers_regularly_again(heard):
    assert heard([*range(0, 1000, 20), *range(3000, 4000, 20)]).patience == 0.5
