"""The tap of the pipeline's user: faults kept, `on_fault` and the other callbacks called."""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Callable

from edgeai.driver import DriverState
from edgeai.runtime.callbacks import CallbackThread
from edgeai.runtime.taps import Fault, Tap
from edgeai.schedule.commands import Announce

__all__ = ["Listeners"]

_log = logging.getLogger("edgeai")

_CALL_BACK = 0.5
"""Seconds that callbacks may take at the end: `on_fault` is still called."""


class Listeners(Tap):
    """Calls the user's functions, on a thread of their own once `start` was called; before that, and in virtual time,
    at once.

    It knows nothing of the Pipeline object: one that nobody holds any more can be noticed.
    """

    def __init__(self, on_fault: Callable[..., object] | None) -> None:
        self.faults: dict[str, Fault] = {}
        self.announce: list[Callable[[Announce], object]] = []
        self.driver: list[Callable[[DriverState], object]] = []
        self._thread = CallbackThread()
        self._on_fault = on_fault
        self._call: Callable[[Callable[[], object]], object] = lambda call: call()

    def start(self) -> None:
        """From now on, call on the thread `edgeai-callbacks`."""
        self._thread.start()
        self._call = self._thread.call

    def close(self) -> None:
        """Make the calls that wait, and end the thread; one that is stuck is abandoned."""
        thread = self._thread.thread
        if not self._thread.close(_CALL_BACK) and thread is not threading.current_thread():
            _log.warning("thread %s did not end in time and is abandoned", thread.name)

    def faulted(self, fault: Fault) -> None:
        """Keep a fault and call on_fault."""
        self.faults[fault.name] = fault
        if self._on_fault is not None:
            self._call(_with_or_without(self._on_fault, fault))

    def announced(self, announce: Announce) -> None:
        """Call those who listen to announcements."""
        for call in self.announce:
            self._call(lambda call=call: call(announce))  # type: ignore[misc]

    def driver_changed(self, state: DriverState) -> None:
        """Call those who listen to drivers."""
        for call in self.driver:
            self._call(lambda call=call: call(state))  # type: ignore[misc]


def _with_or_without(call: Callable[..., object], fault: Fault) -> Callable[[], object]:
    """Bind a fault to a callback that takes an argument; `motors.stop` takes none."""
    try:
        inspect.signature(call).bind(fault)
    except (TypeError, ValueError):
        return call
    return lambda: call(fault)
