"""A Python function as an output. It has no name in a graph's file: it is handed over in Python."""

from __future__ import annotations

from collections.abc import Callable as Function
from typing import Any

from edgeai.driver import NEVER_AGAIN, DriverOptions, Output
from edgeai.messages import Frame, Result

__all__ = ["Callback"]


class Callback(Output):
    """Calls `function(result)`, or with `frames` `function(result, frame)`, for each result, on the output's thread.

    What the function raises is the output's fault; what it returns is ignored. `newest` skips the results that came
    while the function was busy, all but the newest of each stream.
    """

    retry = NEVER_AGAIN

    def __init__(self, name: str, function: Function[..., Any], *, frames: bool = False, newest: bool = False) -> None:
        super().__init__(name, DriverOptions())
        self._function = function
        self.wants_frames = frames
        self.keeps = "newest" if newest else "all"

    def _open(self) -> None:
        """Acquire nothing."""

    def _write(self, result: Result, frame: Frame | None) -> None:
        if self.wants_frames:
            self._function(result, frame)
        else:
            self._function(result)

    def _close(self) -> None:
        """Release nothing."""
