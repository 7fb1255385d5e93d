"""Camera `v4l2`: a camera of Linux's Video4Linux2 (USB, MIPI, loopback), by OpenCV."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edgeai.driver import NS, Camera, CameraOptions, Capture, Device, Rate, Size, detect_clock
from edgeai.errors import DeviceError, DeviceLost, DeviceNotFound, Problem
from edgeai.messages import StampClock

from ._opencv import capture

_QUERYCAP = 0x80685600
_QUERYCAP_FORMAT = "16s32s32sIII12x"
_DEVICE_CAPS = 0x80000000
_CAPTURES = 0x00000001 | 0x00001000
_Stamped = tuple[npt.NDArray[np.uint8], int]
_NOTHING: tuple[bool, Any] = (False, None)
_SHORTEST_WAIT = 1
"""ns; OpenCV takes 0 for ever, and rounds up to a millisecond."""


class V4l2(Camera):
    """A V4L2 camera. Stamps are the kernel's, of the buffer, on the clock found at the first frame; else of arrival.

    The newest frame wins: when frames were waiting since before the reader came, they are passed over and counted lost.
    """

    @dataclass(frozen=True, kw_only=True)
    class Options(CameraOptions):
        """path: the device (`/dev/video0`), its number, or a link from /dev/v4l/by-id, which survives replugging.

        size and fps: what to ask for; the camera's own choice when absent. fourcc: the camera's format, such as `MJPG`
        or `YUYV`; many USB cameras reach their full rate with MJPG only. buffers: frames the kernel may hold.
        """

        path: str = "/dev/video0"
        size: Size | None = None
        fps: Rate | None = None
        fourcc: str | None = None
        buffers: int = 2

    options: Options
    _capture: Any = None

    @classmethod
    def claims(cls, path: str) -> bool:
        """Claim the paths of video devices."""
        return path.startswith(("/dev/video", "/dev/v4l/"))

    @classmethod
    def devices(cls) -> list[Device]:
        """List the cameras here, with their names and the links that survive replugging."""
        return list_cameras(Path("/"))

    def check(self) -> list[Problem]:
        """Find a format code that is none, and a number of buffers that cannot be had."""
        where = f"cameras.{self.name}"
        problems = super().check()
        fourcc, buffers = self.options.fourcc, self.options.buffers
        if fourcc is not None and (len(fourcc) != 4 or not fourcc.isascii()):
            problems.append(Problem(f"{where}.fourcc", repr(fourcc), "four characters such as MJPG or YUYV"))
        if not 1 <= buffers <= 10:
            problems.append(Problem(f"{where}.buffers", str(buffers), "a number from 1 to 10"))
        return problems

    def _open(self) -> None:
        self._path = device_path(self.options.path)
        try:
            card, captures = query(self._path)
        except OSError as error:
            raise refusal(self.name, self._path, error, list_cameras(Path("/"))) from error
        if not captures:
            raise DeviceNotFound(
                f"{self.name}: {self._path} ({card}) is no camera but another node of one, or a codec: "
                f"give one of {_uris(list_cameras(Path('/')))}"
            )
        self._capture = capture(self._path, cv2.CAP_V4L2, self._settings())
        if self._capture is None:
            others = holders(self._path)
            if others:
                raise DeviceError(
                    f"{self.name}: {self._path} ({card}) is busy: end {', '.join(others)}, which has it open"
                )
            raise DeviceError(
                f"{self.name}: {self._path} ({card}) cannot be started with {self._wish()}: it may be busy, or not "
                f"offer that; `v4l2-ctl -d {self._path} --list-formats-ext` lists what it offers"
            )
        got = (round(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH)), round(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
        if self.options.size is not None and got != tuple(self.options.size):
            raise DeviceError(
                f"{self.name}: {self._path} ({card}) gives {got[0]}x{got[1]} when asked for {self._wish()}: ask for a "
                f"size it offers (`v4l2-ctl -d {self._path} --list-formats-ext`)"
            )
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate = fps if 0 < fps < 1000 else self.options.fps
        self._begin()

    def _begin(self) -> None:
        """Forget the stream before: no clock is known, and no reader was away."""
        self._clock_name: StampClock | None = None
        self._last_return = self._clock.now()

    def _settings(self) -> list[tuple[int, int]]:
        wanted = self.options
        settings = []
        if wanted.fourcc is not None:
            settings.append((cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*wanted.fourcc)))
        if wanted.size is not None:
            settings += [(cv2.CAP_PROP_FRAME_WIDTH, wanted.size[0]), (cv2.CAP_PROP_FRAME_HEIGHT, wanted.size[1])]
        if wanted.fps is not None:
            settings.append((cv2.CAP_PROP_FPS, round(wanted.fps)))
        return [*settings, (cv2.CAP_PROP_BUFFERSIZE, wanted.buffers)]

    def _wish(self) -> str:
        wanted = self.options
        parts = [f"{wanted.size[0]}x{wanted.size[1]}"] if wanted.size else []
        parts += [f"{wanted.fps:g} fps"] if wanted.fps else []
        parts += [wanted.fourcc] if wanted.fourcc else []
        return ", ".join(parts) or "its own settings"

    def _read(self, timeout: float) -> Capture | None:
        wait = max(_SHORTEST_WAIT, round(timeout * NS))
        away = self._clock.now() - self._last_return
        frame, passed_over = self._newest(wait) if away > NS / (self.rate or 30) else (self._grab(wait), 0)
        now = self._last_return = self._clock.now()
        if frame is None:
            self.lost += passed_over
            return None
        image, raw = frame
        if self._clock_name is None:
            self._clock_name = detect_clock(raw, now) if raw > 0 else "none"
        return Capture(image, raw, self._clock_name, passed_over)

    def _newest(self, wait: int) -> tuple[_Stamped | None, int]:
        """Pass over what lay in the kernel's buffers while the reader was away; return also how many frames that were.

        Where a buffer was left free, the last one filled is the newest; where all were full, the next one will be.
        """
        frame, count = None, 0
        while count < self.options.buffers and (older := self._grab(_SHORTEST_WAIT)) is not None:
            frame, count = older, count + 1
        if frame is not None and count < self.options.buffers:
            return frame, count - 1
        return self._grab(wait), count

    def _grab(self, wait: int) -> _Stamped | None:
        """Return the next picture and its stamp, or None when none comes within `wait` ns: polled, so it comes back."""
        try:
            ready, _ = cv2.VideoCapture.waitAny([self._capture], wait)
            found, image = self._capture.retrieve() if ready else _NOTHING
        except cv2.error as error:
            raise DeviceLost(
                f"{self.name}: {self._path} went away or stopped: check its cable, then reopen it"
            ) from error
        return (image, round(self._capture.get(cv2.CAP_PROP_POS_MSEC) * 1e6)) if found else None

    def _close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None


def device_path(path: str) -> str:
    """Return the device file of an option's path: a bare number names /dev/video<number>."""
    return f"/dev/video{int(path)}" if path.isdecimal() else path


def query(path: str) -> tuple[str, bool]:
    """Return a device's name and whether it captures video. Raises OSError with the true errno."""
    file = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        return capability(fcntl.ioctl(file, _QUERYCAP, bytes(struct.calcsize(_QUERYCAP_FORMAT))))
    finally:
        os.close(file)


def capability(answer: bytes) -> tuple[str, bool]:
    """Read a `struct v4l2_capability`: the card's name, and whether this node captures video."""
    _, card, _, _, whole, node = struct.unpack(_QUERYCAP_FORMAT, answer)
    return card.split(b"\0")[0].decode(errors="replace"), bool((node if whole & _DEVICE_CAPS else whole) & _CAPTURES)


def refusal(name: str, path: str, error: OSError, present: list[Device]) -> DeviceError:
    """Make the error that says why a device could not be opened and what to do."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return DeviceNotFound(
            f"{name}: {path} may not be opened: add yourself to the group `video` (sudo usermod -aG video $USER) and "
            "log in again"
        )
    if error.errno == errno.EBUSY:
        return DeviceError(
            f"{name}: {path} is busy: end the program that uses it ({', '.join(holders(path)) or 'unknown'})"
        )
    if error.errno in (errno.ENOTTY, errno.EINVAL, errno.EISDIR):
        return DeviceNotFound(f"{name}: {path} is not a video device: give one of {_uris(present)}")
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENXIO):
        return DeviceNotFound(f"{name}: there is no camera at {path}: plug it in, or give one of {_uris(present)}")
    return DeviceError(f"{name}: {path} cannot be opened ({error.strerror}): unplug it and plug it in again")


def _uris(present: list[Device]) -> str:
    return (
        ", ".join(device.uri for device in present if not device.missing) or "those that are plugged in (none is now)"
    )


def holders(path: str, proc: Path = Path("/proc")) -> list[str]:
    """List the processes that have a file open, as `name (pid 123)`, as far as this user may see; not this one."""
    wanted = os.path.realpath(path)
    found = []
    for process in sorted((item for item in proc.iterdir() if item.name.isdecimal()), key=lambda item: int(item.name)):
        if int(process.name) == os.getpid():
            continue
        try:
            if any(os.path.realpath(link) == wanted for link in (process / "fd").iterdir()):
                found.append(f"{(process / 'comm').read_text().strip()} (pid {process.name})")
        except OSError:
            continue
    return found


def list_cameras(root: Path) -> list[Device]:
    """List the video devices under `root`, in the order of their numbers, by the stable link where there is one."""
    links = {
        link.resolve(): f"/{link.relative_to(root)}" for link in sorted(root.glob("dev/v4l/by-id/*"), reverse=True)
    }
    nodes = [node for node in root.glob("dev/video*") if node.name.removeprefix("video").isdecimal()]
    found = []
    for node in sorted(nodes, key=lambda item: int(item.name.removeprefix("video"))):
        shown = f"/{node.relative_to(root)}"
        title = root / "sys/class/video4linux" / node.name / "name"
        card = title.read_text().strip() if title.is_file() else ""
        try:
            card, captures = query(str(node))
        except OSError as error:
            missing = str(refusal(shown, shown, error, []))
        else:
            missing = "" if captures else f"{shown} is another node of a camera, or a codec: it captures no video"
        description = ", ".join(part for part in (card, links.get(node.resolve(), "")) if part)
        found.append(Device("v4l2", f"v4l2:{shown}", description, missing))
    return found or [Device("v4l2", "v4l2:/dev/video0", missing="no camera is plugged in: there is no /dev/video*")]
