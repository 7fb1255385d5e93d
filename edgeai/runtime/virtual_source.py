"""A source in virtual time: read when it is due, opened again when it fails. The counterpart of a SourceWorker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgeai.clock import NS
from edgeai.driver import Source
from edgeai.errors import DeviceError, DeviceTimeout
from edgeai.runtime.backoff import Backoff
from edgeai.runtime.supervision import LOOK, Supervision, as_failure

__all__ = ["VirtualSource"]


class VirtualSource:
    """Reads one source. `push` has something done at a time, `deliver` takes a message, `ended` is called at the end.

    A source with `waits` (one that may lose nothing) is read on only when `room` is called. `limit`: captures after
    which it ends.
    """

    def __init__(
        self,
        source: Source[Any],
        supervision: Supervision,
        push: Callable[[int, Callable[[], object]], None],
        deliver: Callable[[Any], None],
        ended: Callable[[str], None],
        *,
        waits: bool,
        limit: int | None,
    ) -> None:
        self.source = source
        self._supervision = supervision
        self._clock = supervision.clock
        self._push, self._deliver, self._ended = push, deliver, ended
        self._waits, self._limit = waits, limit
        self._backoff = Backoff(source.name, source.retry)
        self._without_room = False
        self._heard = 0

    def start(self) -> None:
        """Ask for the first capture; the source is open."""
        self._heard = self._clock.now()
        self._plan()

    def room(self) -> None:
        """Read on: the last capture has been taken."""
        if self._without_room:
            self._without_room = False
            self._plan()

    def _plan(self) -> None:
        source = self.source
        try:
            due = source.due()
        except Exception as error:  # noqa: BLE001 - a driver's bug is its own fault, as it is live
            self._failed(error)
            return
        if due is not None and not source.ended:
            self._push(due, self._read)
        elif source.ended:
            self._ended(source.name)
        else:
            self._failed(DeviceError(f"{source.name} cannot be read in virtual time: use it live"))

    def _read(self) -> None:
        source = self.source
        try:
            message = source.read(0.0)
        except Exception as error:  # noqa: BLE001 - a driver's bug is its own fault, as it is live
            self._failed(error)
            return
        if message is not None:
            self._heard = self._clock.now()
            if self._supervision.roster.status(source.name) != "running":
                self._backoff.worked()
                self._supervision.roster.note(source.name, "running")
            self._deliver(message)
        elif not source.ended:
            self._notice_silence()
            self._plan()
            return
        if self._limit is not None and source.captured >= self._limit:
            self._ended(source.name)
        elif self._waits and not source.ended:
            self._without_room = True
        else:
            self._plan()

    def _notice_silence(self) -> None:
        source, roster = self.source, self._supervision.roster
        silent = self._clock.now() - self._heard > source.patience * NS
        if silent and source.retry.budget and roster.status(source.name) in ("opening", "running"):
            error = DeviceTimeout(f"{source.name} has delivered nothing for {source.patience:g} s: {LOOK}")
            self._supervision.stalled(source, error)

    def _failed(self, error: Exception) -> None:
        failure = as_failure(self.source, error)
        self._supervision.failed(self.source, failure)
        self._retry(failure)

    def _retry(self, failure: Exception) -> None:
        due = self._supervision.retry_at(self.source, self._backoff, failure)
        if due is None:
            self._ended(self.source.name)
        else:
            self._push(due, self._open_again)

    def _open_again(self) -> None:
        try:
            self.source.reopen(self._clock)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not open
            self._retry(as_failure(self.source, error))
            return
        self._heard = self._clock.now()
        self._backoff.restarted(self._heard)
        self._supervision.roster.note(self.source.name, "opening", restarted=True)
        self._plan()
