"""The last minutes, a row a second: what the charts show, and over which rates are counted."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from edgeai.clock import NS
from edgeai.observe.observed import Observed
from edgeai.observe.process import cpu_seconds, memory
from edgeai.runtime.core import StageStats

__all__ = ["History", "Rates", "Row"]

PERIOD = NS
KEPT = 300
"""ns between two rows, and rows kept: five minutes."""

_WINDOW = 2
"""Rows over which a rate is counted: steady to read, quick to follow."""

_BUSY = "busy_cores"
"""The value by which a meter tells how many cores of the machine are busy."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Of one stage, a second: items ready, results, misses; and the newest result's age in seconds, or None."""

    ready: float
    results: float
    missed: float
    age: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One moment, `t` in ns.

    drivers: captures, readings or writes a second of each driver. cpu: cores this process keeps busy; busy: cores of
    the whole machine, None where no meter tells. memory: bytes of this process.
    """

    t: int
    stages: Mapping[str, Rates]
    drivers: Mapping[str, float]
    watts: float
    celsius: float | None
    cpu: float
    busy: float | None
    memory: int


@dataclass(frozen=True, slots=True)
class _Counts:
    t: int
    stages: Mapping[str, StageStats]
    done: Mapping[str, int]
    cpu: float


class History:
    """Rows of the last minutes; `sample` is called every `PERIOD` by the pipeline's timers."""

    def __init__(self, pipeline: Observed) -> None:
        self._pipeline = pipeline
        self._counts: deque[_Counts] = deque(maxlen=_WINDOW + 1)
        self._rows: deque[Row] = deque(maxlen=KEPT)

    def sample(self) -> None:
        """Add a row."""
        pipeline = self._pipeline
        done = {name: state.done for name, state in pipeline.drivers.items()}
        now = _Counts(pipeline.clock.now(), pipeline.stats(), done, cpu_seconds())
        before = self._counts[0] if self._counts else now
        self._counts.append(now)
        seconds = max(1, now.t - before.t) / NS
        board = pipeline.board
        self._rows.append(
            Row(
                now.t,
                {name: self._rates(name, stats, before, seconds) for name, stats in now.stages.items()},
                {name: (n - before.done.get(name, n)) / seconds for name, n in done.items()},
                pipeline.power.watts or board.watts,
                board.celsius,
                (now.cpu - before.cpu) / seconds,
                busy_cores(pipeline),
                memory(),
            )
        )

    def rows(self) -> list[Row]:
        """Return the rows kept, oldest first."""
        return list(self._rows.copy())

    @property
    def newest(self) -> Row | None:
        """The last row, None before the first."""
        return self._rows[-1] if self._rows else None

    def _rates(self, name: str, stats: StageStats, before: _Counts, seconds: float) -> Rates:
        then = before.stages.get(name, stats)
        age = self._pipeline.latest(name).get().age
        return Rates(
            (stats.ready - then.ready) / seconds,
            (stats.delivered - then.delivered) / seconds,
            (stats.missed - then.missed) / seconds,
            age if math.isfinite(age) else None,
        )


def busy_cores(pipeline: Observed) -> float | None:
    """Return how many cores of the machine are busy, None where no meter tells."""
    for state in pipeline.meters.values():
        for value in state.reading.values if state.reading is not None else ():
            if value.name == _BUSY and isinstance(value.value, float):
                return value.value
    return None
