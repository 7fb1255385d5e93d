"""The floor seen from above: texture, tiles, stains, the painted line and the light on it, painted once for a room."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .appearance import BGR, Appearance
from .course import LINE_WIDTH, Course

METRES_PER_PIXEL = 0.005
_MARGIN = 1.2
"""Floor around the course, metres."""

Plane = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """A square picture of the floor around the origin, BGR uint8 (side, side, 3), x right and y up."""

    image: npt.NDArray[np.uint8]
    half: float
    """Half the side, metres."""
    edge: BGR
    """Colour of the floor beyond the picture."""


def paint(course: Course, look: Appearance) -> Ground:
    """Paint the floor of `course` in the given looks; equal arguments give equal pictures."""
    import cv2

    half = course.extent + _MARGIN
    side = math.ceil(2.0 * half / METRES_PER_PIXEL)
    dice = np.random.default_rng([look.seed, course.seed, side])
    brightness = 1.0 + _texture(dice, side, look)
    light = look.exposure * _light(dice, side, look)
    cover = _line(dice, side, half, course, look)
    planes = []
    for floor, line in zip(look.floor, look.line, strict=True):
        plane = cv2.multiply(brightness, light, scale=floor)
        paint_there = cv2.multiply(light, cover, scale=line)
        planes.append(cv2.add(cv2.multiply(plane, 1.0 - cover), paint_there, dtype=cv2.CV_8U))
    edge = tuple(min(255.0, channel * look.exposure) for channel in look.floor)
    return Ground(cv2.merge(planes), half, (edge[0], edge[1], edge[2]))


def _texture(dice: np.random.Generator, side: int, look: Appearance) -> Plane:
    """Paint the relative brightness of the bare floor around 0, (side, side)."""
    import cv2

    texture = np.zeros((side, side), np.float32)
    for cell, share in ((0.6, 0.5), (0.12, 0.6), (0.03, 0.5), (METRES_PER_PIXEL, 0.5)):
        texture += _noise(dice, side, cell) * np.float32(look.grain * share)
    for _ in range(look.stains):
        centre = dice.integers(0, side, 2).tolist()
        axes = dice.integers(4, 40, 2).tolist()
        cv2.ellipse(texture, centre, axes, float(dice.uniform(0, 180)), 0, 360, float(dice.uniform(-0.35, 0.25)), -1)
    if look.tile:
        _draw_seams(texture, look)
    return texture


def _noise(dice: np.random.Generator, side: int, cell: float) -> Plane:
    """Draw smooth noise of standard deviation 1 at its nodes, which are `cell` metres apart, (side, side)."""
    import cv2

    nodes = math.ceil(side * METRES_PER_PIXEL / cell) + 1
    coarse = dice.standard_normal((nodes, nodes), np.float32)
    return _plane(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_LINEAR))


def _draw_seams(texture: Plane, look: Appearance) -> None:
    import cv2

    side = texture.shape[0]
    pitch = look.tile / METRES_PER_PIXEL
    count = math.ceil(side / pitch)
    for angle in (look.tile_angle, look.tile_angle + math.pi / 2):
        along, across = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))
        for number in range(-count, count + 1):
            middle = [side / 2 + number * pitch * part for part in across]
            ends = [[round(m + way * side * part) for m, part in zip(middle, along, strict=True)] for way in (-1, 1)]
            cv2.line(texture, ends[0], ends[1], -0.3, 2, cv2.LINE_AA)


def _light(dice: np.random.Generator, side: int, look: Appearance) -> Plane:
    """Paint the light on the floor around 1, (side, side): a slope, soft shadows and pools of light."""
    import cv2

    coarse = 64
    angle = dice.uniform(0.0, math.tau)
    ramp = np.linspace(-1.0, 1.0, coarse, dtype=np.float32)
    light = 1.0 + look.slope * (math.cos(angle) * ramp[None, :] + math.sin(angle) * ramp[:, None]) / 2
    light = light.astype(np.float32)
    for _ in range(look.shadows):
        spot = np.zeros((coarse, coarse), np.float32)
        centre = dice.integers(0, coarse, 2).tolist()
        axes = dice.integers(3, 18, 2).tolist()
        cv2.ellipse(spot, centre, axes, float(dice.uniform(0, 180)), 0, 360, float(dice.uniform(-0.45, 0.35)), -1)
        light += cv2.GaussianBlur(spot, (0, 0), float(dice.uniform(0.5, 2.5)))
    return _plane(cv2.resize(np.maximum(light, 0.25), (side, side), interpolation=cv2.INTER_LINEAR))


def _line(dice: np.random.Generator, side: int, half: float, course: Course, look: Appearance) -> Plane:
    """Paint how far the line covers the floor, 0 to 1, (side, side); patches of it are worn."""
    import cv2

    shift = 4
    columns = (np.array(course.xs) + half) / METRES_PER_PIXEL
    rows = (half - np.array(course.ys)) / METRES_PER_PIXEL
    points = np.round(np.stack([columns, rows], axis=1) * 2**shift).astype(np.int32)
    mask = np.zeros((side, side), np.uint8)
    thickness = round(LINE_WIDTH / METRES_PER_PIXEL)
    cv2.polylines(mask, [points.reshape(-1, 1, 2)], True, 255, thickness, cv2.LINE_AA, shift)
    patches = 0.7 * _noise(dice, side, 0.05) + 0.7 * _noise(dice, side, 0.015)
    threshold = np.quantile(patches[::7, ::7], look.wear)
    worn = np.clip((patches - threshold) * 4.0 + 0.5, 0.15, 1.0)
    return _plane(worn * (mask.astype(np.float32) / 255.0))


def _plane(values: Any) -> Plane:
    return np.asarray(values, np.float32)
