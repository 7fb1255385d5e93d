"""Taps: whatever looks on while a pipeline runs - the newest result, streams, outputs, later recorders and views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgeai.driver import DriverState
from edgeai.errors import EdgeAIError
from edgeai.messages import Frame, Reading, Result
from edgeai.runtime.frozen import Frozen
from edgeai.schedule.commands import Announce, Command, Drop
from edgeai.schedule.events import Event

__all__ = ["Fault", "Tap", "Taps"]


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """A source, stage or output named `name` failed with `error` at time `t` (ns)."""

    name: str
    error: Exception
    t: int

    def __str__(self) -> str:
        text = str(self.error)
        if not isinstance(self.error, EdgeAIError):
            text = f"{type(self.error).__name__}: {text}" if text else type(self.error).__name__
        return text if text.startswith(self.name) else f"{self.name}: {text}"


class Tap:
    """Override what is of interest. Calls come from the pipeline's own threads: return at once and never raise."""

    def began(self, freeze: Callable[[], Frozen]) -> None:
        """The scheduler is there and meets its next event after this; `freeze` may be called now and in `decided`.

        A tap that joins a running pipeline is told first of what `Frozen.items` holds, or later, or twice.
        """

    def published(self, result: Result, frame: Frame | None) -> None:
        """A result was published; `frame` is the frame it was found in."""

    def sensed(self, reading: Reading) -> None:
        """A sensor delivered a reading."""

    def written(self, output: str, result: Result, began: int, ended: int) -> None:
        """An output was busy with a result from `began` to `ended` (ns)."""

    def captured(self, frame: Frame) -> None:
        """A camera delivered a frame."""

    def dropped(self, drop: Drop) -> None:
        """A stage will not look at an item."""

    def decided(self, event: Event, commands: Sequence[Command]) -> None:
        """The scheduler answered an event; called under the scheduler's lock."""

    def announced(self, announce: Announce) -> None:
        """The scheduler has something to tell people."""

    def faulted(self, fault: Fault) -> None:
        """A source, stage or output failed; called on the edge only."""

    def recovered(self, name: str) -> None:
        """What had failed works again."""

    def driver_changed(self, state: DriverState) -> None:
        """A driver is in another state."""

    def settled(self) -> None:
        """A lane has nothing to do for now."""

    def finished(self) -> None:
        """Nothing more will be published."""


class Taps:
    """Calls every tap that overrides a method, in order; those that do not cost nothing.

    Taps join and leave while others are called: each call reads its tuple once.
    """

    def __init__(self, taps: Sequence[Tap]) -> None:
        self._taps = tuple(taps)
        self._set(self._taps)

    def add(self, tap: Tap) -> None:
        """Call a tap, too."""
        self._taps = (*self._taps, tap)
        self._set(self._taps)

    def remove(self, tap: Tap) -> None:
        """Call a tap no more; calls that are under way are finished."""
        self._taps = tuple(other for other in self._taps if other is not tap)
        self._set(self._taps)

    def _set(self, taps: Sequence[Tap]) -> None:
        self.began = _callers(taps, "began")
        self.published = _callers(taps, "published")
        self.sensed = _callers(taps, "sensed")
        self.written = _callers(taps, "written")
        self.captured = _callers(taps, "captured")
        self.dropped = _callers(taps, "dropped")
        self.decided = _callers(taps, "decided")
        self.announced = _callers(taps, "announced")
        self.faulted = _callers(taps, "faulted")
        self.recovered = _callers(taps, "recovered")
        self.driver_changed = _callers(taps, "driver_changed")
        self.settled = _callers(taps, "settled")
        self.finished = _callers(taps, "finished")


def _callers(taps: Sequence[Tap], name: str) -> tuple:  # type: ignore[type-arg]
    return tuple(getattr(tap, name) for tap in taps if getattr(type(tap), name) is not getattr(Tap, name))
