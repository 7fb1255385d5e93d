"""What a pipeline says of itself while it runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeai.clock import Clock
from edgeai.driver import DriverState, Sensor
from edgeai.errors import ConfigError, Problem
from edgeai.graph import Graph, ScheduleSpec
from edgeai.observe.decisions import DecisionLog
from edgeai.observe.spans import Spans
from edgeai.plugins import near_miss
from edgeai.power.board_state import BoardState
from edgeai.runtime.core import StageStats
from edgeai.runtime.plan import Power
from edgeai.runtime.roster import Roster
from edgeai.runtime.watch import MeterState
from edgeai.schedule.events import Profile

if TYPE_CHECKING:
    from edgeai.assemble import Assembled
    from edgeai.real_time import RealTime
    from edgeai.virtual_time import VirtualTime

__all__ = ["Status"]


class Status:
    """The half of a Pipeline that only looks: nothing here changes what runs, and any thread may ask."""

    def __init__(self, graph: Graph, clock: Clock) -> None:
        self.graph = graph
        self.clock = clock
        self.decisions = DecisionLog()
        """The newest decisions of the scheduler: iterate at any time, or ask for those `of` a stage."""
        self._spans = Spans(clock.now)
        self._roster = Roster(clock)
        self._schedule = graph.schedule
        self._assembled: Assembled | None = None
        self._running: RealTime | VirtualTime | None = None
        self._stopped = False

    def stats(self) -> dict[str, StageStats]:
        """Return the counts of every stage: ready = delivered + dropped by cause + in flight, exactly."""
        return {} if self._running is None else self._running.engine.stats()

    @property
    def power(self) -> Power:
        """Watts over the last seconds and joules since the start, measured or modelled, and the limit kept to."""
        return self._require_started("power").engine.core.power()

    @property
    def board(self) -> BoardState:
        """What the meters say of the board, and its table where none does: watts, heat, throttling, battery."""
        return self._require_started("board").engine.watch.board()

    @property
    def meters(self) -> Mapping[str, MeterState]:
        """Every meter that is read: its newest believable reading, values rejected, why it is not believed."""
        return self._require_started("meters").engine.watch.states()

    @property
    def drivers(self) -> Mapping[str, DriverState]:
        """Every camera, sensor, output and meter, and the recorder: what it does, why, since when, and its counts."""
        return self._roster.states()

    def sensor(self, name: str) -> Sensor:
        """Return the driver of a sensor, for what it says of itself (`columns`, counts). After `start`."""
        self._require_name(name, list(self.graph.sensors), "a sensor")
        self._require_started("sensor()")
        assert self._assembled is not None
        return next(sensor for sensor in self._assembled.assembly.sensors if sensor.name == name)

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """What was measured at load, or read from a profile: durations of each (stage, point)."""
        return () if self._assembled is None else self._assembled.profiles

    @property
    def models(self) -> Mapping[tuple[str, int], Any]:
        """The models that are loaded now, by (stage, operating point)."""
        return {} if self._assembled is None else self._assembled.assembly.programs.models

    @property
    def schedule(self) -> ScheduleSpec:
        """The schedule that is kept to now: the graph's, and what `configure` has changed."""
        return self._schedule

    @property
    def paused(self) -> bool:
        """True from `pause` to `resume`."""
        return self._running is not None and self._running.engine.core.scheduler.paused

    @property
    def finished(self) -> bool:
        """True when nothing more will be published or written."""
        return self._stopped or (self._running is not None and self._running.finished)

    def trace(self, path: str | os.PathLike[str]) -> int:
        """Write what happened last, some 10 000 decisions of it, as a trace for ui.perfetto.dev; return its events.

        It is kept always, so that this may be asked for after something went wrong. Raises ConfigError.
        """
        from edgeai.observe.trace import trace_events, write_trace

        self._require_started("trace()")
        assert self._assembled is not None
        events = trace_events((*self.decisions, *self._spans), self._assembled.assembly.workload)
        return write_trace(Path(path), events)

    def _require_started(self, what: str) -> RealTime | VirtualTime:
        if self._running is None:
            raise ConfigError(f"{what} needs a pipeline that has been started: call start(), or use it in a with block")
        return self._running

    def _require_name(self, name: str, names: list[str], what: str) -> None:
        if name not in names:
            hint = near_miss(name, names) or f"there are: {', '.join(names) or 'none'}"
            raise ConfigError(Problem("", repr(name), f"the name of {what}", hint=hint))
