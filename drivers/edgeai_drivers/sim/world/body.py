"""The rover's body: a kinematic bicycle with a slow servo and a slower motor, integrated in fixed steps."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from .course import wrap_angle

STEP_NS = 5_000_000
"""Step of integration, nanoseconds. Steps lie on multiples of it, whatever the times asked for."""


@dataclass(frozen=True, slots=True)
class Build:
    """What the rover is made of."""

    wheelbase: float = 0.16
    """Metres between the axles."""
    track: float = 0.13
    """Metres between the left and the right wheels."""
    ticks_per_metre: float = 5000.0
    """Of the encoders of the rear wheels."""
    max_angle: float = 0.45
    """Angle of the front wheels at steering 1, radians."""
    max_speed: float = 1.5
    """Speed at throttle 1, metres a second."""
    servo_lag: float = 0.06
    """Time constant of the steering servo, seconds."""
    servo_rate: float = 6.0
    """Fastest change of steering, full scales a second."""
    motor_lag: float = 0.25
    """Time constant of the speed, seconds."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the middle of the rear axle is, and which way the rover points."""

    x: float
    """Metres."""
    y: float
    """Metres."""
    heading: float
    """Radians, anticlockwise from the x axis, in [-pi, pi)."""


@dataclass(frozen=True, slots=True)
class Command:
    """What the controller asks of the body."""

    steering: float = 0.0
    """In [-1, 1]; positive turns left."""
    throttle: float = 0.0
    """In [-1, 1]; the share of the top speed, negative backwards."""


@dataclass(frozen=True, slots=True)
class BodyState:
    """The body at one instant."""

    pose: Pose
    steering: float = 0.0
    """Where the servo stands, in [-1, 1]; positive is left."""
    speed: float = 0.0
    """Metres a second."""
    distance: float = 0.0
    """Metres driven, forwards and backwards both counted."""
    left: float = 0.0
    """Metres that the left rear wheel has rolled, backwards negative."""
    right: float = 0.0
    """The same of the right one."""


def step(state: BodyState, command: Command, build: Build) -> BodyState:
    """Integrate one step of STEP_NS: servo and motor first, then the pose by the midpoint of the heading."""
    seconds = STEP_NS * 1e-9
    wanted = (command.steering - state.steering) * (1.0 - math.exp(-seconds / build.servo_lag))
    limit = build.servo_rate * seconds
    steering = state.steering + min(max(wanted, -limit), limit)
    target = command.throttle * build.max_speed
    speed = state.speed + (target - state.speed) * (1.0 - math.exp(-seconds / build.motor_lag))
    travel = speed * seconds
    turn = travel * math.tan(steering * build.max_angle) / build.wheelbase
    middle = state.pose.heading + 0.5 * turn
    pose = Pose(
        state.pose.x + travel * math.cos(middle),
        state.pose.y + travel * math.sin(middle),
        wrap_angle(state.pose.heading + turn),
    )
    spread = 0.5 * turn * build.track
    return replace(
        state,
        pose=pose,
        steering=steering,
        speed=speed,
        distance=state.distance + abs(travel),
        left=state.left + travel - spread,
        right=state.right + travel + spread,
    )
