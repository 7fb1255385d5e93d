from __future__ import annotations

import errno
import os
import struct
import subprocess
import sys

import numpy as np
import pytest
from foxglove_schemas_protobuf.CompressedImage_pb2 import CompressedImage
from mcap.reader import make_reader

from edgeai import Graph, Pipeline
from edgeai.clock import NS, SystemClock, VirtualClock
from edgeai.errors import DeviceError, DeviceNotFound
from edgeai.messages import Device
from edgeai_drivers.cameras._opencv import encode
from edgeai_drivers.cameras._v4l2_devices import capability, device_path, holders, list_cameras, query, refusal
from edgeai_drivers.cameras.v4l2 import V4l2

HERE = [Device("v4l2", "v4l2:/dev/video0", "HD Webcam"), Device("v4l2", "v4l2:/dev/video1", missing="no video")]


def answer(card=b"HD Webcam", capabilities=0x84A00001, device_caps=0x04200001):
    return struct.pack("16s32s32sIII12x", b"uvcvideo", card, b"usb-1", 0x60100, capabilities, device_caps)


def test_a_device_says_its_name_and_whether_it_captures():
    assert capability(answer()) == ("HD Webcam", True)
    assert capability(answer(device_caps=0x04A00000)) == ("HD Webcam", False)
    assert capability(answer(capabilities=0x05200001, device_caps=0)) == ("HD Webcam", True)
    assert capability(answer(device_caps=0x04201000)) == ("HD Webcam", True)
    assert capability(answer(card=b"na\xffme\0rubbish")) == ("na�me", True)


@pytest.mark.parametrize(
    ("number", "kind", "match"),
    [
        (errno.ENOENT, DeviceNotFound, "no camera at /dev/video9: plug it in, or give one of v4l2:/dev/video0$"),
        (errno.ENODEV, DeviceNotFound, "no camera at"),
        (errno.ENXIO, DeviceNotFound, "no camera at"),
        (errno.EACCES, DeviceNotFound, r"group `video` \(sudo usermod -aG video"),
        (errno.EPERM, DeviceNotFound, "group `video`"),
        (errno.EBUSY, DeviceError, "is busy: end the program that uses it"),
        (errno.ENOTTY, DeviceNotFound, "is not a video device"),
        (errno.EIO, DeviceError, "unplug it"),
    ],
)
def test_each_refusal_says_what_to_do(number, kind, match):
    error = refusal("front", "/dev/video9", OSError(number, os.strerror(number)), HERE)
    assert type(error) is kind
    with pytest.raises(kind, match=match):
        raise error


@pytest.mark.parametrize(("path", "device"), [("0", "/dev/video0"), ("12", "/dev/video12"), ("/dev/video3",) * 2])
def test_a_number_names_its_device(path, device):
    assert device_path(path) == device


@pytest.mark.parametrize("folder", ["by-id", "by-path"])
def test_a_lasting_name_is_the_link_in_dev(folder):
    assert device_path(f"{folder}/usb-Acme-video-index0") == f"/dev/v4l/{folder}/usb-Acme-video-index0"


def test_a_serial_number_finds_the_camera_wherever_it_was_plugged_in(tmp_path):
    def plug(number, port, serial, index="0"):
        interface = tmp_path / f"sys/devices/{port}/{port}:1.0"
        interface.mkdir(parents=True, exist_ok=True)
        (interface.parent / "serial").write_text(serial + "\n")
        node = tmp_path / f"sys/class/video4linux/video{number}"
        node.mkdir(parents=True)
        (node / "index").write_text(index + "\n")
        (node / "device").symlink_to(interface)

    plug(0, "1-1", "AAA")
    plug(3, "1-2", "BBB", index="1")
    plug(2, "1-2", "BBB")
    assert device_path("serial=BBB", tmp_path) == "/dev/video2"
    assert device_path("serial=CCC", tmp_path) == "serial=CCC"
    plug(5, "2-1", "CCC")
    assert device_path("serial=CCC", tmp_path) == "/dev/video5"


def test_a_missing_device_is_not_found(tmp_path):
    camera = V4l2("front", V4l2.Options(path=str(tmp_path / "video0")))
    with pytest.raises(DeviceNotFound, match="there is no camera at") as caught:
        camera.open(SystemClock())
    assert isinstance(caught.value.__cause__, FileNotFoundError)


@pytest.mark.parametrize("path", ["/dev/null", "."])
def test_what_is_no_video_device_is_said_to_be_none(path):
    with pytest.raises(DeviceNotFound, match="is not a video device"):
        V4l2("front", V4l2.Options(path=path)).open(SystemClock())


def test_who_holds_a_device_is_named(tmp_path):
    device = tmp_path / "video0"
    device.touch()
    hold = "import sys; held = open(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(device)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"held\n"
        found = holders(str(device))
        other.stdin.close()
    assert len(found) == 1
    assert found[0].endswith(f"(pid {other.pid})")
    assert holders(str(device)) == []


def test_one_does_not_wait_for_oneself(tmp_path):
    with (tmp_path / "video0").open("w"):
        assert holders(str(tmp_path / "video0")) == []


def test_cameras_are_listed_in_order_with_names_and_lasting_links(tmp_path):
    (tmp_path / "dev/v4l/by-id").mkdir(parents=True)
    for number in (10, 2):
        (tmp_path / f"dev/video{number}").touch()
        names = tmp_path / f"sys/class/video4linux/video{number}"
        names.mkdir(parents=True)
        (names / "name").write_text(f"Camera {number}\n")
    (tmp_path / "dev/video-codec").touch()
    (tmp_path / "dev/v4l/by-id/usb-Acme-video-index0").symlink_to("../../video2")
    found = list_cameras(tmp_path)
    assert [(device.uri, device.description) for device in found] == [
        ("v4l2:by-id/usb-Acme-video-index0", "Camera 2, /dev/video2"),
        ("v4l2:/dev/video10", "Camera 10"),
    ]
    assert all("is not a video device" in device.missing for device in found)


def test_without_a_camera_the_list_says_so(tmp_path):
    (device,) = list_cameras(tmp_path)
    assert "no camera is plugged in" in device.missing


def test_listing_here_never_fails():
    assert all(device.driver == "v4l2" for device in V4l2.devices())


def test_a_query_leaves_no_file_open():
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(OSError, match="ioctl"):
            query("/dev/null")
    assert len(os.listdir("/proc/self/fd")) == before


def test_options_are_checked_before_opening():
    problems = V4l2("front", V4l2.Options(fourcc="MJPEG", buffers=0, crop=(0, 0, 0, 0))).check()
    assert [problem.path for problem in problems] == [
        "cameras.front.crop",
        "cameras.front.fourcc",
        "cameras.front.buffers",
    ]
    assert V4l2("front", V4l2.Options(fourcc="MJPG")).check() == []


def test_video_devices_name_the_driver():
    assert V4l2.claims("/dev/video0")
    assert V4l2.claims("/dev/v4l/by-id/usb-Acme-video-index0")
    assert not V4l2.claims("clip.mp4")


PERIOD = NS // 25


class Kernel(V4l2):
    """A camera whose kernel buffers fill in virtual time; frames are dropped while all buffers are full."""

    def _open(self):
        self.rate = 25.0
        self._begin()
        self.filled, self.next = [], 0

    def _grab(self, wait):
        self.fill(self._clock.now())
        if not self.filled:
            due = self.next * PERIOD
            if due > self._clock.now() + wait:
                return None
            self._clock.sleep_until(due)
            self.fill(due)
        number = self.filled.pop(0)
        return np.full((4, 4, 3), number % 256, np.uint8), number * PERIOD + 1

    def fill(self, now):
        while self.next * PERIOD <= now:
            if len(self.filled) < self.options.buffers:
                self.filled.append(self.next)
            self.next += 1

    def _close(self):
        pass


def kernel(clock, **options):
    camera = Kernel("front", V4l2.Options(**options))
    camera.open(clock)
    return camera


def test_a_quick_reader_gets_every_frame():
    clock = VirtualClock()
    camera = kernel(clock)
    assert [camera.read(1.0).image[0, 0, 0] for _ in range(5)] == [0, 1, 2, 3, 4]
    assert camera.lost == 0


@pytest.mark.parametrize("buffers", [1, 2, 4])
def test_a_reader_that_was_away_gets_no_old_frame(buffers):
    clock = VirtualClock()
    camera = kernel(clock, buffers=buffers)
    camera.read(1.0)
    clock.sleep_until(NS + 5)
    frame = camera.read(1.0)
    assert frame.image[0, 0, 0] == 26
    assert clock.now() == 26 * PERIOD
    assert camera.lost == buffers


def test_the_newest_of_few_waiting_frames_is_given_at_once():
    clock = VirtualClock()
    camera = kernel(clock, buffers=4)
    camera.read(1.0)
    clock.sleep_until(2 * PERIOD + 5)
    frame = camera.read(1.0)
    assert (frame.image[0, 0, 0], frame.seq) == (2, 2)
    assert clock.now() == 2 * PERIOD + 5


def test_a_camera_that_is_not_due_gives_nothing_in_time():
    camera = kernel(VirtualClock())
    camera.read(1.0)
    assert camera.read(0.01) is None


def test_the_clock_of_the_stamps_is_found_on_the_first_frame():
    class Stamped(Kernel):
        def _grab(self, wait):
            return np.zeros((4, 4, 3), np.uint8), self.raw

    camera = Stamped("front", V4l2.Options())
    camera.open(SystemClock())
    camera.raw = SystemClock().now() - NS // 100
    frame = camera.read(1.0)
    assert (frame.timing.clock, frame.stamp) == ("monotonic", camera.raw)
    camera.close()
    camera.open(SystemClock())
    camera.raw = 0
    assert camera.read(1.0).timing.clock == "none"


class Jpegs(Kernel):
    """A camera that sends JPEGs in buffers with room to spare; every third is torn, or all of them."""

    all_torn = False

    def _grab(self, wait):
        grabbed = super()._grab(wait)
        if grabbed is None:
            return None
        self.sent = encode(np.full((16, 16, 3), 90, np.uint8), "bgr", 80)
        torn = self.all_torn or grabbed[1] // PERIOD % 3 == 2
        return np.frombuffer(self.sent[: 100 if torn else None] + bytes(50), np.uint8), grabbed[1]


def test_a_cameras_own_jpeg_goes_with_its_frame_and_a_torn_one_is_lost():
    camera = Jpegs("front", V4l2.Options(fourcc="MJPG"))
    camera.open(VirtualClock())
    frames = [camera.read(1.0) for _ in range(4)]
    assert [frame.seq for frame in frames] == [0, 1, 3, 4]
    assert all(frame.encoded == camera.sent for frame in frames)
    assert frames[0].image.shape == (16, 16, 3)


def test_a_camera_that_sends_nothing_but_torn_jpegs_fails():
    camera = Jpegs("front", V4l2.Options(fourcc="MJPG"))
    camera.all_torn = True
    camera.open(VirtualClock())
    with pytest.raises(DeviceError, match="sends pictures that are damaged: use a shorter cable"):
        list(iter(lambda: camera.read(1.0), "never"))


def test_the_recording_holds_a_cameras_jpegs_byte_for_byte(tmp_path):
    camera = Jpegs("front", V4l2.Options(fourcc="MJPG"))
    graph = Graph(
        cameras={"front": camera}, stages={"mean": {"call": lambda frame: {"mean": float(frame.image.mean())}}}
    )
    pipeline = Pipeline(graph, engine="lockstep", frames=4)
    pipeline.record(tmp_path / "run.mcap")
    with pipeline:
        pipeline.wait()
    with (tmp_path / "run.mcap").open("rb") as file:
        stored = [
            CompressedImage.FromString(message.data).data
            for schema, _, message in make_reader(file).iter_messages()
            if schema.name == "foxglove.CompressedImage"
        ]
    assert stored == [camera.sent] * 4


def test_several_cameras_run_side_by_side():
    cameras = {name: Kernel(name, V4l2.Options()) for name in ("front", "rear", "left")}
    stages = {f"see_{name}": {"input": name, "call": lambda frame: frame.seq} for name in cameras}
    with Pipeline(Graph(cameras=cameras, stages=stages), engine="lockstep", frames=5) as pipeline:
        pipeline.wait()
        assert {name: camera.captured for name, camera in cameras.items()} == dict.fromkeys(cameras, 5)
