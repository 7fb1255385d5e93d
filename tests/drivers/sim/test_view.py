"""The picture depends on course, looks, pose and frame number only, and shows the floor by true perspective."""

import math

import numpy as np
import pytest

from edgeai_drivers.sim.world.appearance import make_appearance
from edgeai_drivers.sim.world.body import Pose
from edgeai_drivers.sim.world.course import make_course
from edgeai_drivers.sim.world.view import Mount, View

COURSE = make_course(4)


@pytest.fixture(scope="module")
def view():
    return View(COURSE, 4)


def beside(left, turn=0.0, arc=1.0):
    """Stand `left` metres left of the line and turned left of it by `turn` radians."""
    x, y, heading = COURSE.at(arc)
    return Pose(x - left * math.sin(heading), y + left * math.cos(heading), heading + turn)


def line_column(image):
    """Find the column of the line in the lower third: this seed's line is much darker than its floor."""
    lower = image[80:].astype(float).sum(axis=2)
    dark = lower < 0.45 * np.median(lower)
    return float(np.nonzero(dark)[1].mean())


def test_equal_arguments_give_equal_bytes(view):
    image = view.render(beside(0.0), 5)
    assert image.shape == (120, 160, 3)
    assert image.dtype == np.uint8
    assert np.array_equal(image, View(COURSE, 4).render(beside(0.0), 5))


def test_noise_differs_from_frame_to_frame_and_looks_from_seed_to_seed(view):
    image = view.render(beside(0.0), 5)
    assert not np.array_equal(image, view.render(beside(0.0), 6))
    assert not np.array_equal(image, View(COURSE, 9).render(beside(0.0), 5))


def test_the_line_is_left_in_the_picture_when_the_rover_stands_right_of_it(view):
    left, middle, right = (line_column(view.render(beside(offset), 0)) for offset in (-0.1, 0.0, 0.1))
    assert left < middle - 10
    assert right > middle + 10
    assert abs(middle - 79.5) < 20


def test_the_line_is_right_in_the_picture_when_the_rover_is_turned_left(view):
    assert line_column(view.render(beside(0.0, turn=0.2), 0)) > line_column(view.render(beside(0.0), 0)) + 10


def test_a_point_on_the_floor_is_seen_where_a_pinhole_camera_puts_it():
    """Map the pixel back to the floor and compare with the projection of that point, worked out the other way round."""
    mount, size = Mount(), (160, 120)
    from edgeai_drivers.sim.world.view import _floor_from_pixel

    focal = 80 / math.tan(mount.field / 2)
    forward, left = 0.6, -0.15
    ahead = forward - mount.forward
    depth = ahead * math.cos(mount.tilt) + mount.height * math.sin(mount.tilt)
    down = mount.height * math.cos(mount.tilt) - ahead * math.sin(mount.tilt)
    pixel = np.array([79.5 - focal * left / depth, 59.5 + focal * down / depth, 1.0])
    seen = _floor_from_pixel(mount, size) @ pixel
    assert seen[:2] / seen[2] == pytest.approx([forward, left])


def test_the_whole_picture_lies_below_the_horizon():
    mount = Mount()
    half = math.atan(0.75 * math.tan(mount.field / 2))
    assert mount.tilt - half > 0.05


@pytest.mark.parametrize("seed", range(30))
def test_line_and_floor_always_differ(seed):
    look = make_appearance(seed)
    assert make_appearance(seed) == look
    assert max(abs(a - b) for a, b in zip(look.floor, look.line, strict=True)) >= 60


def test_off_the_painted_floor_there_is_bare_floor(view):
    image = view.render(Pose(50.0, 50.0, 0.0), 0)
    assert image.std() < 25
