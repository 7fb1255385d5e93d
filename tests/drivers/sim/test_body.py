"""The body follows its commands late, as a servo and a motor do, and drives the circle its geometry asks for."""

import math

import pytest

from edgeai_drivers.sim.world.body import STEP_NS, BodyState, Build, Command, Pose, step


def driven(command, seconds, state=None):
    state = state or BodyState(Pose(0.0, 0.0, 0.0))
    for _ in range(round(seconds * 1e9 / STEP_NS)):
        state = step(state, command, Build())
    return state


def test_the_servo_lags_and_is_limited_in_rate():
    after = driven(Command(steering=1.0), 0.05).steering
    assert 0.0 < after <= 6.0 * 0.05 + 1e-9
    assert driven(Command(steering=1.0), 1.0).steering == pytest.approx(1.0, abs=1e-3)


def test_the_motor_reaches_two_thirds_of_its_speed_after_its_time_constant():
    assert driven(Command(throttle=0.6), 0.25).speed == pytest.approx(0.9 * (1 - math.exp(-1)), rel=1e-6)


def test_positive_steering_turns_left_on_the_circle_of_a_bicycle():
    build = Build()
    start = driven(Command(0.5, 0.6), 3.0)
    end = driven(Command(0.5, 0.6), 1.0, start)
    radius = build.wheelbase / math.tan(0.5 * build.max_angle)
    turned = (end.pose.heading - start.pose.heading) % math.tau
    assert turned == pytest.approx((end.distance - start.distance) / radius, rel=1e-3)


def test_straight_on_goes_straight():
    pose = driven(Command(0.0, 0.6), 2.0).pose
    assert (pose.y, pose.heading) == (0.0, 0.0)
    assert pose.x > 1.0
