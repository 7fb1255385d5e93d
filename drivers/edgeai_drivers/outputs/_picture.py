"""The annotated picture of a result."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from edgeai import draw
from edgeai.errors import DeviceError
from edgeai.messages import Frame, Result

Picture = npt.NDArray[np.uint8]

_TO_BGR = {"rgb": cv2.COLOR_RGB2BGR, "gray": cv2.COLOR_GRAY2BGR}


def bgr(frame: Frame) -> Picture:
    """Return the frame's picture in BGR; it may be the frame's own array, so it is not to be written."""
    if frame.colour == "bgr":
        return frame.image
    picture: Picture = cv2.cvtColor(frame.image, _TO_BGR[frame.colour])
    return picture


def annotated(result: Result, frame: Frame) -> Picture:
    """Return a new BGR picture with the result drawn on it."""
    return draw.annotate(bgr(frame), result)


def require_frame(name: str, result: Result, frame: Frame | None) -> Frame:
    """Return the frame, or raise DeviceError for a stream that looks at no picture."""
    if frame is None:
        raise DeviceError(f"{name} has no picture for {result.stream!r}: give it a stream that is fed by a camera")
    return frame
