"""What the live view needs of a pipeline: the part of its face that is looked at and pressed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from edgeai.clock import Clock
from edgeai.driver import DriverState, Sensor
from edgeai.graph import Graph, ScheduleSpec
from edgeai.power.board_state import BoardState
from edgeai.runtime.core import StageStats
from edgeai.runtime.latest import Latest
from edgeai.runtime.plan import Power
from edgeai.runtime.watch import MeterState

__all__ = ["Observed"]


class Observed(Protocol):
    """A running pipeline; see `edgeai.Pipeline` for what each of these means."""

    graph: Graph
    clock: Clock

    @property
    def schedule(self) -> ScheduleSpec: ...
    @property
    def power(self) -> Power: ...
    @property
    def board(self) -> BoardState: ...
    @property
    def meters(self) -> Mapping[str, MeterState]: ...
    @property
    def drivers(self) -> Mapping[str, DriverState]: ...
    @property
    def paused(self) -> bool: ...
    @property
    def finished(self) -> bool: ...

    def stats(self) -> dict[str, StageStats]: ...
    def latest(self, name: str) -> Latest: ...
    def sensor(self, name: str) -> Sensor: ...
    def configure(self, **schedule: Any) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
