"""A gate lets the model look where something moved, and at the floor rate."""

from __future__ import annotations

import numpy as np
import pytest

from edgeai.messages import Detections, Frame
from edgeai.perception.gating import Gate, GateOptions
from edgeai.perception.gating.picture import changed, small_picture
from edgeai.perception.tracking import Tracker

SECOND = 1_000_000_000
WALL = np.random.default_rng(3).integers(40, 90, (240, 320, 3), dtype=np.uint8)


def frame(*boxes, t=0.0, wall=WALL, colour="bgr"):
    image = wall.copy()
    for x1, y1, x2, y2 in boxes:
        image[max(0, y1) : y2, max(0, x1) : x2] = 230
    return Frame("front", round(t * 10), round(t * SECOND), image, colour)


def found(*boxes):
    n = len(boxes)
    box = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(box, np.full(n, 0.9, np.float32), np.zeros(n, np.int32), ("person",) * n)


class Watched:
    """A gate with a tracker behind it, shown a scene: `looks` are the times at which the model looked."""

    def __init__(self, *, tracks=True, **options):
        self.gate, self.tracker, self.looks = Gate(GateOptions(**options)), Tracker() if tracks else None, []

    def show(self, t, *boxes, wall=WALL, sees=None):
        shown, stamp = frame(*boxes, t=t, wall=wall), round(t * SECOND)
        carried = self.gate.judge(shown, stamp)
        if carried is not None:
            return carried
        self.looks.append(t)
        value = found(*(boxes if sees is None else sees))
        self.gate.looked(value if self.tracker is None else self.tracker.update(value, stamp), stamp, stamp)
        return None


def walker(t, speed=40.0):
    return round(20 + speed * t), 60, round(60 + speed * t), 180


def test_where_nothing_moves_the_model_looks_at_the_floor_rate():
    scene = Watched(tracks=False, floor=2.0)
    carried = [scene.show(k / 10, (100, 60, 140, 180)) for k in range(21)]
    assert scene.looks == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert {each.basis for each in carried if each} == {"unchanged"}
    assert [each.inferred_stamp for each in carried[1:5]] == [0] * 4
    assert carried[1].value.box.tolist() == [[100, 60, 140, 180]]


def test_motion_calls_for_a_look():
    scene = Watched(tracks=False)
    for k in range(3):
        scene.show(k / 10, (100, 60, 140, 180))
    assert scene.show(0.3, (108, 60, 148, 180)) is None
    assert scene.looks == [0.0, 0.3]


def test_a_small_change_in_brightness_everywhere_is_the_exposure_and_no_motion():
    scene = Watched(tracks=False)
    scene.show(0.0)
    assert scene.show(0.1, wall=WALL + 25) is not None
    assert scene.show(0.2, wall=WALL + np.random.default_rng(5).integers(0, 9, WALL.shape, dtype=np.uint8)) is not None


def test_slow_change_adds_up_because_it_is_compared_with_the_last_look():
    scene = Watched(tracks=False, floor=0.01)
    for k in range(40):
        scene.show(k / 10, (100 + k // 2, 60, 140 + k // 2, 180))
    assert 2 <= len(scene.looks) <= 20


def test_tracks_that_are_known_coast_and_are_looked_at_when_in_doubt():
    def car(t):
        return round(10 + 90 * t), 100, round(100 + 90 * t), 150

    scene, off, bases = Watched(floor=0.1), [], set()
    for k in range(45):
        carried = scene.show(k / 20, car(k / 20))
        if carried is not None:
            bases.add(carried.basis)
            off.append(abs(float(carried.value.box[0, 0]) - car(k / 20)[0]))
    assert 4 < len(scene.looks) < 15
    assert bases == {"unchanged", "coasted"}
    assert max(off) < 90 / 3
    gaps = np.diff(scene.looks)
    assert gaps[0] < gaps[-1]


def test_one_who_comes_in_is_seen_at_once():
    scene = Watched(floor=0.1)
    for k in range(30):
        scene.show(k / 10, walker(0))
    before = len(scene.looks)
    assert scene.show(3.0, walker(0), (250, 100, 290, 200)) is None
    assert scene.show(3.1, walker(0), (250, 100, 290, 200)) is None, "a track is believed when it is seen twice"
    assert len(scene.looks) == before + 2


def test_one_who_stands_is_where_he_was_although_his_arms_move():
    scene, carried = Watched(floor=0.1), None
    for k in range(20):
        carried = scene.show(k / 10, walker(0), (30 + k % 3, 90, 40 + k % 3, 100))
    assert carried.basis == "unchanged"
    assert len(scene.looks) <= 3
    place = carried.value.at(carried.value.stamp + 5 * SECOND).box
    np.testing.assert_array_equal(place, carried.value.box)


def test_motion_that_is_no_object_is_looked_at_more_and_more_seldom():
    scene = Watched(floor=0.1)
    for k in range(60):
        scene.show(k / 10, (200 + 8 * (k % 5), 20, 230 + 8 * (k % 5), 60), sees=())
    gaps = np.diff(scene.looks)
    assert gaps[0] < 0.15
    assert 0.75 < gaps[-1] < 1.0


def test_a_frame_of_another_size_or_an_older_one_is_looked_at():
    gate = Gate()
    assert gate.judge(frame(), SECOND) is None
    gate.looked("nothing", SECOND, SECOND)
    assert gate.judge(frame(), SECOND + 1) is not None
    assert gate.judge(frame(), 0) is None
    assert gate.judge(frame(wall=WALL[:100]), SECOND + 2) is None


@pytest.mark.parametrize(
    ("size", "cells"), [((640, 480), (72, 96)), ((64, 48), (12, 16)), ((9, 700), (96, 1)), ((3, 2), (1, 2))]
)
def test_the_picture_has_square_cells_of_four_pixels_at_least(size, cells):
    image = np.full((size[1], size[0], 3), 77, np.uint8)
    picture = small_picture(Frame("c", 0, 0, image))
    assert picture.shape == cells
    assert set(picture.ravel().tolist()) == {77}


def test_a_gray_frame_is_as_good():
    grey = small_picture(Frame("c", 0, 0, WALL[..., 0].copy(), "gray"))
    assert not changed(grey, grey, 0.05).any()
