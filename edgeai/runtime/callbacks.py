"""A thread that calls the user's callbacks in order, so that none of them can hold up the pipeline."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

__all__ = ["CallbackThread"]

_log = logging.getLogger("edgeai")


class CallbackThread:
    """Runs calls one after the other on the thread `edgeai-callbacks`; an exception in one is logged."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="edgeai-callbacks", daemon=True)

    def start(self) -> None:
        """Start calling."""
        self._thread.start()

    def call(self, function: Callable[[], object]) -> None:
        """Queue a call."""
        self._calls.put(function)

    def close(self, timeout: float) -> bool:
        """Make the calls that wait, then end; False when that takes longer than `timeout` seconds."""
        self._calls.put(None)
        if self._thread is not threading.current_thread() and self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def thread(self) -> threading.Thread:
        """The thread that calls."""
        return self._thread

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            try:
                call()
            except Exception:  # noqa: BLE001 - one callback must not silence the next
                _log.exception("a callback raised")
