"""Camera `synthetic`: a moving test pattern with its frame number, the same for the same seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edgeai.driver import NS, Camera, CameraOptions, Capture, Device, EndOfSource, Rate, Size
from edgeai.errors import Problem

_SHAPES = 6
_COLOURS = ((0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167), (213, 94, 0), (86, 180, 233))


class Synthetic(Camera):
    """Shapes that drift and bounce over a background, and the frame's number; made at the camera's pace or lossless."""

    @dataclass(frozen=True, kw_only=True)
    class Options(CameraOptions):
        """size and fps of the pictures. seed: of the pattern. frames: how many to give, without end when absent.

        lossless: as fast as they are consumed. prepared: so many pictures are drawn at opening and repeated, so that a
        frame costs nothing (for measurements); 0 draws each.
        """

        size: Size = (640, 480)
        fps: Rate = 30.0
        seed: int = 0
        frames: int | None = None
        lossless: bool = False
        prepared: int = 0

    options: Options

    @classmethod
    def devices(cls) -> list[Device]:
        """List the one that is always there."""
        return [Device("synthetic", "synthetic:640x480", "a moving test pattern")]

    def check(self) -> list[Problem]:
        """Find counts below zero."""
        counts = {"frames": self.options.frames, "prepared": self.options.prepared}
        return super().check() + [
            Problem(f"cameras.{self.name}.{key}", str(count), "a number from 0")
            for key, count in counts.items()
            if count is not None and count < 0
        ]

    def __init__(self, name: str, options: Options) -> None:
        super().__init__(name, options)
        self._step = round(NS / options.fps)
        self.period = None if options.lossless else self._step
        self.rate = options.fps

    def _open(self) -> None:
        self._pattern = Pattern(self.options.size, self.options.seed)
        self._prepared = [self._pattern.draw(number) for number in range(self.options.prepared)]
        self._start: int | None = None
        self._count = 0

    def _read(self, timeout: float) -> Capture:
        number = self._number()
        if self.options.frames is not None and number >= self.options.frames:
            raise EndOfSource
        self._count += 1
        image = self._prepared[number % len(self._prepared)] if self._prepared else self._pattern.draw(number)
        return Capture(image, raw=number * self._step, clock="media")

    def _number(self) -> int:
        """Count the pictures since the start, those that nobody fetched in time too."""
        if self.period is None:
            return self._count
        if self._start is None:
            self._start = self.capture_time
        return (self.capture_time - self._start) // self.period

    def _close(self) -> None:
        self._prepared = []


class Pattern:
    """Draws picture number n of a seed. Shapes move on triangle waves, so any picture can be drawn by itself."""

    def __init__(self, size: tuple[int, int], seed: int) -> None:
        self._width, self._height = size
        self._side = max(4, min(size) // 6)
        chance = random.Random(seed)  # noqa: S311 - a pattern, not a secret
        self._background = _background(size, chance)
        self._shapes = [
            (
                _COLOURS[index % len(_COLOURS)][::-1],
                index % 2,
                (chance.randrange(4096), chance.randrange(4096)),
                (chance.randint(-7, 7) or 3, chance.randint(-5, 5) or 2),
            )
            for index in range(_SHAPES)
        ]

    def draw(self, number: int) -> npt.NDArray[np.uint8]:
        """Return picture `number` (from 0): BGR uint8 (height, width, 3), newly made."""
        image = self._background.copy()
        half = self._side // 2
        for colour, kind, (x0, y0), (dx, dy) in self._shapes:
            x = half + _bounce(x0 + dx * number, self._width - self._side)
            y = half + _bounce(y0 + dy * number, self._height - self._side)
            if kind:
                cv2.circle(image, (x, y), half, colour, cv2.FILLED)
            else:
                cv2.rectangle(image, (x - half, y - half), (x + half, y + half), colour, cv2.FILLED)
        scale = max(0.3, self._height / 480)
        origin = (round(10 * scale), round(34 * scale))
        cv2.putText(
            image, f"{number:06d}", origin, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), max(1, round(2 * scale))
        )
        return image


def _bounce(way: int, room: int) -> int:
    """Fold a way of any length into 0..room, to and fro."""
    room = max(1, room)
    way %= 2 * room
    return way if way <= room else 2 * room - way


def _background(size: tuple[int, int], chance: random.Random) -> npt.NDArray[np.uint8]:
    """Make a dark gradient with a grid, tinted by chance."""
    width, height = size
    tint = np.array([chance.randint(40, 90) for _ in range(3)], np.float32)
    slope = np.linspace(0.4, 1.0, height, dtype=np.float32)[:, None, None]
    image = np.broadcast_to(slope * tint, (height, width, 3)).astype(np.uint8)
    pitch = max(8, min(size) // 8)
    image[::pitch] += 24
    image[:, ::pitch] += 24
    return image
