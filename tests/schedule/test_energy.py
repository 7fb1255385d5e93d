"""What runs cost, the banks, and the mixing of points."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeai.schedule.bank import AccuracyBank, EnergyBank, MissBank
from edgeai.schedule.energy import EnergyModel
from edgeai.schedule.mixer import Mixer


def test_idle_power_and_corrections_are_learnt_from_a_meter():
    rng, model = random.Random(1), EnergyModel(2, 1.6)
    assert model.basis == "modelled"
    for _ in range(400):
        x = [rng.uniform(0, 0.5), rng.uniform(0, 0.5)]
        model.observe(0.2, x, 0.2 * 1.8 + 1.2 * x[0] + 0.9 * x[1] + rng.gauss(0, 0.002))
    assert model.basis == "measured"
    assert model.coefficients == pytest.approx([1.8, 1.2, 0.9], rel=0.05)


def test_hours_of_the_same_reading_do_not_wind_the_coefficients_up():
    rng, model = random.Random(2), EnergyModel(1, 1.6)
    for _ in range(20_000):
        model.observe(1.0, [2.0], 3.7 + rng.gauss(0, 0.04))
    assert model.energy(1.0, [2.0]) == pytest.approx(3.7, rel=0.02)
    assert 1.0 < model.idle < 2.2
    assert 0.7 < model.correction(0) < 1.4


@pytest.mark.parametrize("spread", [0.05, 0.1, 0.3])
def test_half_an_hour_of_uneven_runs_keeps_what_was_learnt(spread):
    rng, model = random.Random(2), EnergyModel(1, 1.6)
    for _ in range(10_000):
        joules = 0.28 * rng.lognormvariate(0, spread)
        model.observe(0.2, [joules], (0.2 * 1.6 + 1.1 * joules) * rng.gauss(1, 0.01))
    assert model.coefficients == pytest.approx([1.6, 1.1], rel=0.15)


def test_energy_debt_is_kept_whole_and_savings_hardly():
    bank = EnergyBank()
    bank.settle(1.0, 101.0, credit=0.5)
    assert bank.joules == -100.0
    bank.settle(500.0, 0.0, credit=0.5)
    assert bank.joules == 0.5


def test_a_debt_of_misses_lowers_the_target_and_time_repays_it():
    bank = MissBank()
    assert bank.target(0.01) == 0.01
    for _ in range(10):
        bank.settle(0.01, missed=True)
    assert 0.002 <= bank.target(0.01) < 0.006
    for _ in range(2000):
        bank.settle(0.01, missed=False)
    assert bank.target(0.01) >= 0.01


def test_accuracy_below_the_floor_raises_what_is_planned_for():
    bank = AccuracyBank()
    for _ in range(20):
        bank.settle(0.6, 0.5)
    assert 0.6 < bank.target(0.6) <= 0.62


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=3), st.integers(10, 300))
def test_every_point_is_picked_to_within_one_of_its_share(weights, n):
    shares = [(i, w / sum(weights)) for i, w in enumerate(weights)]
    mixer = Mixer()
    mixer.adopt(shares, 1.0)
    picks = [mixer.pick() for _ in range(n)]
    for point, share in shares:
        assert abs(picks.count(point) - share * n) <= len(shares)


def test_blocks_switch_seldom_and_keep_the_shares():
    mixer = Mixer()
    mixer.adopt([(0, 0.5), (1, 0.5)], 1.0, block=5)
    picks = [mixer.pick() for _ in range(100)]
    assert abs(picks.count(0) - 50) <= 5
    assert mixer.switches <= 20


def test_a_share_of_the_frames_is_served_evenly():
    mixer = Mixer()
    mixer.adopt([(0, 1.0)], 0.3)
    served = [mixer.due() for _ in range(100)]
    assert sum(served) == 30
    assert "TT" not in "".join("T" if due else "." for due in served)


def test_forgetting_for_hours_keeps_what_a_steady_load_tells():
    """Rounding errors must not grow by 1 / 0.98 a reading: they did where the covariance was not symmetric."""
    rng = random.Random(1)
    model = EnergyModel(1, 1.6)
    for _ in range(20_000):
        joules = rng.gauss(1.0, 0.05)
        model.observe(1.0, [joules], (1.6 + joules) * (1.0 + rng.gauss(0.0, 0.01)))
        assert abs(model.idle - 1.6) < 0.4
