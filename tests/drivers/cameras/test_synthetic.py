from __future__ import annotations

import numpy as np
import pytest

from edgeai.clock import NS, VirtualClock
from edgeai_drivers.cameras.synthetic import Pattern, Synthetic


def camera(clock=None, **options):
    source = Synthetic("eye", Synthetic.Options(**options))
    source.open(clock or VirtualClock())
    return source


def images(**options):
    source = camera(**options)
    frames = []
    while (frame := source.read(1.0)) is not None:
        frames.append(frame)
    return frames


@pytest.mark.parametrize("size", [(640, 480), (160, 120), (33, 17), (8, 8), (1, 1)])
def test_pictures_have_the_size_asked_for(size):
    (frame,) = images(size=size, frames=1)
    assert frame.size == size
    assert frame.image.dtype == np.uint8


def test_the_same_seed_gives_the_same_pictures_and_another_seed_others():
    one, two, other = (images(size=(160, 120), frames=3, seed=seed) for seed in (4, 4, 5))
    assert all(np.array_equal(a.image, b.image) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one[0].image, other[0].image)


def test_something_moves_and_each_frame_bears_its_number():
    first, second = images(size=(160, 120), frames=2)
    assert (first.image != second.image).mean() > 0.005


def test_frames_come_at_the_pace_and_end():
    clock = VirtualClock(500)
    source = camera(clock, fps=50, frames=3, size=(32, 32))
    assert source.rate == 50
    assert [source.read(1).stamp for _ in range(3)] == [500 + n * NS // 50 for n in range(3)]
    assert source.read(1) is None
    assert source.ended


def test_a_late_reader_sees_the_picture_of_its_time():
    clock = VirtualClock()
    source = camera(clock, fps=100, size=(160, 120), seed=1)
    source.read(1)
    clock.sleep_until(NS)
    late, then = source.read(1), source.read(1)
    assert (late.seq, then.seq) == (100, 101)
    assert late.stamp == NS
    assert np.array_equal(late.image, Pattern((160, 120), 1).draw(100))
    assert np.array_equal(then.image, Pattern((160, 120), 1).draw(101))


def test_lossless_frames_are_due_at_once():
    clock = VirtualClock()
    source = camera(clock, lossless=True, frames=5, size=(32, 32))
    assert [source.read(0).seq for _ in range(5)] == [0, 1, 2, 3, 4]
    assert clock.now() == 0
    assert source.read(0) is None


def test_prepared_pictures_repeat_and_are_not_drawn_again():
    frames = images(size=(64, 48), prepared=3, frames=7)
    assert frames[6].image is frames[0].image
    assert not np.array_equal(frames[1].image, frames[0].image)


def test_counts_below_zero_are_found_before_opening():
    problems = Synthetic("eye", Synthetic.Options(frames=-1, prepared=-2)).check()
    assert [problem.path for problem in problems] == ["cameras.eye.frames", "cameras.eye.prepared"]
