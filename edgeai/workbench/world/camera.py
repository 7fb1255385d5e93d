"""A camera of which nothing but the time counts."""

from __future__ import annotations

import numpy as np

from edgeai.clock import NS
from edgeai.driver import Camera, CameraOptions, Capture
from edgeai.messages import Frame

__all__ = ["SimulatedCamera"]

_PIXEL = np.zeros((1, 1, 3), np.uint8)
_PIXEL.flags.writeable = False


class SimulatedCamera(Camera):
    """Captures at a rate, from a phase on; all its frames share one pixel. It is read when it is due, never early."""

    def __init__(self, name: str, rate: float, phase: int = 0, *, frames: int | None = None) -> None:
        """`rate` in Hz; `phase`: ns from the start to the first capture; `frames`: how many there are, None: no end."""
        super().__init__(name, CameraOptions())
        self.rate: float = rate
        self._phase = phase
        self._frames = frames

    def due(self) -> int:
        """Return the time of the next capture, ns."""
        return self._phase + round(self.captured * NS / self.rate)

    def read(self, timeout: float) -> Frame:
        """Return the frame that is due."""
        seq, stamp = self.captured, self.due()
        self.captured = seq + 1
        self.ended = self.captured == self._frames
        return Frame(self.name, seq, stamp, _PIXEL)

    def _open(self) -> None:
        """There is nothing to open."""

    def _read(self, timeout: float) -> Capture | None:
        """`read` needs none."""

    def _close(self) -> None:
        """There is nothing to close."""
