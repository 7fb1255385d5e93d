"""A Python function as an output. It has no name in a graph: it is handed to a pipeline in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgeai.driver import DriverOptions, Output
from edgeai.messages import Frame, Result


class Callback(Output):
    """Call `f(result)`, or with `frames` `f(result, frame)`, for each result, on the output's own thread.

    `frame` is None where the stream looks at no picture. What `f` raises is the output's fault; what it returns is
    ignored. `newest` skips the results that came while `f` was busy, all but the newest of each stream.
    """

    def __init__(self, name: str, f: Callable[..., Any], *, frames: bool = False, newest: bool = False) -> None:
        """Keep the function; call nothing."""
        super().__init__(name, DriverOptions())
        self._f = f
        self.wants_frames = frames
        self.keeps = "newest" if newest else "all"

    def _open(self) -> None:
        """Nothing to acquire."""

    def _write(self, result: Result, frame: Frame | None) -> None:
        if self.wants_frames:
            self._f(result, frame)
        else:
            self._f(result)

    def _close(self) -> None:
        """Nothing to release."""
