"""How the room looks: floor, line, light and camera quality, drawn by seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

BGR = tuple[float, float, float]

_FLOORS: tuple[BGR, ...] = (
    (150, 155, 158),  # concrete
    (95, 130, 170),  # oak
    (60, 80, 105),  # walnut
    (90, 120, 85),  # green mat
    (135, 105, 85),  # blue carpet
    (200, 208, 212),  # pale tiles
    (62, 60, 60),  # dark rubber
)
_LINES: tuple[BGR, ...] = (
    (240, 240, 240),  # white
    (28, 28, 30),  # black
    (40, 200, 235),  # yellow
    (45, 45, 190),  # red
    (190, 90, 40),  # blue
    (70, 170, 60),  # green
)
_CONTRAST = 70.0
"""Least difference in luma between floor and line, of 255."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """What a seed decides about looks; brightness and colour are on a scale of 0 to 255."""

    seed: int
    floor: BGR
    line: BGR
    grain: float
    """Strength of the floor's texture, a share of its brightness."""
    tile: float
    """Edge of the floor's tiles in metres; 0 without seams."""
    tile_angle: float
    """Direction of the seams, radians."""
    stains: int
    """How many dark or pale stains lie about."""
    wear: float
    """Share of the line that is worn through."""
    slope: float
    """Change of the light across the room, a share of its mean."""
    shadows: int
    """How many soft shadows and pools of light lie about."""
    exposure: float
    """Gain of the camera."""
    vignette: float
    """Loss of light in the picture's corners, a share."""
    blur: float
    """Standard deviation of the lens's blur at 160 pixels of width, in pixels."""
    noise: float
    """Standard deviation of the sensor's noise."""


def make_appearance(seed: int) -> Appearance:
    """Draw the looks of `seed`; floor and line always differ by a visible contrast."""
    dice = random.Random(f"appearance {seed}")  # noqa: S311 - it draws pictures, not secrets
    while True:
        floor, line = _tint(dice, dice.choice(_FLOORS)), _tint(dice, dice.choice(_LINES))
        if abs(_luma(floor) - _luma(line)) >= _CONTRAST:
            break
    return Appearance(
        seed=seed,
        floor=floor,
        line=line,
        grain=dice.uniform(0.03, 0.16),
        tile=dice.choice((0.0, 0.0, dice.uniform(0.3, 0.9))),
        tile_angle=dice.uniform(0.0, 1.57),
        stains=dice.randrange(0, 40),
        wear=dice.uniform(0.0, 0.25),
        slope=dice.uniform(0.0, 0.4),
        shadows=dice.randrange(0, 7),
        exposure=dice.uniform(0.75, 1.2),
        vignette=dice.uniform(0.0, 0.4),
        blur=dice.uniform(0.3, 1.3),
        noise=dice.uniform(1.0, 9.0),
    )


def _tint(dice: random.Random, colour: BGR) -> BGR:
    gain = dice.uniform(0.85, 1.15)
    blue, green, red = (min(255.0, channel * gain * dice.uniform(0.93, 1.07)) for channel in colour)
    return blue, green, red


def _luma(colour: BGR) -> float:
    blue, green, red = colour
    return 0.114 * blue + 0.587 * green + 0.299 * red
