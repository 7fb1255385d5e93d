"""Picture files of a log: what is one, reading it without leaving the log's folder, decoding it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edgeai.jpeg import jpeg_is_whole
from edgeai.recording.foreign.log import Damaged

__all__ = ["MOST_BYTES", "SUFFIXES", "decode", "is_picture_name", "read_inside"]

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
MOST_BYTES = 64 << 20
"""A larger file is no picture of a robot's log."""
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_DEPTH = slice(24, 25)


def is_picture_name(text: str) -> bool:
    """Say whether a text ends as the names of pictures do."""
    return text.lower().endswith(SUFFIXES)


def read_inside(root: Path, name: str) -> bytes | Damaged:
    """Return the bytes of the file `name` under `root`; a name that leads out of it, by `..` or a link, is damage."""
    try:
        path = (root / name).resolve()
        if not path.is_relative_to(root.resolve()):
            return Damaged(f"the picture {name!r} lies outside the log's folder")
        if not path.is_file():
            return Damaged(f"the picture {name!r} is missing")
        if path.stat().st_size > MOST_BYTES:
            return Damaged(f"the picture {name!r} is larger than {MOST_BYTES >> 20} MiB")
        return path.read_bytes()
    except (OSError, ValueError, RuntimeError) as error:
        return Damaged(f"the picture {name!r} cannot be read ({getattr(error, 'strerror', None) or error})")


def decode(data: bytes) -> npt.NDArray[np.uint8] | Damaged:
    """Decode a picture of any format OpenCV reads to BGR uint8 (height, width, 3).

    A JPEG that is cut short is damage, though OpenCV would fill the missing part with grey; so is a PNG of 16 bits,
    which is a map of depth, though OpenCV would scale it.
    """
    if data.startswith(_PNG) and data[_PNG_DEPTH] == b"\x10":
        return Damaged("the picture has 16 bits a channel, as maps of depth have: give pictures of 8 bits")
    if not data or (data.startswith(b"\xff\xd8") and not jpeg_is_whole(data)):
        return Damaged("the picture is empty or cut short")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None or image.dtype != np.uint8 or image.ndim != 3:
        return Damaged("the picture is damaged, or of a format that OpenCV does not read")
    return image  # type: ignore[no-any-return]
