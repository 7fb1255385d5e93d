"""The rate gate: which captures are due."""

import random

import pytest

from edgeai.schedule.rate import RateGate

FRAME = 33_333_333


def taken(rate, stamps):
    gate = RateGate(rate)
    return [stamp for stamp in stamps if gate.takes(stamp)]


def camera(n, jitter=0, seed=1):
    source = random.Random(seed)
    return [i * FRAME + source.randint(0, jitter) for i in range(n)]


def test_no_rate_takes_every_capture():
    assert len(taken(None, camera(100))) == 100


@pytest.mark.parametrize("jitter", [0, 2_000_000, 8_000_000])
def test_the_camera_s_own_rate_passes_whole_in_spite_of_jitter(jitter):
    assert len(taken(30, camera(300, jitter))) >= 299


@pytest.mark.parametrize(("rate", "expected"), [(15, 150), (10, 100), (7, 70), (1, 10), (0.5, 5)])
def test_a_lower_rate_is_reached_on_average(rate, expected):
    assert abs(len(taken(rate, camera(300, 4_000_000))) - expected) <= 1


def test_half_the_camera_s_rate_is_every_other_frame():
    assert taken(15, camera(10)) == camera(10)[::2]


def test_a_pause_of_the_source_is_not_made_up_for():
    stamps = [*camera(30), *(stamp + 10_000_000_000 for stamp in camera(30))]
    after = [stamp for stamp in taken(10, stamps) if stamp > 5_000_000_000]
    assert len(after) == 10
