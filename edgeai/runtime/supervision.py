"""What those who run drivers share: how a failure is told, and how long is waited before the next try."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from edgeai.clock import NS, Clock
from edgeai.driver import Driver, Output
from edgeai.errors import ConfigError, DeviceError, EdgeAIError, PluginError
from edgeai.messages import Result
from edgeai.runtime.backoff import Backoff
from edgeai.runtime.roster import Roster
from edgeai.runtime.taps import Taps

__all__ = ["HANG", "LOOK", "MOST_ABANDONED", "SLOW", "Supervision", "as_failure", "may_recover"]

LOOK = "look at its cable and its power"

HANG = 2.0
"""Seconds after which a call of a driver that should have come back within a tenth of one is taken for stuck."""

SLOW = 0.45
"""Seconds that an output may take for one result."""

MOST_ABANDONED = 3
"""Threads stuck in one driver, or on one lane, that are left behind; the next one is not replaced any more."""


@dataclass(frozen=True, slots=True, eq=False)
class Supervision:
    """Where failures go: into the roster, and as faults to all who listen. `stopping` is set when the pipeline ends.

    taps: those who look on, once they are there.
    """

    clock: Clock
    roster: Roster
    fault: Callable[[str, Exception], None]
    worked: Callable[[str], None]
    stopping: threading.Event
    taps: Callable[[], Taps]

    def wrote(self, output: Output, result: Result, began: int, ended: int) -> None:
        """Say that an output was busy with a result from `began` to `ended` (ns)."""
        for call in self.taps().written:
            call(output.name, result, began, ended)

    def failed(self, driver: Driver, error: Exception) -> None:
        """Say that a driver failed."""
        self.roster.note(driver.name, "lost", str(as_failure(driver, error)))
        self.fault(driver.name, error)

    def stalled(self, driver: Driver, error: Exception) -> None:
        """Say that a driver is open and silent, or does not take what it is given."""
        self.roster.note(driver.name, "stalled", str(error))
        self.fault(driver.name, error)

    def retry_at(self, driver: Driver, backoff: Backoff, error: Exception) -> int | None:
        """Return when a driver that failed is tried again (ns), and say so; None when it is not."""
        due = backoff.next_try(self.clock.now()) if may_recover(error) else None
        self.roster.note(driver.name, "lost" if due is None else "retrying", str(as_failure(driver, error)))
        return due

    def wait_to_retry(self, driver: Driver, backoff: Backoff, error: Exception) -> bool:
        """Wait until a driver may be tried again; False when it may not, or the pipeline ends."""
        due = self.retry_at(driver, backoff, error)
        return due is not None and not self.stopping.wait(max(0.0, (due - self.clock.now()) / NS))


def as_failure(driver: Driver, error: BaseException) -> EdgeAIError:
    """Return what a driver's bug is to those who use it: a device that fails."""
    if isinstance(error, EdgeAIError):
        return error
    failure = DeviceError(f"{driver.name} failed: {type(error).__name__}: {error}")
    failure.__cause__ = error
    return failure


def may_recover(error: Exception) -> bool:
    """Say whether to try again may help: not where the graph or the installation has to be mended."""
    return not isinstance(error, ConfigError | PluginError)
