"""The latency estimate: medians, regimes, tails."""

import random
from collections import Counter
from itertools import pairwise
from math import exp, log

import pytest

from edgeai.schedule.estimate import LatencyModel
from edgeai.schedule.shape import Shape
from edgeai.schedule.tail import SharedTail, TailRatio, bin_of

MS = 1_000_000
PROFILE = (10 * MS, 11 * MS, 13 * MS, 30 * MS, 100 * MS)
SHAPE = Shape(*PROFILE)


def model(points=1, told=1.0):
    made = LatencyModel(points)
    for point in range(points):
        made.start(point, [round(q * told) for q in PROFILE])
    return made


def draw(rng, slow=1.0):
    return round(10 * MS * slow * exp(SHAPE.quantile(rng.gauss(0, 1))))


def test_a_profile_is_believed_at_first():
    assert model().expected(0) == 10 * MS
    assert model().risk(0, 30 * MS) == pytest.approx(0.01, rel=0.6)


def test_the_shape_gives_back_its_quantiles():
    for p, q in ((0.5, PROFILE[0]), (0.1, PROFILE[1]), (0.05, PROFILE[2]), (0.01, PROFILE[3]), (0.001, PROFILE[4])):
        assert SHAPE.survival(log(q / PROFILE[0])) == pytest.approx(p, rel=1e-6)


def test_a_wrong_profile_is_corrected_within_a_few_runs():
    rng, made = random.Random(1), model(told=1.2)
    for _ in range(20):
        made.observe(0, draw(rng), 100 * MS)
    assert made.expected(0) == pytest.approx(10 * MS, rel=0.06)


@pytest.mark.parametrize("slow", [1.8, 1 / 1.8])
def test_a_jump_is_followed_within_ten_runs(slow):
    late = 0
    for seed in range(20):
        rng, made = random.Random(seed), model()
        for _ in range(200):
            made.observe(0, draw(rng), 100 * MS)
        for _ in range(10):
            made.observe(0, draw(rng, slow), 100 * MS)
        late += abs(log(made.expected(0) / (10 * MS * slow))) > log(1.1)
    assert late <= 2


def test_a_single_outlier_moves_nothing():
    rng, made = random.Random(3), model()
    for _ in range(100):
        made.observe(0, draw(rng), 100 * MS)
    before = made.expected(0)
    made.observe(0, 90 * MS, 100 * MS)
    assert made.expected(0) == pytest.approx(before, rel=0.02)


def test_false_alarms_are_rare():
    rng, made = random.Random(4), model()
    for _ in range(3000):
        made.observe(0, draw(rng), 100 * MS)
    assert made.alarms <= 6


def test_the_bias_of_one_point_is_not_taken_for_a_slowdown_of_all():
    rng, made = random.Random(5), model(points=2)
    for i in range(200):
        made.observe(i % 2, draw(rng, 1.15 if i % 2 else 1.0), 100 * MS)
    assert made.expected(1) / made.expected(0) == pytest.approx(1.15, rel=0.04)


def test_a_tail_heavier_than_profiled_is_learnt():
    rng, made = random.Random(6), LatencyModel(1)
    made.start(0, (10 * MS, 11 * MS, 12 * MS, 13 * MS, 14 * MS))
    before = made.risk(0, 20 * MS)
    for i in range(1500):
        made.observe(0, draw(rng), 20 * MS)
        if i % 10 == 0:
            made.learn_tail()
            made.risk(0, 20 * MS)
    truth = SHAPE.survival(log(2.0))
    assert before < truth / 10
    assert made.risk(0, 20 * MS) == pytest.approx(truth, rel=0.6)


def test_risk_falls_with_slack_and_grows_with_waits():
    made = model()
    risks = [made.risk(0, slack * MS) for slack in (0, 5, 9, 11, 15, 30, 60, 200)]
    assert risks == sorted(risks, reverse=True)
    assert risks[0] == 1.0
    assert made.risk(0, 30 * MS, ((0.5, 15 * MS),)) > made.risk(0, 30 * MS)


def test_shared_tail_is_a_survival_function():
    rng, tail = random.Random(7), SharedTail()
    for _ in range(50):
        tail.learn(Counter(bin_of(rng.gauss(0, 1.5)) for _ in range(10)))
    values = [tail.survival(z / 10) for z in range(-40, 120)]
    assert all(a >= b - 1e-12 for a, b in pairwise(values))
    assert 0 <= values[-1] <= values[0] <= 1


def test_a_tail_that_is_as_profiled_stays_so_for_hours():
    rng, tail = random.Random(7), SharedTail()
    for _ in range(10_000):
        tail.learn(Counter(bin_of(rng.gauss(0, 1)) for _ in range(10)))
    assert tail.survival(2.33) == pytest.approx(0.01, rel=0.15)


def test_a_burst_of_runs_that_nothing_predicted_leaves_a_tail():
    tail = SharedTail()
    tail.learn({10: 2_000})
    assert tail.survival(8.0) > 0.5


def test_a_ratio_is_drawn_towards_its_prior():
    ratio = TailRatio()
    assert ratio.value(10, 1.0) == 1.0
    for _ in range(100):
        ratio.count(0.01, 10, 0)
    assert 0.4 < ratio.value(10, 1.0) < 0.6


def test_an_unprofiled_point_starts_with_its_first_run():
    made = LatencyModel(1)
    assert (made.known, made.expected(0), made.risk(0, MS)) == (False, 0, 0.0)
    made.observe(0, 20 * MS, None)
    assert (made.known, made.expected(0)) == (True, 20 * MS)
