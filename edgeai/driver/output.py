"""Outputs: what consumes results."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Literal

from edgeai.driver.base import Driver
from edgeai.messages import Frame, Result

if TYPE_CHECKING:
    from typing import Self

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

    def anew(self) -> Self:
        """Return another driver of the same device, which counts on."""
        made = super().anew()
        made.written, made.lost = self.written, self.lost
        return made

    @property
    def counts(self) -> tuple[int, int]:
        """Results written so far, and results lost."""
        return self.written, self.lost

    def write(self, result: Result, frame: Frame | None) -> None:
        """Write one result; `frame` is given when `wants_frames`. Raises DeviceError."""
        self._require_open()
        self._write(result, frame)
        self.written += 1

    @property
    def drives(self) -> bool:
        """True when it can be made safe."""
        return type(self)._safe is not Output._safe

    def make_safe(self) -> None:
        """Bring what it drives into a safe state. Raises DeviceError.

        Called on the output's own thread when something that feeds it fails, when the pipeline ends for whatever
        reason, and after it was opened again; on another thread when its own has been stuck in a call for 0.1 s.
        """
        self._require_open()
        self._safe()

    def _safe(self) -> None:
        """Stop the motors, close the valve. Called by `make_safe`; an output that drives nothing leaves it out."""

    @abstractmethod
    def _write(self, result: Result, frame: Frame | None) -> None:
        """Write one result. Called by `write`."""
