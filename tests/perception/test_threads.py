"""Which numbers of threads are tried, and which are worth having."""

import pytest

from edgeai.perception.threads import to_try, worth_having


@pytest.mark.parametrize(
    ("cores", "lanes", "numbers"),
    [(1, 1, (1,)), (2, 1, (1, 2)), (4, 1, (1, 2, 4)), (6, 1, (1, 2, 4, 6)), (4, 2, (1, 2)), (2, 4, (1,))],
)
def test_a_lane_tries_up_to_its_share_of_the_cores(cores, lanes, numbers):
    assert to_try(cores, lanes) == numbers


@pytest.mark.parametrize(
    ("times", "kept"),
    [
        ({1: 84.8, 4: 34.4}, (4, 1)),  # a Pi 4: four cores take 1.6 times the energy of one
        ({1: 10.0, 2: 12.0}, (1,)),  # two are slower
        ({1: 10.0, 2: 5.2}, (2,)),  # one saves too little
        ({1: 10.0, 2: 6.0, 4: 4.0}, (4, 2, 1)),
        ({1: 10.0, 2: 10.0}, (1,)),
        ({}, ()),
    ],
)
def test_the_quickest_is_kept_and_slower_ones_that_save_a_tenth(times, kept):
    assert worth_having(times) == kept
