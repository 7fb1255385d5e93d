"""A source and the thread that reads it: opened again when it fails, replaced when it hangs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from edgeai.clock import NS
from edgeai.driver import Source
from edgeai.errors import DeviceTimeout, EdgeAIError
from edgeai.runtime.backoff import Backoff
from edgeai.runtime.supervision import HANG, LOOK, MOST_ABANDONED, Supervision, as_failure
from edgeai.runtime.watchdog import TURN

__all__ = ["READ", "SourceWorker"]

_log = logging.getLogger("edgeai")

READ = 0.1
"""Seconds a source is asked to wait for a capture: how soon its thread notices that the pipeline stops."""


class SourceWorker:
    """Reads a source on the thread `edgeai-source-NAME` and delivers what it captures.

    A failure is told, and the source opened again as its `retry` says; numbers and stamps go on. A thread that is stuck
    in the driver is left behind, and another opens a new driver of the same device; what the first one may still
    deliver is discarded.
    """

    def __init__(
        self,
        source: Source[Any],
        supervision: Supervision,
        deliver: Callable[[Any], None],
        ended: Callable[[SourceWorker], None],
        limit: int | None = None,
    ) -> None:
        """`deliver` takes each message, `ended` is called once at the end; `limit`: captures after which it ends."""
        self.source = source
        self.threads: list[threading.Thread] = []
        self._supervision = supervision
        self._clock = supervision.clock
        self._deliver, self._ended, self._limit = deliver, ended, limit
        self._backoff = Backoff(source.name, source.retry)
        self._lock = threading.Lock()
        self._entered: int | None = None
        self._heard = 0

    def start(self) -> None:
        """Start reading; the source is open."""
        self._heard = self._clock.now()
        self._spawn(self.source, None)

    def check(self, now: int) -> None:
        """Find out whether the source is silent or its thread stuck; called every few milliseconds."""
        if not self.source.retry.budget or self.source.lossless:
            return
        roster, name = self._supervision.roster, self.source.name
        if now - self._heard > (self.source.patience - TURN) * NS and roster.status(name) in ("opening", "running"):
            error = DeviceTimeout(f"{name} has delivered nothing for {self.source.patience:g} s: {LOOK}")
            self._supervision.stalled(self.source, error)
        entered = self._entered
        if entered is not None and now - entered > HANG * NS:
            self._replace()

    def forgive(self, ns: int) -> None:
        """Do not count a time during which the whole program stood still."""
        self._heard += ns
        if self._entered is not None:
            self._entered += ns

    # -- the thread --------------------------------------------------------------------------------------------

    def _spawn(self, source: Source[Any], failure: EdgeAIError | None) -> None:
        thread = threading.Thread(
            target=lambda: self._work(source, failure), name=f"edgeai-source-{source.name}", daemon=True
        )
        self.threads.append(thread)
        thread.start()

    def _work(self, source: Source[Any], failure: EdgeAIError | None) -> None:
        try:
            while failure is None or self._opened_again(source, failure):
                failure = self._read_all(source)
                if failure is None or not self._is_current(source):
                    return
                self._supervision.failed(source, failure)
        finally:
            self._close(source)
            if self._is_current(source):
                self._supervision.roster.note(source.name, "closed")
                self._ended(self)

    def _read_all(self, source: Source[Any]) -> EdgeAIError | None:
        """Deliver until the source or the pipeline ends, or return what failed.

        At the pipeline's end sources close in any order; one that looks at another then fails, and that is no fault.
        """
        try:
            runs = False
            while not self._supervision.stopping.is_set():
                self._entered = self._clock.now()
                message = source.read(READ)
                if not self._is_current(source):
                    return None
                self._entered = None
                if message is not None:
                    self._heard = self._clock.now()
                    if not runs or self._supervision.roster.status(source.name) != "running":
                        runs = True
                        self._backoff.worked()
                        self._supervision.roster.note(source.name, "running")
                    self._deliver(message)
                if source.ended or (self._limit is not None and source.captured >= self._limit):
                    return None
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a driver's bug is its own fault, not the end of all
            return None if self._supervision.stopping.is_set() else as_failure(source, error)
        return None

    def _opened_again(self, source: Source[Any], failure: EdgeAIError) -> bool:
        """Open the source again, as often and as late as its budget says; False when that is over."""
        self._entered = None
        supervision = self._supervision
        while supervision.wait_to_retry(source, self._backoff, failure):
            try:
                self._entered = self._clock.now()
                source.reopen(self._clock)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, it is not open
                failure = as_failure(source, error)
            else:
                if self._is_current(source):
                    self._heard = self._clock.now()
                    self._backoff.restarted(self._heard)
                    supervision.roster.note(source.name, "opening", restarted=True)
                return True
            finally:
                if self._is_current(source):
                    self._entered = None
            if not self._is_current(source):
                return False
        return False

    # -- inside ------------------------------------------------------------------------------------------------

    def _is_current(self, source: Source[Any]) -> bool:
        return source is self.source

    def _replace(self) -> None:
        """Leave the thread behind that is stuck in the driver, and go on with another driver of the device."""
        stuck, supervision = self.source, self._supervision
        error = DeviceTimeout(f"{stuck.name} hangs: its driver has not returned for {HANG:g} s; {LOOK}")
        if len(self.threads) > MOST_ABANDONED:
            supervision.roster.note(stuck.name, "lost", f"{error}; {len(self.threads)} threads are stuck in it")
            self._entered = None
            return
        try:
            fresh = stuck.anew()
        except TypeError as cannot:
            supervision.roster.note(stuck.name, "lost", f"{error}; no other can be made ({cannot})")
            self._entered = None
            return
        _log.warning("thread %s is stuck and is replaced", self.threads[-1].name)
        self.source, self._entered = fresh, None
        supervision.roster.replace(fresh)
        supervision.failed(fresh, error)
        self._spawn(fresh, error)

    def _close(self, source: Source[Any]) -> None:
        try:
            source.close()
        except Exception as error:  # noqa: BLE001 - there is nothing left to do with it
            _log.warning("%s did not close: %s", source.name, error)
