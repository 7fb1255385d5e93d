"""Where faults are put into a pipeline, for tests and trials: a protocol, which `edgeai.testing.faults` has."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, TypeVar

from edgeai.clock import Clock
from edgeai.driver import Driver
from edgeai.runtime.program import Program

__all__ = ["Disturbance"]

D = TypeVar("D", bound=Driver)


class Disturbance(Protocol):
    """Makes drivers, stages and the disk fail."""

    def begin(self, clock: Clock, names: Collection[str]) -> None:
        """Count time from now; `names` are those of all devices and stages. Raises ConfigError for any other."""

    def driver(self, driver: D) -> D:
        """Return the driver, failing."""
        ...

    def program(self, stage: str, program: Program) -> Program:
        """Return the program, failing."""
        ...

    def slowdown(self, stage: str, t: int) -> float:
        """Return by how much a job that begins at `t` (ns) takes longer in virtual time."""
        ...

    def full(self, name: str) -> bool:
        """Say whether the disk is full for an output or the recorder."""
        ...
