"""The pieces of the simulated world against closed forms."""

from __future__ import annotations

from math import exp, log
from random import Random
from statistics import NormalDist, fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeai.clock import VirtualClock
from edgeai.power.boards import load_board
from edgeai.schedule.commands import Job
from edgeai.workbench.world.battery import Battery
from edgeai.workbench.world.camera import SimulatedCamera
from edgeai.workbench.world.distribution import Distribution, Noise
from edgeai.workbench.world.heat import Cooling, Heat, Throttle
from edgeai.workbench.world.meter import Meter
from edgeai.workbench.world.slowdown import REGIMES
from edgeai.workbench.world.world import Truth, World

MS = 1_000_000


@given(
    watts=st.floats(0.1, 15.0),
    steps=st.lists(st.floats(0.01, 600.0), min_size=1, max_size=30),
    share=st.floats(0.0, 1.0),
)
def test_heat_is_the_step_response_of_two_poles_however_time_is_cut(watts, steps, share):
    cooling = Cooling(resistance=9.0, fast=20.0, slow=700.0, fast_share=share)
    heat = Heat(cooling, ambient=25.0)
    for seconds in steps:
        heat.step(watts, seconds)
    t = sum(steps)
    rise = share * (1 - exp(-t / 20.0)) + (1 - share) * (1 - exp(-t / 700.0))
    assert heat.celsius == pytest.approx(25.0 + 9.0 * watts * rise, abs=1e-6)


def test_a_board_that_was_on_for_hours_stays_where_it_is():
    heat = Heat(Cooling(), ambient=30.0, watts=2.0)
    before = heat.celsius
    assert heat.step(2.0, 1000.0) == pytest.approx(before)
    assert before == pytest.approx(30.0 + 2.0 * Cooling().resistance)


def test_a_clock_comes_down_in_the_boards_steps_between_its_two_temperatures():
    pi4 = Throttle.of(load_board("pi4"))
    assert [pi4.clock(t) for t in (20.0, 79.9, 81.0, 84.9, 85.0, 110.0)] == pytest.approx(
        [1.0, 1.0, 2 / 3, 0.4, 0.4, 0.4]
    )
    assert pi4.power(0.4) == pytest.approx(0.4)
    pi5 = Throttle.of(load_board("pi5"))
    assert pi5.power(1500 / 2400) == pytest.approx(1500 / 2400 * (0.820 / 0.915) ** 2)
    assert Throttle.of(load_board("generic")).clock(99.0) == 1.0


def test_a_distribution_goes_through_its_quantiles_and_not_beyond_what_was_seen():
    z = NormalDist().inv_cdf
    told = ((0.0, 3.0), (0.5, 4.0), (0.9, 5.0), (0.99, 9.0), (1.0, 40.0))
    made = Distribution.through(told, runs=10_000)
    for p, ns in told[1:-1]:
        assert made.at(z(p)) == pytest.approx(ns)
    assert made.at(-9.0) == pytest.approx(3.0)
    assert made.at(9.0) == pytest.approx(40.0)


def test_the_mean_of_a_lognormal_is_its_closed_form():
    knots = [(z, log(8e6) + 0.4 * z) for z in (-6.0, 0.0, 6.0)]
    assert Distribution(knots).mean() == pytest.approx(8e6 * exp(0.4**2 / 2), rel=1e-4)


def test_an_item_meets_the_same_luck_whatever_was_left_out_before_it():
    every, some = Noise(Random(3)), Noise(Random(3))
    drawn = [every(seq) for seq in range(20)]
    assert [some(seq) for seq in (0, 7, 19)] == [drawn[0], drawn[7], drawn[19]]


def test_a_meter_errs_by_its_error_and_counts_in_its_steps():
    meter = Meter(Random(1), error=0.01, step=0.01)
    read = [meter.read(4.0) for _ in range(4000)]
    assert fmean(read) == pytest.approx(4.0, abs=0.005)
    assert pstdev(read) == pytest.approx(0.04, rel=0.1)
    assert all(abs(100 * watts - round(100 * watts)) < 1e-6 for watts in read)


def test_a_battery_gives_what_it_holds():
    battery = Battery(0.001)
    battery.drain(2.0)
    assert battery.left == pytest.approx(1.6)
    assert not battery.empty
    battery.drain(3.2)
    assert battery.left == 0.0
    assert battery.empty


@pytest.mark.parametrize("name", REGIMES)
def test_a_regime_depends_on_its_seed_alone_and_never_speeds_a_board_up_for_long(name):
    regime = REGIMES[name]
    cells = regime(6000, Random(5))
    assert cells == regime(6000, Random(5))
    assert len(cells) == 6000
    assert 1.0 <= fmean(cells) <= 2.0


def _job(seq: int, point: int = 0) -> Job:
    return Job(seq, "s", "camera", seq, 0, point, 0, None)


def test_energy_settled_is_watts_times_the_time_that_jobs_ran():
    clock = VirtualClock()
    fixed = Distribution([(-1.0, log(30 * MS)), (1.0, log(30 * MS))])
    world = World(clock, {("s", 0): Truth(fixed, 3.0)}, {"s": lambda seq: 0.0}, [1.0, 2.0])
    assert world.duration(_job(0)) == 30 * MS
    assert world.settle(10 * MS) == pytest.approx(3.0 * 0.010)
    assert world.settle(50 * MS) == pytest.approx(3.0 * 0.020)
    clock.sleep_until(120 * MS)
    assert world.duration(_job(1)) == 60 * MS, "the second cell is twice as slow, and the last one holds on"
    world.clock, world.power = 0.5, 0.5
    clock.sleep_until(200 * MS)
    assert world.duration(_job(2)) == 120 * MS, "half the clock, twice as long"
    assert world.settle(1000 * MS) == pytest.approx(3.0 * 0.060 + 1.5 * 0.120)
    assert world.settle(2000 * MS) == 0.0


def test_a_camera_keeps_to_its_grid_without_drift():
    camera = SimulatedCamera("c", 30.0, 5 * MS, frames=3)
    camera.open(VirtualClock())
    frames = [camera.read(0.0) for _ in range(3)]
    assert [frame.stamp for frame in frames] == [5 * MS, 5 * MS + 33_333_333, 5 * MS + 66_666_667]
    assert [frame.seq for frame in frames] == [0, 1, 2]
    assert camera.ended
