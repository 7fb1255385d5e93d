"""What the scheduler is asked to run: stages, their operating points, deadlines and rates. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum

__all__ = ["OperatingPoint", "StageLoad", "Workload"]


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """One way to run a stage: a variant of its ladder with a number of threads.

    `accuracy` is the card's figure in 0..1, 1 where nothing is known; `memory` the bytes it takes while it is resident.
    """

    variant: str
    threads: int = 1
    accuracy: float = 1.0
    memory: int = 0


@dataclass(frozen=True, slots=True)
class StageLoad:
    """A stage as the scheduler sees it.

    origin: the source, or with `chained` the stage, that feeds it. deadline: ns from stamp to publication, None when
    it has none. rate_min, rate_max: Hz, None when any rate will do. lossless: every frame runs, none is late. switch:
    ns a run takes longer when it follows one of another point, all being resident.
    """

    name: str
    origin: str
    points: tuple[OperatingPoint, ...]
    chained: bool = False
    deadline: int | None = None
    rate_min: float | None = None
    rate_max: float | None = None
    weight: float = 1.0
    lossless: bool = False
    switch: int = 0


@dataclass(frozen=True, slots=True)
class Workload:
    """All stages, parents before their children, and the number of lanes they share.

    memory: bytes that operating points may take together while they are resident; None: any.
    """

    stages: tuple[StageLoad, ...]
    lanes: int = 1
    memory: int | None = None

    @property
    def limited(self) -> bool:
        """True when not every point can be resident at a time."""
        return self.memory is not None and self.memory < fsum(p.memory for stage in self.stages for p in stage.points)
