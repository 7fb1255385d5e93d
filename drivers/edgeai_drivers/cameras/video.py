"""Camera `video`: a video file, by OpenCV and FFmpeg."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edgeai.driver import NEVER_AGAIN, NS, Camera, CameraOptions, Capture, EndOfSource
from edgeai.errors import DeviceError, DeviceNotFound

from ._opencv import capture

_Timed = tuple[npt.NDArray[np.uint8], int]
_USUAL_RATE = 25.0
"""Frames a second of a file that does not tell."""
_WHOLE = 0.95
"""A file that yields less of the frames it announces was cut; containers that count by duration err by less."""
_LONGEST_GAP = 60 * NS
"""A step in a file's time beyond this is an error of the container."""


class Video(Camera):
    """A video file at its own pace, or as fast as it is consumed; media clock."""

    retry = NEVER_AGAIN

    suffixes = (
        ".mp4",
        ".m4v",
        ".mov",
        ".avi",
        ".mkv",
        ".webm",
        ".mpg",
        ".mpeg",
        ".ts",
        ".mjpeg",
        ".mjpg",
        ".wmv",
        ".flv",
    )

    @dataclass(frozen=True, kw_only=True)
    class Options(CameraOptions):
        """path: the file. lossless: deliver every frame as fast as it is consumed, instead of at the file's pace.

        loop: begin again at the end, time running on. threads: of the decoder; 0 leaves their number to FFmpeg.
        """

        path: str
        lossless: bool = False
        loop: bool = False
        threads: int = 0

    options: Options
    _capture: Any = None

    def _open(self) -> None:
        self._round_start = 0
        self._first: _Timed | None = self._begin()
        self.rate = self._fps

    def _begin(self) -> _Timed:
        """Open the file and return its first frame, which tells whether it can be played at all."""
        path = Path(self.options.path).expanduser()
        if not path.is_file():
            found = "is a folder" if path.is_dir() else "does not exist"
            raise DeviceNotFound(f"{self.name}: the video {str(path)!r} {found}: correct its path")
        _require_readable(self.name, path)
        settings = [(cv2.CAP_PROP_N_THREADS, self.options.threads)] if self.options.threads else []
        self._close()
        self._capture = capture(str(path.absolute()), cv2.CAP_FFMPEG, settings)
        if self._capture is None:
            raise DeviceError(
                f"{self.name}: {str(path)!r} holds no video that can be read: it is damaged, cut short or no "
                "video; give another file, or convert it to MP4 with H.264"
            )
        announced = self._capture.get(cv2.CAP_PROP_FPS)
        self._fps = announced if 0 < announced < 1000 else _USUAL_RATE
        self._announced_frames = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self._count = 0
        self._last_raw = -1
        first = self._grab()
        if first is None:
            raise DeviceError(
                f"{self.name}: no frame of {str(path)!r} can be decoded: the file is damaged; give another"
            )
        return first

    def _grab(self) -> _Timed | None:
        """Decode the next frame and its time (ns): the container's, or counted where that does not run on."""
        found, image = self._capture.read()
        if not found:
            return None
        frame = NS / self._fps
        told = self._capture.get(cv2.CAP_PROP_POS_MSEC)
        raw = round(told * 1e6) if math.isfinite(told) else -1
        if not self._last_raw < raw <= max(self._last_raw, 0) + _LONGEST_GAP:
            raw = self._last_raw + round(frame) if self._count else 0
        self._count += 1
        self._last_raw = raw
        return image, raw

    def _read(self, timeout: float) -> Capture:
        frame = self._first or self._grab()
        if frame is None:
            self._end_round()
            frame = self._begin()
        self._first = None
        image, raw = frame
        return Capture(image, raw=self._round_start + raw, clock="media")

    def _end_round(self) -> None:
        """Raise at the end of the file, unless it loops; an end before the announced one is an error."""
        length = self._last_raw + NS / self._fps
        expected = self._announced_frames
        if self._count + 1 < _WHOLE * expected and length < _WHOLE * expected / self._fps * NS:
            raise DeviceError(
                f"{self.name}: {self.options.path!r} ends after {self._count} of {expected:.0f} frames: it is damaged "
                "or cut short; copy it again, or give another file"
            )
        if not self.options.loop:
            raise EndOfSource
        self._round_start += round(length)

    def _close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None


def _require_readable(name: str, path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise DeviceNotFound(
            f"{name}: {str(path)!r} may not be read ({error.strerror}): change its permissions"
        ) from error
