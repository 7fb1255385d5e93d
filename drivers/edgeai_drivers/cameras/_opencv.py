"""What the drivers over OpenCV share: opening without noise, and pictures from bytes."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edgeai.jpeg import jpeg_is_whole, jpeg_size

__all__ = ["capture", "decode", "decode_of", "encode", "is_jpeg", "quietly"]

# OpenCV reads these once, when it first needs them: so they are set on import. FFmpeg's own lines on the terminal name
# neither camera nor remedy (and would show the password of a URL); for a V4L2 frame OpenCV would wait 10 s.
_SETTINGS = {"OPENCV_FFMPEG_LOGLEVEL": "-8", "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "2"}
for _name, _value in _SETTINGS.items():
    os.environ.setdefault(_name, _value)
_LEVEL_SILENT = 0
_set_log_level = getattr(cv2.utils, "logging", cv2).setLogLevel  # OpenCV 5 moved it; each returns the level before
_lock = threading.Lock()
_quiet: list[int] = []
"""The log level to return to, once for each opening under way: cameras open side by side, and some take seconds."""


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Keep OpenCV's warnings off the terminal while something is opened: the driver says in its error what happened."""
    with _lock:
        _quiet.append(_quiet[0] if _quiet else _set_log_level(_LEVEL_SILENT))
    try:
        yield
    finally:
        with _lock:
            before = _quiet.pop()
            if not _quiet:
                _set_log_level(before)


def capture(where: str, backend: int, settings: Sequence[tuple[int, int]] = ()) -> Any:
    """Return a cv2.VideoCapture for a file, device or URL, or None when it cannot be opened."""
    with quietly():
        opened = cv2.VideoCapture(where, backend, [number for setting in settings for number in setting])
    return opened if opened.isOpened() else None


def is_jpeg(data: bytes) -> bool:
    """Say whether data begins as a JPEG does."""
    return data.startswith(b"\xff\xd8")


def decode(data: bytes) -> npt.NDArray[np.uint8] | None:
    """Decode a picture of any format OpenCV reads to BGR uint8 (height, width, 3).

    None when it is not a picture or is damaged; a JPEG that is cut short counts as damaged, though OpenCV would fill
    the missing part with grey.
    """
    if not data or (is_jpeg(data) and not jpeg_is_whole(data)):
        return None
    try:
        image: npt.NDArray[np.uint8] | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return image


def decode_of(data: bytes, shape: tuple[int, ...]) -> npt.NDArray[np.uint8] | None:
    """Decode a JPEG that is said to have a shape: (height, width, 3), or (height, width) when gray.

    None when it is damaged or of another size, which is known before anything is allocated for it.
    """
    if jpeg_size(data) != (shape[1], shape[0]) or not jpeg_is_whole(data):
        return None
    flags = (cv2.IMREAD_GRAYSCALE if len(shape) == 2 else cv2.IMREAD_COLOR) | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image: npt.NDArray[np.uint8] | None = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None
    return image


def encode(image: npt.NDArray[np.uint8], colour: str, quality: int) -> bytes:
    """Return a picture as a JPEG of a quality from 1 to 100."""
    _, data = cv2.imencode(".jpg", image[:, :, ::-1] if colour == "rgb" else image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(data)
