"""What the drivers over OpenCV share: opening without noise, and pictures from bytes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["capture", "decode", "quietly"]

# Read by OpenCV's C++ side when it first needs them. FFmpeg's own lines on the terminal name neither camera nor remedy
# (and would show the password of a URL); OpenCV waits 10 s for a V4L2 frame unless told otherwise.
_SETTINGS = {"OPENCV_FFMPEG_LOGLEVEL": "-8", "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "2"}
_LEVEL_SILENT = 0
_one_at_a_time = threading.Lock()


@contextmanager
def quietly() -> Iterator[None]:
    """Keep OpenCV's warnings off the terminal while something is opened: the driver says in its error what happened."""
    with _one_at_a_time:
        before = cv2.utils.logging.setLogLevel(_LEVEL_SILENT)
        try:
            yield
        finally:
            cv2.utils.logging.setLogLevel(before)


def capture(where: str, backend: int, settings: Sequence[tuple[int, int]] = ()) -> Any:
    """Return a cv2.VideoCapture for a file, device or URL, or None when it cannot be opened."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    with quietly():
        opened = cv2.VideoCapture(where, backend, [number for setting in settings for number in setting])
    return opened if opened.isOpened() else None


def decode(data: bytes) -> npt.NDArray[np.uint8] | None:
    """Decode a picture of any format OpenCV reads to BGR uint8 (height, width, 3).

    None when it is not a picture or is damaged; a JPEG that is cut short counts as damaged, though OpenCV would fill
    the missing part with grey.
    """
    if not data or (data.startswith(b"\xff\xd8") and not _jpeg_is_whole(data)):
        return None
    try:
        image: npt.NDArray[np.uint8] | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return image


def _jpeg_is_whole(data: bytes) -> bool:
    """Say whether an end marker follows the picture's own scan; a thumbnail in a header has one too, and is skipped."""
    at = 2
    while at + 4 <= len(data):
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at] != 0xFF:
            return False
        if marker == 0xFF:
            at += 1
        elif marker == 0xDA:
            return data.find(b"\xff\xd9", at) >= 0
        else:
            at += 2 + length
    return False
