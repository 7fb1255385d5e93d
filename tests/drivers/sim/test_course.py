"""A course is closed, smooth, the same for the same seed, and says where a point lies relative to it."""

import math
from itertools import pairwise

import pytest

from edgeai_drivers.sim.world.course import MIN_RADIUS, make_course, wrap_angle

SEEDS = range(12)


def test_one_seed_gives_one_course():
    assert make_course(7) == make_course(7)
    assert make_course(7).xs != make_course(8).xs


@pytest.mark.parametrize("seed", SEEDS)
def test_the_line_is_closed_and_sampled_evenly(seed):
    course = make_course(seed)
    points = list(zip(course.xs, course.ys, strict=True))
    steps = [math.dist(a, b) for a, b in pairwise([*points, points[0]])]
    assert min(steps) == pytest.approx(course.spacing, rel=0.01)
    assert max(steps) == pytest.approx(course.spacing, rel=0.01)
    assert 12.0 <= course.length <= 16.0


@pytest.mark.parametrize("seed", SEEDS)
def test_no_bend_is_tighter_than_the_bound(seed):
    course = make_course(seed)
    sample = [course.at(0.1 * step)[2] for step in range(int(course.length / 0.1))]
    turns = [abs(wrap_angle(b - a)) for a, b in pairwise(sample)]
    assert max(turns) <= 0.1 / MIN_RADIUS * 1.01


@pytest.mark.parametrize("seed", SEEDS)
def test_the_course_turns_once_around(seed):
    headings = make_course(seed).headings
    turn = sum(wrap_angle(b - a) for a, b in pairwise([*headings, headings[0]]))
    assert abs(turn) == pytest.approx(math.tau)


def test_courses_are_driven_both_ways_round():
    def way(seed):
        headings = make_course(seed).headings
        return sum(wrap_angle(b - a) for a, b in pairwise(headings)) > 0

    assert {way(seed) for seed in SEEDS} == {True, False}


@pytest.mark.parametrize("left", [-0.2, -0.03, 0.0, 0.07, 0.25])
def test_cross_track_is_positive_on_the_left(left):
    course = make_course(3)
    for arc in (0.0, 2.345, 6.5, course.length - 0.001):
        x, y, heading = course.at(arc)
        place = course.place(x - left * math.sin(heading), y + left * math.cos(heading))
        assert place.cross_track == pytest.approx(left, abs=2e-3)
        assert wrap_angle((place.arc_length - arc) / course.length * math.tau) == pytest.approx(0, abs=0.01)


def test_with_a_hint_the_search_stays_on_its_stretch():
    course = make_course(3)
    hint = course.place(*course.at(0.0)[:2]).index
    x, y, _ = course.at(0.5 * course.length)
    assert course.place(x, y).arc_length == pytest.approx(0.5 * course.length, abs=0.02)
    near = course.at(0.3)
    assert course.place(near[0], near[1], hint) == course.place(near[0], near[1])
