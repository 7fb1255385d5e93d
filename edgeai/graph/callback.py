"""A Python function as an output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgeai.driver import DriverOptions, Output
from edgeai.messages import Frame, Result

__all__ = ["Callback"]


class Callback(Output):
    """Hands each result to a function, on the output's own thread."""

    def __init__(self, name: str, function: Callable[[Result], Any]) -> None:
        super().__init__(name, DriverOptions())
        self._function = function

    def _open(self) -> None:
        pass

    def _write(self, result: Result, frame: Frame | None) -> None:
        self._function(result)

    def _close(self) -> None:
        pass
