"""How a frame lies in a model's input, and the way back for boxes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Rect", "Resize", "View", "view_of"]

Resize = Literal["stretch", "letterbox", "centre-crop"]
Rect = tuple[int, int, int, int]
"""x, y, width, height in pixels."""

_FARTHEST = 1e9
"""Pixels: no picture is so large."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The part `crop` of the frame was resized into the part `placed` of the model's input.

    `frame` and `input` are (width, height). A point (u, v) of the input, in pixels, lies in the frame at
    crop_x + (u - placed_x) * crop_width / placed_width, and likewise for y: the exact inverse of what was done.
    """

    frame: tuple[int, int]
    input: tuple[int, int]
    crop: Rect
    placed: Rect
    _gain: npt.NDArray[np.float64] = field(init=False, repr=False)
    _bias: npt.NDArray[np.float64] = field(init=False, repr=False)
    _unit_gain: npt.NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        gain_x, gain_y = self.crop[2] / self.placed[2], self.crop[3] / self.placed[3]
        bias_x, bias_y = self.crop[0] - self.placed[0] * gain_x, self.crop[1] - self.placed[1] * gain_y
        gain = np.array([gain_x, gain_y, gain_x, gain_y])
        object.__setattr__(self, "_gain", gain)
        object.__setattr__(self, "_bias", np.array([bias_x, bias_y, bias_x, bias_y]))
        object.__setattr__(self, "_unit_gain", gain * np.array([*self.input, *self.input]))

    def boxes(self, xyxy: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Map boxes (n, 4) in pixels of the input to pixels of the frame; they may reach beyond its edges."""
        return _pixels(xyxy * self._gain + self._bias)

    def unit_boxes(self, xyxy: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Map boxes (n, 4) in 0..1 of the input to pixels of the frame; they may reach beyond its edges."""
        return _pixels(xyxy * self._unit_gain + self._bias)

    def unit_points(self, xy: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Map points (..., 2) in 0..1 of the input to pixels of the frame; they may lie beyond its edges."""
        return _pixels(xy * self._unit_gain[:2] + self._bias[:2])


def _pixels(places: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Return places as float32, nonsense that it cannot hold brought to its edge."""
    return np.minimum(np.maximum(places, -_FARTHEST), _FARTHEST).astype(np.float32)


def view_of(frame: tuple[int, int], into: tuple[int, int], resize: Resize, crop_fraction: float) -> View:
    """Lay a frame into an input, both (width, height).

    stretch: the whole frame, its proportions lost. letterbox: the whole frame, its proportions kept, centred between
    bars. centre-crop: `crop_fraction` of the largest centred rectangle that has the input's proportions.
    """
    width, height = frame
    across, down = into
    if resize == "letterbox":
        ratio = min(across / width, down / height)
        wide, high = (max(1, min(limit, round(side * ratio))) for side, limit in ((width, across), (height, down)))
        placed = ((across - wide) // 2, (down - high) // 2, wide, high)
        return View(frame, into, (0, 0, width, height), placed)
    if resize == "centre-crop":
        ratio = min(width / across, height / down) * crop_fraction
        wide, high = (max(1, min(limit, round(side * ratio))) for side, limit in ((across, width), (down, height)))
        crop = ((width - wide) // 2, (height - high) // 2, wide, high)
        return View(frame, into, crop, (0, 0, across, down))
    return View(frame, into, (0, 0, width, height), (0, 0, across, down))
