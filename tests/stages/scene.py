"""A scene of bright boxes on a dark wall, and a stage that finds them."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from edgeai.driver import NS, Camera, CameraOptions, Capture, EndOfSource
from edgeai.messages import Detections

Boxes = list[tuple[int, int, int, int]]


class Scene(Camera):
    """Shows the boxes that `where` gives for a time in seconds, so many a second, on a wall of brightness 30."""

    def __init__(
        self, where: Callable[[float], Boxes], *, fps: float = 10.0, seconds: float = 1e9, lossless: bool = False
    ) -> None:
        super().__init__("scene", CameraOptions())
        self._where, self._fps, self._frames = where, fps, round(seconds * fps)
        self.lossless = lossless
        self.rate = fps

    def _open(self) -> None:
        self._count = 0

    def _read(self, timeout: float) -> Capture:
        if self._count >= self._frames:
            raise EndOfSource
        t = self._count / self._fps
        self._count += 1
        image = np.full((120, 160, 3), 30, np.uint8)
        for x1, y1, x2, y2 in self._where(t):
            image[max(0, y1) : max(0, y2), max(0, x1) : max(0, x2)] = 220
        return Capture(image, raw=round(t * NS), clock="media")

    def _close(self) -> None:
        """Release nothing."""


def find(frame) -> Detections:
    """Return the bright boxes of a frame as persons, left first."""
    mask = (frame.image[..., 0] > 128).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    rows = sorted(stats[1:, :4].tolist())
    box = np.array([(x, y, x + w, y + h) for x, y, w, h in rows], np.float32).reshape(-1, 4)
    n = len(rows)
    return Detections(box, np.full(n, 0.9, np.float32), np.zeros(n, np.int32), ("person",) * n)


def nothing(frame) -> str:
    """Return what no tracker can number."""
    return "nothing"


def walk(t: float) -> Boxes:
    """One who walks to the right at 20 pixels a second."""
    return [(10 + round(20 * t), 40, 30 + round(20 * t), 90)]


def two(t: float) -> Boxes:
    """Two who walk towards each other and pass in different rows."""
    return [*walk(t), (130 - round(20 * t), 5, 150 - round(20 * t), 35)]
