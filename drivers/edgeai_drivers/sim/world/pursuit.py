"""Pure pursuit: the steering that leads a rover of known pose back to the line, the teacher of the pilots.

Coulter, "Implementation of the Pure Pursuit Path Tracking Algorithm", CMU-RI-TR-92-01.
"""

from __future__ import annotations

import math

from .body import Build, Pose
from .course import Course

LOOK_AHEAD = 0.5
"""Distance from the rear axle to the point steered for, metres."""

_STRIDE = 0.02
_REACH = 3.0


def pursue(course: Course, pose: Pose, build: Build, hint: int | None = None) -> float:
    """Compute the steering in [-1, 1], positive left, that takes the rear axle to the line LOOK_AHEAD metres on.

    The goal is the first point of the centre line ahead of the nearest one that is LOOK_AHEAD away; from farther off
    than that, the point LOOK_AHEAD along the line. `hint` is as in Course.place.
    """
    start = course.place(pose.x, pose.y, hint)
    goal_x, goal_y = _goal(course, pose, start.arc_length)
    bearing = math.atan2(goal_y - pose.y, goal_x - pose.x) - pose.heading
    distance = math.hypot(goal_x - pose.x, goal_y - pose.y)
    angle = math.atan2(2.0 * build.wheelbase * math.sin(bearing), distance)
    return min(max(angle / build.max_angle, -1.0), 1.0)


def _goal(course: Course, pose: Pose, start: float) -> tuple[float, float]:
    x, y, _ = course.at(start)
    if math.hypot(x - pose.x, y - pose.y) >= LOOK_AHEAD:
        x, y, _ = course.at(start + LOOK_AHEAD)
        return x, y
    ahead = 0.0
    while ahead < _REACH and math.hypot(x - pose.x, y - pose.y) < LOOK_AHEAD:
        ahead += _STRIDE
        x, y, _ = course.at(start + ahead)
    return x, y
