from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from edgeai.clock import SystemClock
from edgeai.errors import DeviceError, DeviceNotFound, PluginError
from edgeai_drivers.cameras.picamera2 import Picamera2


@pytest.fixture
def library(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "fake_picamera2"))
    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    yield importlib.import_module("picamera2")
    sys.modules.pop("picamera2", None)


@pytest.fixture
def no_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "picamera2", None)


def camera(**options):
    return Picamera2("pi", Picamera2.Options(**options))


def test_without_the_library_the_error_names_the_extra(no_library):
    with pytest.raises(PluginError, match=r"edgeai\[picamera2\]"):
        camera().open(SystemClock())
    (device,) = Picamera2.devices()
    assert "edgeai[picamera2]" in device.missing


def test_frames_come_in_bgr_with_the_sensors_stamp(library):
    now = SystemClock().now()
    with camera(size=(640, 480), fps=25) as pi:
        pi.open(SystemClock())
        assert pi.rate == 25
        frame = pi.read(1.0)
    assert library.log[0] == {
        "main": {"format": "RGB888", "size": (640, 480)},
        "controls": {"FrameRate": 25},
        "queue": False,
    }
    assert library.log[1:] == ["start", "job", "release", "stop", "close"]
    assert frame.image.shape == (480, 640, 3)
    assert frame.image.flags.c_contiguous
    assert tuple(frame.image[0, 0]) == (10, 20, 30)
    assert (frame.timing.clock, frame.timing.raw) == ("boottime", 1_000_000_000)
    assert frame.stamp < now


def test_a_frame_without_a_stamp_bears_its_arrival(library):
    library.metadata.clear()
    pi = camera()
    pi.open(SystemClock())
    assert pi.read(1.0).timing.clock == "none"


def test_a_silent_camera_times_out_and_its_request_is_asked_for_once(library):
    library.silent = True
    pi = camera()
    pi.open(SystemClock())
    assert pi.read(0.01) is None
    assert pi.read(0.01) is None
    assert library.log.count("job") == 1
    pi.close()
    assert library.log[-2:] == ["stop", "close"]


def test_a_busy_camera_says_what_to_do(library):
    library.busy = True
    with pytest.raises(DeviceError, match="end the program that uses it"):
        camera().open(SystemClock())


@pytest.mark.parametrize("path", ["1", "front", "-1"])
def test_a_camera_that_is_not_there(library, path):
    with pytest.raises(DeviceNotFound, match="use a number from 0 to 0"):
        camera(path=path).open(SystemClock())


def test_no_camera_at_all(library):
    library.cameras.clear()
    with pytest.raises(DeviceNotFound, match="ribbon cable"):
        camera().open(SystemClock())
    (device,) = Picamera2.devices()
    assert device.missing


def test_cameras_are_listed(library):
    (device,) = Picamera2.devices()
    assert (device.uri, device.description, device.missing) == ("picamera2:0", "imx708", "")
