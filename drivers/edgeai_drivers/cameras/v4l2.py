"""Camera `v4l2`: a camera of Linux's Video4Linux2 (USB, MIPI, loopback), by OpenCV."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from edgeai.driver import NS, Camera, CameraOptions, Capture, Device, Duration, Rate, Size, detect_clock
from edgeai.errors import DeviceError, DeviceLost, DeviceNotFound, Problem
from edgeai.messages import StampClock

from . import _v4l2_devices as devices
from ._opencv import capture, decode
from ._v4l2_controls import apply, on_device, wishes

_Stamped = tuple[npt.NDArray[np.uint8], int]
_NOTHING: tuple[bool, Any] = (False, None)
_JPEGS = "MJPG"
_MOST_DAMAGED = 30
_SHORTEST_WAIT = 1
"""ns; OpenCV takes 0 for ever, and rounds up to a millisecond."""


class V4l2(Camera):
    """A V4L2 camera. Stamps are the kernel's, of the buffer, on the clock found at the first frame; else of arrival.

    The newest frame wins: when frames were waiting since before the reader came, they are passed over and counted lost.
    So are JPEGs that are damaged; DeviceError when thirty in a row are. The device is looked for anew each time it is
    opened, so a name that survives replugging finds it wherever it was plugged in.
    """

    @dataclass(frozen=True, kw_only=True)
    class Options(CameraOptions):
        """path: the device (`/dev/video0`), its number, or a name that survives replugging: `by-id/...`, `by-path/...`
        as in /dev/v4l, or `serial=...` as printed on a USB camera.

        size and fps: what to ask for; the camera's own choice when absent. fourcc: the camera's format, such as `MJPG`
        or `YUYV`; many USB cameras reach their full rate with MJPG only, and its JPEGs are recorded as they came.
        buffers: frames the kernel may hold. exposure: a time, or auto. gain: in the camera's steps. white_balance: in
        kelvin, or auto. controls: any others by the camera's names, such as {sharpness: 3}.
        """

        path: str = "/dev/video0"
        size: Size | None = None
        fps: Rate | None = None
        fourcc: str | None = None
        buffers: int = 2
        exposure: Duration | Literal["auto"] | None = None
        gain: int | None = None
        white_balance: int | Literal["auto"] | None = None
        controls: Mapping[str, bool | int | str] = field(default_factory=dict)

    options: Options
    _capture: Any = None

    @classmethod
    def claims(cls, path: str) -> bool:
        """Claim the paths of video devices."""
        return path.startswith(("/dev/video", "/dev/v4l/"))

    @classmethod
    def devices(cls) -> list[Device]:
        """List the cameras here, with their names and the links that survive replugging."""
        return devices.list_cameras(Path("/"))

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
        self._path = devices.device_path(self.options.path)
        try:
            card, captures = devices.query(self._path)
        except OSError as error:
            raise devices.refusal(self.name, self._path, error, devices.list_cameras(Path("/"))) from error
        if not captures:
            raise DeviceNotFound(
                f"{self.name}: {self._path} ({card}) is no camera but another node of one, or a codec: "
                f"give one of {devices.uris(devices.list_cameras(Path('/')))}"
            )
        self._capture = capture(self._path, cv2.CAP_V4L2, self._settings())
        if self._capture is None:
            others = devices.holders(self._path)
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
        fourcc = round(self._capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little").decode("ascii", "replace")
        if self.options.fourcc not in (None, fourcc):
            raise DeviceError(
                f"{self.name}: {self._path} ({card}) gives {fourcc} when asked for {self._wish()}: leave out `fourcc`, "
                f"or ask for a format it offers (`v4l2-ctl -d {self._path} --list-formats-ext`)"
            )
        self._set_controls()
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate = fps if 0 < fps < 1000 else self.options.fps
        self._begin()

    def _begin(self) -> None:
        """Forget the stream before: no clock is known, and no reader was away."""
        self._clock_name: StampClock | None = None
        self._last_return = self._clock.now()
        self._jpegs = self.options.fourcc == _JPEGS
        self._damaged = 0

    def _set_controls(self) -> None:
        """Set what the options ask for. Raises ConfigError that lists what the camera has."""
        options = self.options
        asked = wishes(options.exposure, options.gain, options.white_balance, options.controls)
        if asked:
            file = os.open(self._path, os.O_RDWR | os.O_NONBLOCK)
            try:
                apply(on_device(file), f"cameras.{self.name}.controls", asked)
            finally:
                os.close(file)

    def _settings(self) -> list[tuple[int, int]]:
        wanted = self.options
        settings = []
        if wanted.fourcc is not None:
            settings.append((cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*wanted.fourcc)))
            if wanted.fourcc == _JPEGS:
                settings.append((cv2.CAP_PROP_CONVERT_RGB, 0))
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
        return (
            self._decoded(image, raw, passed_over)
            if self._jpegs
            else Capture(image, raw, self._clock_name, passed_over)
        )

    def _decoded(self, data: npt.NDArray[np.uint8], raw: int, passed_over: int) -> Capture | None:
        """Return the capture of a JPEG with its bytes; None, and one more lost, for a damaged one."""
        encoded = data.tobytes().rstrip(b"\0")  # what lies behind the end of a picture in its buffer is no part of it
        image = decode(encoded)
        if image is not None:
            self._damaged = 0
            return Capture(image, raw, self._clock_name or "none", passed_over, encoded)
        self.lost += passed_over + 1
        self._damaged += 1
        if self._damaged >= _MOST_DAMAGED:
            raise DeviceError(
                f"{self.name}: {self.options.path} sends pictures that are damaged: use a shorter cable, a port of "
                "its own, or leave out `fourcc`"
            )
        return None

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
