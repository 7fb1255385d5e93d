"""Watches the board: polls its meters, keeps what can be believed, and tells the scheduler."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from edgeai.clock import NS, Clock
from edgeai.driver import Meter
from edgeai.errors import DeviceError, EdgeAIError
from edgeai.messages import MeterReading
from edgeai.power.board_state import BoardState, combine
from edgeai.power.boards import Board
from edgeai.power.plausible import Announcement, Guard
from edgeai.runtime.roster import Roster
from edgeai.schedule.commands import Announce
from edgeai.schedule.events import Sensed

__all__ = ["MeterState", "Watch", "ask"]

LEAST_INTERVAL = NS // 5
"""ns between two words to the scheduler: a meter that is read more often is averaged."""

BUSY = "busy_cores"
"""The value by which a meter tells how many cores are busy; a power figure that stays while it changes is frozen."""


@dataclass(frozen=True, slots=True)
class MeterState:
    """A meter as it is now: its newest believable reading, values rejected so far, and why it is not believed."""

    reading: MeterReading | None = None
    rejected: int = 0
    why: str = ""


class _Watched:
    """A meter, its guard, and what became of its last poll."""

    def __init__(self, meter: Meter, board: Board) -> None:
        self.guard = Guard(meter.name, board, interval=meter.interval)
        self.reading: MeterReading | None = None
        self.doubts: dict[str, str] = {}

    @property
    def state(self) -> MeterState:
        return MeterState(self.reading, sum(self.guard.rejected.values()), "; ".join(self.doubts.values()))


def ask(meter: Meter, clock: Clock) -> tuple[MeterReading | None, str]:
    """Return what a meter tells, or None and why it tells nothing; one that is not open is opened."""
    try:
        meter.open(clock)
        return meter.read(), ""
    except EdgeAIError as error:
        return None, str(error)
    except Exception as error:  # noqa: BLE001 - a driver's bug must not end the watch over the others
        return None, str(DeviceError(f"{meter.name} failed: {type(error).__name__}: {error}"))


class Watch:
    """Judges what meters say and passes it on; `poll` and `take` may be called from a thread of each meter's own.

    `tell` gets a Sensed whose watts are the mean since the last one, `announce` what people should know.
    """

    def __init__(
        self,
        meters: Sequence[Meter],
        board: Board,
        clock: Clock,
        tell: Callable[[Sensed], None],
        announce: Callable[[Announce], None],
        roster: Roster,
    ) -> None:
        self.meters = tuple(meters)
        self._board = board
        self._clock = clock
        self._tell, self._announce, self._roster = tell, announce, roster
        self._lock = threading.Lock()
        self._watched = {meter.name: _Watched(meter, board) for meter in meters}
        self._watts: list[float] = []
        self._told = -LEAST_INTERVAL

    def poll(self, meter: Meter) -> None:
        """Read a meter once and pass on what can be believed of it. It may take as long as the meter does."""
        self.take(meter.name, *ask(meter, self._clock))

    def take(self, meter: str, reading: MeterReading | None, why: str) -> None:
        """Pass on what can be believed of a reading; None where there is none, and then `why`."""
        self._roster.note(meter, "retrying" if why else "running", why)
        with self._lock:
            now = self._clock.now()
            said = self._judged(self._watched[meter], reading, why, now)
            for name, other in self._watched.items():
                if name != meter:
                    said += self._settled(other, other.guard.silent(now))
            sensed = self._sensed(now, meter)
        for announcement in said:
            self._announce(Announce("", announcement.state, f"{announcement.meter}: {announcement.why}"))
        if sensed is not None:
            self._tell(sensed)

    def states(self) -> Mapping[str, MeterState]:
        """Return every meter as it is now, by name."""
        with self._lock:
            return {name: watched.state for name, watched in self._watched.items()}

    def board(self) -> BoardState:
        """Return the state of the board by all meters, by its table where none tells."""
        with self._lock:
            return self._board_state()

    # -- inside; under the lock --------------------------------------------------------------------------------

    def _judged(self, watched: _Watched, reading: MeterReading | None, why: str, now: int) -> list[Announcement]:
        if reading is None:
            watched.reading = None
            watched.doubts.setdefault("", why)
            return self._settled(watched, watched.guard.silent(now, why))
        watched.doubts.pop("", None)
        checked = watched.guard.check(reading, now, self._load())
        watched.reading = checked.reading
        return self._settled(watched, checked.announcements)

    def _settled(self, watched: _Watched, announcements: Sequence[Announcement]) -> list[Announcement]:
        """Keep why a meter is not believed; a silent one tells nothing any more."""
        for announcement in announcements:
            if announcement.cause is None:
                watched.doubts.pop(announcement.quantity, None)
            else:
                watched.doubts[announcement.quantity] = announcement.why
            if announcement.cause in ("stale", "lost"):
                watched.reading = None
        return list(announcements)

    def _load(self) -> float | None:
        """Return the share of all cores that is busy, None while nothing tells."""
        for watched in self._watched.values():
            for value in watched.reading.values if watched.reading else ():
                if value.name == BUSY and isinstance(value.value, float):
                    return min(1.0, value.value / self._board.cores.value)
        return None

    def _board_state(self) -> BoardState:
        readings = [watched.reading for watched in self._watched.values() if watched.reading is not None]
        return combine(readings, self._board.power([self._load() or 0.0]))

    def _sensed(self, now: int, polled: str) -> Sensed | None:
        """Return what to tell the scheduler, None where it was told a moment ago."""
        state = self._board_state()
        if state.meter == polled:
            self._watts.append(state.watts)
        if now - self._told < LEAST_INTERVAL:
            return None
        self._told = now
        watts = fmean(self._watts) if self._watts else None
        self._watts.clear()
        return Sensed(now, watts, state.celsius, state.throttled, state.joules, state.basis)
