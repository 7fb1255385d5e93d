"""The drivers of a pipeline and how each of them is."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from edgeai.clock import Clock
from edgeai.driver import DriverKind, DriverState, DriverStatus
from edgeai.runtime.taps import Taps

__all__ = ["Counted", "Roster"]


class Counted(Protocol):
    """A driver, or the recorder."""

    name: str

    @property
    def counts(self) -> tuple[int, int]:
        """What it has done and lost so far."""
        ...


class Roster:
    """Keeps the state of every driver, and tells `taps` when one changes; any thread may call it."""

    def __init__(self, clock: Clock) -> None:
        self.taps: Taps | None = None
        self._clock = clock
        self._lock = threading.Lock()
        self._states: dict[str, DriverState] = {}
        self._drivers: dict[str, Counted] = {}

    def add(self, driver: Counted, kind: DriverKind) -> None:
        """Enter a driver that is about to be opened."""
        with self._lock:
            self._states[driver.name] = DriverState(driver.name, kind, since=self._clock.now())
            self._drivers[driver.name] = driver

    def replace(self, driver: Counted) -> None:
        """Let another driver take the place of one of its name, which counts on."""
        with self._lock:
            self._drivers[driver.name] = driver

    def note(self, name: str, state: DriverStatus, why: str = "", *, restarted: bool = False) -> None:
        """Note that a driver is so from now on; nothing happens where that is known. `restarted`: it was opened again.

        A driver that is closed while it does not work keeps its state and its reason.
        """
        with self._lock:
            known = self._states[name]
            same = known.state == state and known.why == why and not restarted
            if same or (state == "closed" and not known.works):
                return
            done, lost = self._drivers[name].counts
            changed = replace(
                known,
                state=state,
                why=why,
                since=self._clock.now(),
                restarts=known.restarts + restarted,
                done=done,
                lost=lost,
            )
            self._states[name] = changed
        for listener in self.taps.driver_changed if self.taps is not None else ():
            listener(changed)

    def status(self, name: str) -> DriverStatus:
        """Return what a driver does now."""
        return self._states[name].state

    def states(self) -> Mapping[str, DriverState]:
        """Return every driver as it is now, by name."""
        with self._lock:
            found = {}
            for name, state in self._states.items():
                done, lost = self._drivers[name].counts
                found[name] = replace(state, done=done, lost=lost)
            return found
