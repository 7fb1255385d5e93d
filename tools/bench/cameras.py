"""Cameras that deliver frames from memory: what a bench measures is the pipeline, not a driver."""

from __future__ import annotations

from typing import Any

import numpy as np
from bench import Paced

from edgeai.driver import Camera, CameraOptions, Capture, EndOfSource


class Memory(Camera):
    """Every picture at once, n in all, lossless."""

    lossless = True

    def __init__(self, images: list[np.ndarray], n: int) -> None:
        super().__init__("camera", CameraOptions())
        self._images, self._left = images, n

    def _open(self) -> None:
        pass

    def _close(self) -> None:
        pass

    def _read(self, timeout: float) -> Capture | None:
        if not self._left:
            raise EndOfSource
        self._left -= 1
        return Capture(self._images[self._left % len(self._images)])


class PacedMemory(Camera):
    """Pictures at a fixed rate, stamped when they are captured."""

    def __init__(self, source: Paced, n: int | None = None) -> None:
        super().__init__("camera", CameraOptions())
        self._paced, self._n = source, n

    def _open(self) -> None:
        pass

    def _close(self) -> None:
        pass

    def _read(self, timeout: float) -> Capture | None:
        if self._n is not None and self._paced.n >= self._n:
            raise EndOfSource
        stamp, image = self._paced.next()
        return Capture(image, stamp, "monotonic")


def graph(camera: Any, model: Any, **stage: Any) -> Any:
    """Return the graph of a camera made in Python and a model."""
    from edgeai import Graph

    return Graph(cameras={"camera": camera}, stages={"objects": {"model": str(model), **stage}})
