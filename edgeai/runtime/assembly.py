"""Everything an engine needs to run a pipeline: made by pipeline.py, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgeai.driver import Camera, Driver, DriverKind, Meter, Output, Sensor, Source
from edgeai.errors import ConfigError, Problem
from edgeai.messages import Frame, Reading
from edgeai.power.boards import Board, load_board
from edgeai.runtime.joining import Join
from edgeai.runtime.programs import Programs
from edgeai.runtime.roster import Roster
from edgeai.runtime.steps.memory import Memory
from edgeai.schedule.policy import Policy
from edgeai.schedule.workload import Workload

__all__ = ["Assembly", "Gathering", "OutputRoute"]

_NEARLY = 1.02
"""A camera that says 30 and gives 29.97 still gives 30."""


@dataclass(frozen=True, slots=True, eq=False)
class OutputRoute:
    """An output, the stages whose results it takes, and whatever these depend on: stages and sources."""

    output: Output
    stages: frozenset[str]
    feeds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Gathering:
    """Windows of `length` readings of a sensor, `hop` readings apart, offered to the scheduler under a name."""

    sensor: str
    origin: str
    length: int
    hop: int


@dataclass(frozen=True, slots=True, eq=False)
class Assembly:
    """The parts of a pipeline; of its programs, those that are not resident are loaded while it runs."""

    cameras: tuple[Camera, ...]
    sensors: tuple[Sensor, ...]
    outputs: tuple[OutputRoute, ...]
    workload: Workload
    policy: Policy
    programs: Programs
    meters: tuple[Meter, ...] = ()
    found: tuple[Meter, ...] = ()
    """Meters that nobody named: those of them that cannot be opened are left out."""
    board: Board = field(default_factory=lambda: load_board("generic"))
    frames: int | None = None
    """Captures after which each camera ends; None: never."""
    stale: Mapping[str, int] = field(default_factory=dict)
    """ns after which the newest result of a stage is too old, where that was said."""
    gatherings: tuple[Gathering, ...] = ()
    """The windows that stages take in place of single readings."""
    joins: tuple[Join, ...] = ()
    """What is joined by time before stages get it."""
    memories: Mapping[str, Memory[Any]] = field(default_factory=dict)
    """What stages remember from one job to the next, by `stage.what`."""

    @property
    def sources(self) -> list[Source[Frame] | Source[Reading]]:
        """Sensors, then cameras: a camera's first frame finds the sensors running."""
        return [*self.sensors, *self.cameras]

    def enter(self, roster: Roster) -> None:
        """Enter every named driver, about to be opened."""
        kinds: list[tuple[DriverKind, Sequence[Driver]]] = [
            ("sensor", self.sensors),
            ("camera", self.cameras),
            ("meter", self.meters),
            ("output", [route.output for route in self.outputs]),
        ]
        for kind, drivers in kinds:
            for driver in drivers:
                roster.add(driver, kind)

    def check_rates(self) -> None:
        """Refuse a stage whose lowest rate its camera cannot reach, as far as the cameras know their rates by now.

        Raises ConfigError.
        """
        cameras = {camera.name: camera.rate for camera in self.cameras if not camera.lossless}
        wrong = []
        for stage in self.workload.stages:
            reached = cameras.get(stage.origin)
            if stage.rate_min is not None and reached is not None and stage.rate_min > _NEARLY * reached:
                found, expected = f"at least {stage.rate_min:g} a second", f"a rate that {stage.origin} reaches"
                hint = f"{stage.origin} gives {reached:g} a second"
                wrong.append(Problem(f"stages.{stage.name}.rate", found, expected, hint=hint))
        if wrong:
            raise ConfigError(*wrong)

    @property
    def lossless(self) -> bool:
        """True when a camera is lossless, so that nothing downstream may lose a result either."""
        return any(camera.lossless for camera in self.cameras)
