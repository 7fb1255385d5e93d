from __future__ import annotations

import numpy as np
import pytest

from edgeai.clock import NS, SystemClock, VirtualClock
from edgeai.driver import Camera, CameraOptions, Capture, EndOfSource, Sensor, SensorOptions, vendor
from edgeai.errors import ConfigError, DeviceError, DeviceTimeout, PluginError
from edgeai.messages import Column, Intrinsics

MS = 1_000_000


def picture(height=4, width=6):
    return np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)


class Scripted(Camera):
    """Gives what its list holds: captures, None for silence, functions to call."""

    def __init__(self, script, options=None, **attributes):
        super().__init__("eye", options or CameraOptions())
        self.script = list(script)
        self.waits = []
        self.closed = 0
        for name, value in attributes.items():
            setattr(self, name, value)

    def _open(self):
        pass

    def _read(self, timeout):
        self.waits.append(timeout)
        if not self.script:
            raise EndOfSource
        item = self.script.pop(0)
        return item() if callable(item) else item

    def _close(self):
        self.closed += 1


def opened(script, clock=None, **rest):
    camera = Scripted(script, **rest)
    camera.open(clock or VirtualClock())
    return camera


def film(count, step=40 * MS):
    return [Capture(picture(), raw=n * step, clock="media") for n in range(count)]


# reading


def test_a_source_counts_its_captures_and_ends_once():
    camera = opened([Capture(picture()), Capture(picture())])
    assert [camera.read(0).seq, camera.read(0).seq] == [0, 1]
    assert camera.read(0) is None
    assert camera.ended
    assert camera.read(0) is None


def test_captures_that_were_lost_leave_gaps_in_seq():
    camera = opened([Capture(picture()), Capture(picture(), lost=3)])
    assert [camera.read(0).seq, camera.read(0).seq] == [0, 4]
    assert (camera.captured, camera.lost) == (2, 3)


def test_a_closed_source_says_that_it_is_closed():
    camera = opened([Capture(picture())])
    camera.close()
    camera.close()
    assert camera.closed == 1
    with pytest.raises(DeviceError, match="not open"):
        camera.read(0)


def test_opening_that_fails_releases_what_was_acquired():
    class Half(Scripted):
        def _open(self):
            raise DeviceError("no")

    camera = Half([])
    with pytest.raises(DeviceError):
        camera.open(VirtualClock())
    assert camera.closed == 1


def test_a_read_that_comes_back_early_is_repeated_until_the_time_is_up():
    camera = opened([None, None, Capture(picture())], SystemClock())
    assert camera.read(10.0).seq == 0
    assert len(camera.waits) == 3
    assert camera.waits[0] >= camera.waits[1] >= camera.waits[2] > 0


def test_on_a_virtual_clock_a_device_is_asked_once():
    camera = opened([None, Capture(picture())])
    assert camera.read(10.0) is None
    assert camera.read(10.0).seq == 0


def test_silence_becomes_an_error_after_the_stall_time():
    clock = VirtualClock()
    camera = opened([lambda: clock.sleep_until(clock.now() + 2 * NS)] * 3, clock)
    assert camera.read(2) is None
    assert camera.read(2) is None
    with pytest.raises(DeviceTimeout, match="delivered nothing for 5 s"):
        camera.read(2)


def test_a_reader_that_was_away_finds_no_stall():
    clock = VirtualClock()
    camera = opened([Capture(picture()), None, Capture(picture())], clock)
    camera.read(0)
    clock.sleep_until(60 * NS)
    assert camera.read(0) is None
    assert camera.read(0).seq == 1


# pace


def test_a_file_is_read_at_its_pace_on_a_virtual_clock():
    clock = VirtualClock(1000)
    camera = opened(film(3), clock)
    frames = [camera.read(1.0) for _ in range(3)]
    assert [frame.stamp for frame in frames] == [1000, 1000 + 40 * MS, 1000 + 80 * MS]
    assert [frame.timing.clock for frame in frames] == ["media"] * 3
    assert clock.now() == 1000 + 80 * MS


def test_a_capture_that_is_not_due_waits():
    clock = VirtualClock()
    camera = opened(film(2), clock)
    camera.read(0)
    assert camera.read(0.01) is None
    assert camera.due() == 40 * MS
    assert camera.read(0.03).stamp == 40 * MS


def test_due_is_known_without_waiting_and_none_at_the_end():
    clock = VirtualClock(7)
    camera = opened(film(1), clock)
    assert camera.due() == 7
    assert camera.read(0).stamp == 7
    assert camera.due() is None
    assert camera.ended


def test_lossless_captures_are_due_at_once_and_bear_their_arrival():
    clock = VirtualClock()
    camera = opened(film(3), clock, lossless=True)
    stamps = []
    for _ in range(3):
        clock.sleep_until(clock.now() + 5 * MS)
        frame = camera.read(0)
        stamps.append((frame.stamp, frame.timing.raw))
    assert stamps == [(5 * MS, 0), (10 * MS, 40 * MS), (15 * MS, 80 * MS)]


def test_a_periodic_source_is_asked_each_period_and_told_the_time():
    clock = VirtualClock(500)
    camera = opened([], clock, period=10 * MS)
    camera.script = [lambda: Capture(picture(), raw=camera.capture_time)] * 3
    assert [camera.read(1).stamp for _ in range(3)] == [500, 500 + 10 * MS, 500 + 20 * MS]


def test_a_periodic_source_counts_the_periods_that_nobody_read():
    clock = VirtualClock()
    camera = opened([Capture(picture())] * 3, clock, period=10 * MS)
    camera.read(1)
    clock.sleep_until(35 * MS)
    late = camera.read(1)
    assert (late.seq, late.stamp) == (3, 30 * MS)
    assert camera.read(1).seq == 4
    assert camera.lost == 2


def test_a_stopped_clock_hands_out_no_capture_before_its_time():
    clock = SystemClock()
    camera = opened(film(2, 1000 * NS), clock)
    camera.read(0)
    clock.stop()
    assert camera.read(2000) is None
    periodic = opened([Capture(picture())] * 2, clock, period=1000 * NS)
    periodic.read(0)
    assert periodic.read(2000) is None


# pictures


def through(image, **options):
    return opened([Capture(image)], options=CameraOptions(**options)).read(0)


def test_crop_then_rotate_then_flip():
    image = picture()
    frame = through(image, crop=(1, 1, 4, 2), rotate=90, flip="horizontal")
    expected = np.rot90(image[1:3, 1:5], 3)[:, ::-1]
    assert np.array_equal(frame.image, expected)
    assert frame.size == (2, 4)


@pytest.mark.parametrize(("rotate", "turns"), [(0, 0), (90, 3), (180, 2), (270, 1)])
@pytest.mark.parametrize("gray", [False, True])
def test_rotation_is_clockwise(rotate, turns, gray):
    image = picture()[:, :, 0].copy() if gray else picture()
    frame = through(image, rotate=rotate)
    assert np.array_equal(frame.image, np.rot90(image, turns))
    assert frame.colour == ("gray" if gray else "bgr")


@pytest.mark.parametrize(
    ("flip", "down", "right"), [("none", 1, 1), ("horizontal", 1, -1), ("vertical", -1, 1), ("both", -1, -1)]
)
def test_flips(flip, down, right):
    assert np.array_equal(through(picture(), flip=flip).image, picture()[::down, ::right])


def test_pictures_are_contiguous_and_can_only_be_read():
    for options in ({}, {"crop": (1, 1, 3, 2)}, {"rotate": 90}, {"flip": "both"}):
        image = through(picture(), **options).image
        assert image.flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            image[0, 0] = 0


def test_a_driver_that_reuses_its_buffer_cannot_spoil_a_frame():
    buffer = picture()
    frame = opened([Capture(buffer)]).read(0)
    with pytest.raises(ValueError, match="read-only"):
        buffer[:] = 0
    assert np.array_equal(frame.image, picture())


@pytest.mark.parametrize("crop", [(4, 0, 3, 2), (0, 3, 2, 2), (0, 0, 7, 4)])
def test_a_crop_outside_the_picture_is_a_configuration_error(crop):
    with pytest.raises(ConfigError, match="inside 6x4"):
        through(picture(), crop=crop)


@pytest.mark.parametrize("crop", [(-1, 0, 2, 2), (0, 0, 0, 2)])
def test_an_impossible_crop_is_found_before_anything_opens(crop):
    (problem,) = Scripted([], CameraOptions(crop=crop)).check()
    assert problem.path == "cameras.eye.crop"


def test_intrinsics_travel_with_the_frame():
    lens = Intrinsics(500, 500, 3, 2)
    assert through(picture(), intrinsics=lens).intrinsics is lens


@pytest.mark.parametrize(
    "wrong",
    [
        picture(5, 6),
        picture().astype(np.float32),
        picture()[:, :, 0],
        np.zeros((4, 6, 4), np.uint8),
        np.zeros((4,), np.uint8),
        None,
        b"x",
    ],
)
def test_a_picture_of_another_size_or_type_is_refused(wrong):
    camera = opened([Capture(picture()), Capture(wrong)])
    camera.read(0)
    with pytest.raises(DeviceError, match="announced pictures of shape"):
        camera.read(0)


@pytest.mark.parametrize("wrong", [np.zeros((4, 6, 4), np.uint8), np.zeros((0, 6, 3), np.uint8), None])
def test_a_first_picture_that_is_none_is_refused(wrong):
    with pytest.raises(DeviceError):
        through(wrong)


def test_a_varying_camera_may_change_its_size_but_not_its_type():
    class Varying(Scripted):
        varying = True

    camera = Varying([Capture(picture()), Capture(picture(8, 2)), Capture(picture().astype(np.int16))])
    camera.open(VirtualClock())
    assert [camera.read(0).size, camera.read(0).size] == [(6, 4), (2, 8)]
    with pytest.raises(DeviceError, match="int16"):
        camera.read(0)


# the rest


class Scale(Sensor):
    columns = (Column("mass", "kg"),)

    def _open(self):
        pass

    def _read(self, timeout):
        return Capture(self.values)

    def _close(self):
        pass


def test_a_sensor_gives_a_value_for_each_column():
    scale = Scale("scale", SensorOptions())
    scale.open(VirtualClock())
    scale.values = (1,)
    assert scale.read(0)["mass"] == 1.0
    scale.values = (1, 2)
    with pytest.raises(DeviceError, match="2 values for 1 columns"):
        scale.read(0)


def test_a_missing_vendor_library_names_the_extra_and_keeps_the_cause():
    with pytest.raises(PluginError, match=r"pip install 'edgeai\[lidar\]'") as caught:
        vendor("no_such_vendor_library", "lidar")
    assert isinstance(caught.value.__cause__, ImportError)
