"""How a driver is: what it does, why, since when, and what it has done so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["DriverKind", "DriverState", "DriverStatus"]

DriverKind = Literal["camera", "sensor", "meter", "output", "recorder"]

DriverStatus = Literal["opening", "running", "stalled", "lost", "retrying", "closed"]
"""opening: it has not delivered or taken anything yet. stalled: it is open, and silent for longer than it may be. lost:
it failed, and is not tried again. retrying: it failed, and is tried again in a while. closed: it has come to its end,
or the pipeline has."""


@dataclass(frozen=True, slots=True)
class DriverState:
    """A driver of a pipeline as it is now, since `since` (ns on the pipeline's clock); `why` is a sentence, or empty.

    restarts: how often it was opened again. done: what a source has captured, a meter has read, an output or the
    recorder has written; lost: captures and results that went by it.
    """

    name: str
    kind: DriverKind
    state: DriverStatus = "opening"
    why: str = ""
    since: int = 0
    restarts: int = 0
    done: int = 0
    lost: int = 0

    @property
    def works(self) -> bool:
        """True unless it has failed and has not come back."""
        return self.state not in ("stalled", "lost", "retrying")

    def __str__(self) -> str:
        return f"{self.name} {self.state}" + (f" ({self.why})" if self.why else "")
