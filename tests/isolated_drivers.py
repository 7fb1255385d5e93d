"""Drivers that a process of its own has to survive; in a module, so that another process can import them."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass

import numpy as np

from edgeai.driver import Camera, CameraOptions, Capture


class Stubborn(Camera):
    """A camera that, the first time, holds the interpreter for ever with its fourth picture: nothing else can run.

    marker: a file that is there once that has happened.
    """

    @dataclass(frozen=True, kw_only=True)
    class Options(CameraOptions):
        """marker: see above."""

        marker: str

    period = 20_000_000

    def _open(self):
        self._count = 0

    def _read(self, timeout):
        self._count += 1
        if self._count == 4 and not os.path.exists(self.options.marker):
            with open(self.options.marker, "w") as file:
                file.write(str(os.getpid()))
            ctypes.PyDLL(None).pause()
        return Capture(np.full((48, 64, 3), self._count % 256, np.uint8))

    def _close(self):
        pass
