"""What people should know, newest last: announcements, faults, recoveries; and which faults last."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Literal

from edgeai.clock import Clock
from edgeai.runtime.taps import Fault, Tap
from edgeai.schedule.commands import Announce

__all__ = ["Entry", "Journal"]

_KEPT = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, at time `t` (ns): of a stage, a device or the whole (empty), and a sentence."""

    t: int
    kind: Literal["announced", "fault", "recovered"]
    name: str
    text: str


class Journal(Tap):
    """Keeps the newest lines; `faults` holds what fails now, by name."""

    def __init__(self, clock: Clock) -> None:
        self.faults: dict[str, Fault] = {}
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()

    def entries(self) -> list[Entry]:
        """Return the lines kept, oldest first."""
        return list(self._entries.copy())

    def announced(self, announce: Announce) -> None:
        """Keep what the scheduler says."""
        self._entries.append(Entry(self._clock.now(), "announced", announce.stage, announce.why or announce.state))

    def faulted(self, fault: Fault) -> None:
        """Keep a fault until what failed works again."""
        with self._lock:
            self.faults = {**self.faults, fault.name: fault}
        self._entries.append(Entry(fault.t, "fault", fault.name, str(fault)))

    def recovered(self, name: str) -> None:
        """End a fault."""
        with self._lock:
            self.faults = {other: fault for other, fault in self.faults.items() if other != name}
        self._entries.append(Entry(self._clock.now(), "recovered", name, f"{name} works again"))
