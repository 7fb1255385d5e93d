"""Outputs: what consumes results."""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal

from edgeai.driver.base import Driver
from edgeai.messages import Frame, Result

__all__ = ["Output"]


class Output(Driver):
    """Consumes results, on a thread of its own behind a bounded queue, so that a slow one blocks nobody."""

    wants_frames: bool = False
    """True when `_write` needs the frame that was looked at."""
    keeps: Literal["all", "newest"] = "all"
    """When results come faster than they are written: `all` queues them (and counts what overflows), `newest` keeps the
    newest of each stream, as suits commands and displays."""

    written: int = 0
    """Results written so far."""
    lost: int = 0
    """Results that it was not given: it was too slow, or had failed."""

    @property
    def counts(self) -> tuple[int, int]:
        """Results written so far, and results lost."""
        return self.written, self.lost

    def write(self, result: Result, frame: Frame | None) -> None:
        """Write one result; `frame` is given when `wants_frames`. Raises DeviceError."""
        self._require_open()
        self._write(result, frame)
        self.written += 1

    @abstractmethod
    def _write(self, result: Result, frame: Frame | None) -> None:
        """Write one result. Called by `write`."""
