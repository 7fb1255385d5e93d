"""What the rover's camera sees: the floor by true perspective, through a lens and a sensor of some quality."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .appearance import make_appearance
from .body import Pose
from .course import Course
from .ground import METRES_PER_PIXEL, paint

_SPARE = 64
"""Pixels by which the bank of noise is larger than a picture, so that no two frames in a row get the same noise."""


@dataclass(frozen=True, slots=True)
class Mount:
    """Where the camera sits and which way it looks. The top row of the picture must stay below the horizon."""

    forward: float = 0.12
    """Metres in front of the rear axle."""
    height: float = 0.22
    """Metres above the floor."""
    tilt: float = math.radians(38.0)
    """Angle of the optical axis below the horizon, radians."""
    field: float = math.radians(80.0)
    """Horizontal field of view, radians."""


class View:
    """Render the floor of one room as the camera on a rover sees it.

    The looks come from `appearance_seed`. A picture depends on course, looks, pose and frame number only.
    """

    def __init__(
        self, course: Course, appearance_seed: int, size: tuple[int, int] = (160, 120), mount: Mount | None = None
    ) -> None:
        self._size = size
        self._look = make_appearance(appearance_seed)
        self._ground = paint(course, self._look)
        self._floor_from_pixel = _floor_from_pixel(mount or Mount(), size)
        self._vignette = _vignette(size, self._look.vignette)
        self._noise = _noise_bank(size, appearance_seed, self._look.noise)

    def render(self, pose: Pose, frame: int) -> npt.NDArray[np.uint8]:
        """Render frame number `frame` from `pose`: BGR uint8 (height, width, 3)."""
        import cv2

        texture_from_pixel = self._texture_from_floor(pose) @ self._floor_from_pixel
        image = cv2.warpPerspective(
            self._ground.image,
            texture_from_pixel,
            self._size,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=self._ground.edge,
        )
        image = cv2.GaussianBlur(image, (0, 0), self._look.blur * self._size[0] / 160)
        image = cv2.multiply(image, self._vignette, scale=1 / 255)
        return np.asarray(cv2.addWeighted(image, 1.0, self._noise_of(frame), 1.0, -128.0), np.uint8)

    def _texture_from_floor(self, pose: Pose) -> npt.NDArray[np.float64]:
        """Map homogeneous metres in the rover's frame (forward, left) to pixels of the ground's picture."""
        cos, sin = math.cos(pose.heading), math.sin(pose.heading)
        scale, half = 1.0 / METRES_PER_PIXEL, self._ground.half
        texture_from_floor: npt.NDArray[np.float64] = np.array(
            [
                [scale * cos, -scale * sin, scale * (pose.x + half) - 0.5],
                [-scale * sin, -scale * cos, scale * (half - pose.y) - 0.5],
                [0.0, 0.0, 1.0],
            ]
        )
        return texture_from_floor

    def _noise_of(self, frame: int) -> npt.NDArray[np.uint8]:
        width, height = self._size
        mixed = (frame * 2654435761 + 12345) >> 7
        row, column = mixed % _SPARE, (mixed // _SPARE) % _SPARE
        return self._noise[row : row + height, column : column + width]


def _floor_from_pixel(mount: Mount, size: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Map homogeneous pixels to homogeneous metres on the floor in the rover's frame (forward, left).

    The ray of pixel (u, v) is axis + a right + b down with a = (u - cu)/f, b = (v - cv)/f; it meets the floor where it
    has fallen by the camera's height.
    """
    width, height = size
    focal = 0.5 * width / math.tan(0.5 * mount.field)
    sin, cos = math.sin(mount.tilt), math.cos(mount.tilt)
    rays = np.array(
        [
            [1.0 / focal, 0.0, -0.5 * (width - 1) / focal],
            [0.0, 1.0 / focal, -0.5 * (height - 1) / focal],
            [0.0, 0.0, 1.0],
        ]
    )
    fall = np.array([0.0, cos, sin])
    forward = mount.forward * fall + mount.height * np.array([0.0, -sin, cos])
    left = np.array([-mount.height, 0.0, 0.0])
    floor_from_pixel: npt.NDArray[np.float64] = np.stack([forward, left, fall]) @ rays
    return floor_from_pixel


def _vignette(size: tuple[int, int], loss: float) -> npt.NDArray[np.uint8]:
    width, height = size
    across = np.linspace(-1.0, 1.0, width)[None, :]
    down = np.linspace(-1.0, 1.0, height)[:, None]
    gain = 1.0 - 0.5 * loss * (across * across + down * down)
    return np.repeat((255.0 * gain)[:, :, None], 3, axis=2).astype(np.uint8)


def _noise_bank(size: tuple[int, int], seed: int, sigma: float) -> npt.NDArray[np.uint8]:
    """Draw the sensor's noise around 128, (height + spare, width + spare, 3)."""
    width, height = size
    dice = np.random.default_rng([seed, 1])
    noise = dice.standard_normal((height + _SPARE, width + _SPARE, 3), np.float32)
    bank: npt.NDArray[np.uint8] = np.clip(noise * np.float32(sigma) + 128.5, 0, 255).astype(np.uint8)
    return bank
