"""The small grey picture that a gate compares, and where two of them differ. In integers: the same on every machine."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from edgeai.messages import Frame

__all__ = ["cell_size", "changed", "small_picture"]

_LONGEST = 96
"""Cells along the longer side of the picture: a person of a tenth of its height still covers some ten of them."""

_LEAST = 4
"""Pixels along a cell's side at the least: a mean over fewer shows the sensor's noise."""

_GREY = {"bgr": cv2.COLOR_BGR2GRAY, "rgb": cv2.COLOR_RGB2GRAY}


def small_picture(frame: Frame) -> npt.NDArray[np.uint8]:
    """Return the frame's brightness, uint8 (rows, columns) of square cells.

    In two steps of linear interpolation, of which the second is a mean of four: it gives identical bytes on every
    machine, which OpenCV's averaging over areas does not.
    """
    width, height = frame.size
    longest = max(2, min(_LONGEST, max(width, height) // _LEAST))
    columns, rows = (max(1, round(side * longest / max(width, height))) for side in (width, height))
    double = cv2.resize(frame.image, (2 * columns, 2 * rows), interpolation=cv2.INTER_LINEAR)
    if frame.colour != "gray":
        double = cv2.cvtColor(double, _GREY[frame.colour])
    picture: npt.NDArray[np.uint8] = cv2.resize(double, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return picture


def cell_size(frame: tuple[int, int], shape: tuple[int, ...]) -> float:
    """Return the pixels along a cell's side, for a frame of (width, height) and a picture of (rows, columns)."""
    return max(frame) / max(shape)


def changed(now: npt.NDArray[np.uint8], then: npt.NDArray[np.uint8], threshold: float) -> npt.NDArray[np.bool_]:
    """Return which cells differ by more than `threshold`, a part of the full brightness.

    What all cells have in common (the median difference) is the camera's exposure, and does not count.
    """
    difference = now.astype(np.int16) - then
    middle = int(np.partition(difference, difference.size // 2, axis=None)[difference.size // 2])
    moved: npt.NDArray[np.bool_] = np.abs(difference - middle) > 255 * threshold
    return moved
