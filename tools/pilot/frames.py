"""Labelled frames: what a displaced rover sees, and the steering that pure pursuit commands from there."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeai_drivers.sim.world.body import Build, Pose
from edgeai_drivers.sim.world.course import Course, make_course
from edgeai_drivers.sim.world.pursuit import pursue
from edgeai_drivers.sim.world.view import Mount, View

SIZE = (160, 120)
"""Width and height of the frames, pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Frames, BGR uint8 (n, height, width, 3), and their steering, float32 (n,) in [-1, 1], positive left."""

    images: npt.NDArray[np.uint8]
    steering: npt.NDArray[np.float32]


def draw_frames(seeds: range, per_course: int) -> Frames:
    """Render `per_course` frames on the course and in the looks of each seed."""
    images = np.empty((len(seeds) * per_course, SIZE[1], SIZE[0], 3), np.uint8)
    steering = np.empty(len(images), np.float32)
    for number, (image, label) in enumerate(labelled for seed in seeds for labelled in _draw_course(seed, per_course)):
        images[number], steering[number] = image, label
    return Frames(images, steering)


def _draw_course(seed: int, count: int) -> Iterator[tuple[npt.NDArray[np.uint8], float]]:
    dice = random.Random(f"frames {seed}")
    course, build = make_course(seed), Build()
    view = View(course, seed, SIZE)
    drawn = 0
    while drawn < count:
        pose = _displaced(dice, course)
        if sees_line(course, pose):
            yield view.render(pose, drawn), pursue(course, pose, build)
            drawn += 1


def _displaced(dice: random.Random, course: Course) -> Pose:
    """Stand the rover beside the line: seven times in ten as a fair drive does, else as a poor one does."""
    x, y, heading = course.at(dice.uniform(0.0, course.length))
    if dice.random() < 0.7:
        left, turn = dice.gauss(0.0, 0.05), dice.gauss(0.0, 0.12)
    else:
        left, turn = dice.uniform(-0.25, 0.25), dice.uniform(-0.6, 0.6)
    return Pose(x - left * math.sin(heading), y + left * math.cos(heading), heading + turn)


def sees_line(course: Course, pose: Pose) -> bool:
    """Say whether some of the line within 1.5 m ahead lies in the camera's field of view."""
    mount = Mount()
    start = course.place(pose.x, pose.y).arc_length
    cos, sin = math.cos(pose.heading), math.sin(pose.heading)
    for step in range(30):
        x, y, _ = course.at(start + 0.05 * step)
        east, north = x - pose.x, y - pose.y
        forward = east * cos + north * sin - mount.forward
        left = north * cos - east * sin
        if forward > 0.1 and abs(math.atan2(left, forward)) < 0.45 * mount.field:
            return True
    return False
