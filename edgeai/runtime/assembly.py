"""Everything an engine needs to run a pipeline: made by pipeline.py, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeai.driver import Camera, Output, Sensor, Source
from edgeai.messages import Frame, Reading
from edgeai.runtime.program import Program
from edgeai.schedule.policy import Policy
from edgeai.schedule.workload import Workload

__all__ = ["Assembly", "OutputRoute"]


@dataclass(frozen=True, slots=True, eq=False)
class OutputRoute:
    """An output and the stages whose results it takes."""

    output: Output
    stages: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Assembly:
    """The parts of a pipeline. `programs` holds one for each (stage, operating point, lane)."""

    cameras: tuple[Camera, ...]
    sensors: tuple[Sensor, ...]
    outputs: tuple[OutputRoute, ...]
    workload: Workload
    policy: Policy
    programs: Mapping[tuple[str, int, int], Program]
    frames: int | None = None
    """Captures after which each camera ends; None: never."""

    @property
    def sources(self) -> list[Source[Frame] | Source[Reading]]:
        """Sensors, then cameras: a camera's first frame finds the sensors running."""
        return [*self.sensors, *self.cameras]

    @property
    def lossless(self) -> bool:
        """True when a camera is lossless, so that nothing downstream may lose a result either."""
        return any(camera.lossless for camera in self.cameras)
