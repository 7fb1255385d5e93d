"""Controls are set as the kernel lays them out, automatics first; an error says what the camera has."""

from __future__ import annotations

import errno
import struct

import pytest

from edgeai import Graph
from edgeai.errors import ConfigError
from edgeai_drivers.cameras._v4l2_controls import apply, controls_of, wishes
from edgeai_drivers.cameras.v4l2 import V4l2

QUERY, MENU, GET, SET = (
    3 << 30 | size << 16 | ord("V") << 8 | number for number, size in ((36, 68), (37, 44), (27, 8), (28, 8))
)
"""_IOWR('V', number, a structure of so many bytes), as linux/videodev2.h writes them."""

EXPOSURE_AUTO = 0x009A0901
EXPOSURE = 0x009A0902
GAIN = 0x00980913
BALANCE_AUTO = 0x0098090C
BALANCE = 0x0098091A


class Camera:
    """A kernel driver's side of the ioctls of a UVC camera."""

    def __init__(self):
        #            id: (type, name, minimum, maximum, default, flags, value)
        self.controls = {
            0x00980001: [6, b"User Controls", 0, 0, 0, 0x44, 0],
            BALANCE_AUTO: [2, b"White Balance, Automatic", 0, 1, 1, 0, 1],
            GAIN: [1, b"Gain", 0, 100, 0, 0, 10],
            BALANCE: [1, b"White Balance Temperature", 2800, 6500, 4600, 0x10, 4600],
            EXPOSURE_AUTO: [3, b"Auto Exposure", 0, 3, 3, 0, 3],
            EXPOSURE: [1, b"Exposure Time, Absolute", 3, 2047, 250, 0x10, 250],
        }
        self.menu = {1: b"Manual Mode", 3: b"Aperture Priority Mode"}
        self.order = []

    def __call__(self, request, data):
        number = struct.unpack_from("=I", data)[0]
        if request == QUERY:
            following = [known for known in sorted(self.controls) if known > number & 0x7FFFFFFF]
            if not number & 0x80000000 or not following:
                raise OSError(errno.EINVAL, "Invalid argument")
            kind, name, minimum, maximum, default, flags, _ = self.controls[following[0]]
            return struct.pack("=II32s4iI2I", following[0], kind, name, minimum, maximum, 1, default, flags, 0, 0)
        if request == MENU:
            index = struct.unpack_from("=I", data, 4)[0]
            if index not in self.menu:
                raise OSError(errno.EINVAL, "Invalid argument")
            return struct.pack("=II32sI", number, index, self.menu[index], 0)
        control = self.controls[number]
        if request == GET:
            return struct.pack("=Ii", number, control[6])
        assert request == SET
        if control[5] & 0x10:
            raise OSError(errno.EACCES, "Permission denied")
        control[6] = struct.unpack("=Ii", data)[1]
        self.order.append(number)
        if number == EXPOSURE_AUTO:
            self.controls[EXPOSURE][5] = 0 if control[6] == 1 else 0x10
        if number == BALANCE_AUTO:
            self.controls[BALANCE][5] = 0x10 if control[6] else 0
        return data


@pytest.fixture
def camera():
    return Camera()


def test_what_a_camera_has_is_listed_by_the_names_of_v4l2_ctl(camera):
    assert sorted(controls_of(camera)) == [
        "auto_exposure",
        "exposure_time_absolute",
        "gain",
        "white_balance_automatic",
        "white_balance_temperature",
    ]
    assert str(controls_of(camera)["auto_exposure"]) == "auto_exposure (1 Manual Mode, 3 Aperture Priority Mode; is 3)"


def test_a_time_of_exposure_switches_the_automatic_off_first(camera):
    apply(camera, "cameras.front.controls", wishes(0.01, 20, 5000, {}))
    values = {number: control[6] for number, control in camera.controls.items()}
    assert (values[EXPOSURE_AUTO], values[EXPOSURE], values[GAIN]) == (1, 100, 20)
    assert (values[BALANCE_AUTO], values[BALANCE]) == (0, 5000)
    assert camera.order.index(EXPOSURE_AUTO) < camera.order.index(EXPOSURE)


def test_automatics_can_be_switched_on_again(camera):
    apply(camera, "c", wishes(0.01, None, 5000, {}))
    apply(camera, "c", wishes("auto", None, "auto", {}))
    assert (camera.controls[EXPOSURE_AUTO][6], camera.controls[BALANCE_AUTO][6]) == (3, 1)


def test_older_names_and_words_of_a_menu_are_understood(camera):
    camera.controls[EXPOSURE][1] = b"Exposure (Absolute)"
    camera.controls[EXPOSURE_AUTO][1] = b"Exposure, Auto"
    apply(camera, "c", wishes(0.02, None, None, {}))
    assert camera.controls[EXPOSURE][6] == 200
    apply(camera, "c", [("exposure_auto", "aperture priority mode")])
    assert camera.controls[EXPOSURE_AUTO][6] == 3


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ([("sharpnes", 3)], r"expected a control of this camera; it has: .*gain \(0 to 100; is 10\)"),
        ([("gian", 3)], r"did you mean gain\?"),
        ([("gain", 300)], r"found gain: 300, expected gain \(0 to 100; is 10\)"),
        ([("auto_exposure", 2)], "expected auto_exposure"),
        ([("auto_exposure", "moonlight")], "1 Manual Mode, 3 Aperture Priority Mode"),
        ([("exposure_time_absolute", 100)], "it is inactive: switch the automatic off that sets it"),
    ],
)
def test_what_a_camera_does_not_take_is_refused_with_what_it_has(camera, asked, match):
    with pytest.raises(ConfigError, match=match):
        apply(camera, "cameras.front.controls", asked)
    assert camera.order == []


def test_the_options_take_times_and_kelvins_from_a_graph():
    text = "v4l2:by-id/usb-Acme?exposure=10ms&gain=4&white_balance=auto"
    options = Graph(cameras={"front": text}, outputs={"log": "console"}).driver("cameras", "front").options
    assert (options.path, options.exposure, options.gain, options.white_balance) == ("by-id/usb-Acme", 0.01, 4, "auto")
    assert isinstance(options, V4l2.Options)
