"""The frames of a video file and their times, by OpenCV and FFmpeg."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edgeai.clock import NS
from edgeai.errors import RecordingError
from edgeai.recording.foreign.log import Damaged

__all__ = ["extent", "frames", "is_video", "stamps"]

# OpenCV reads it when it opens its first file: FFmpeg's own lines on the terminal name neither file nor remedy.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
_USUAL_RATE = 25.0
_LONGEST_GAP = 60 * NS
"""A step in a file's time beyond this is an error of the container."""


def is_video(path: Path) -> bool:
    """Say by its first bytes whether a file is a video: MP4, MOV, AVI, Matroska, WebM, MPEG."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return (
        head[4:8] in (b"ftyp", b"moov", b"mdat")
        or (head[:4] == b"RIFF" and head[8:] == b"AVI ")
        or head[:4] in (b"\x1a\x45\xdf\xa3", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3")
    )


def extent(video: Path) -> tuple[int, int, int]:
    """Return the number of frames, and the times (ns) of the first and the last.

    The frames are counted, for containers only guess. Raises RecordingError when none can be decoded.
    """
    count, start, end = 0, 0, 0
    for stamp in stamps(video):
        count, start, end = count + 1, start if count else stamp, stamp
    if not count:
        raise RecordingError(f"no frame of {str(video)!r} can be decoded: it is damaged; give another")
    return count, start, end


def frames(video: Path) -> Iterator[tuple[int, npt.NDArray[np.uint8] | Damaged]]:
    """Yield the time (ns) and the picture of each frame, BGR uint8. Raises RecordingError when it cannot be opened."""
    with contextlib.closing(_Opened(video)) as opened:
        while (stamp := opened.grab()) is not None:
            yield stamp, opened.picture()


def stamps(video: Path) -> Iterator[int]:
    """Yield the time (ns) of each frame. Raises RecordingError when the video cannot be opened."""
    with contextlib.closing(_Opened(video)) as opened:
        while (stamp := opened.grab()) is not None:
            yield stamp


class _Opened:
    """A video under way; its times are the container's, or counted where those do not run on."""

    def __init__(self, path: Path) -> None:
        self._capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            raise RecordingError(f"{str(path)!r} holds no video that can be read: it is damaged or cut short")
        told = self._capture.get(cv2.CAP_PROP_FPS)
        self._frame = round(NS / (told if 0 < told < 1000 else _USUAL_RATE))
        self._last: int | None = None

    def grab(self) -> int | None:
        """Go to the next frame and return its time (ns), or None at the end."""
        if not self._capture.grab():
            return None
        told = self._capture.get(cv2.CAP_PROP_POS_MSEC)
        stamp = round(told * 1e6) if math.isfinite(told) else -1
        if self._last is None:
            stamp = stamp if 0 <= stamp <= _LONGEST_GAP else 0
        elif not self._last < stamp <= self._last + _LONGEST_GAP:
            stamp = self._last + self._frame
        self._last = stamp
        return stamp

    def picture(self) -> npt.NDArray[np.uint8] | Damaged:
        """Decode the frame that `grab` went to."""
        found, image = self._capture.retrieve()
        return image if found else Damaged("a frame cannot be decoded")

    def close(self) -> None:
        """Close the file."""
        self._capture.release()
