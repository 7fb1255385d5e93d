"""The thread that loads and lets go of models while a pipeline runs.

A runtime holds the Python interpreter while it lays out a model's memory (2 to 10 ms for a MobileNet on a desktop), and
a lane that comes back from C has to wait for it. So a load begins when a lane has just run out of work, in the gap
before the next frame. The thread has the priority of all others: a low one would only hold the interpreter for longer.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from edgeai.clock import Clock
from edgeai.errors import EdgeAIError
from edgeai.runtime.programs import Programs
from edgeai.schedule.commands import Load, Unload
from edgeai.schedule.events import Loaded, LoadFailed

__all__ = ["Loader"]

_GAP = 1.0
"""Seconds to wait for a gap: lanes that never rest must not keep the better variant out."""


class Loader:
    """Carries out orders one after the other and reports how loads ended."""

    def __init__(self, programs: Programs, clock: Clock, report: Callable[[Loaded | LoadFailed], None]) -> None:
        self._programs = programs
        self._clock = clock
        self._report = report
        self._orders: queue.SimpleQueue[Load | Unload | None] = queue.SimpleQueue()
        self._gap = threading.Event()
        self._waiting = False
        self._closing = False
        self._thread: threading.Thread | None = None

    def order(self, order: Load | Unload) -> None:
        """Have an order carried out; returns at once."""
        self._orders.put(order)

    def load_now(self) -> None:
        """Before the start: carry out the orders, and those that follow, on this thread. Raises EdgeAIError."""
        while not self._orders.empty():
            order = self._orders.get()
            assert order is not None
            self._carry_out(order)
            if isinstance(order, Load):
                self._report(Loaded(self._clock.now(), order.stage, order.point))

    def start(self) -> None:
        """From now on, load in the background."""
        self._thread = threading.Thread(target=self._work, name="edgeai-loader", daemon=True)
        self._thread.start()

    def gap(self) -> None:
        """Say that a lane has nothing to do for now."""
        if self._waiting:
            self._gap.set()

    def close(self, timeout: float) -> bool:
        """End; False when a load takes longer than `timeout` seconds."""
        self._closing = True
        self._orders.put(None)
        self._gap.set()
        if self._thread is None or self._thread is threading.current_thread():
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (order := self._orders.get()) is not None and not self._closing:
            if isinstance(order, Unload):
                self._carry_out(order)
                continue
            self._wait_for_gap()
            try:
                self._carry_out(order)
            except Exception as error:  # noqa: BLE001 - the stream goes on with what is resident
                why = str(error) if isinstance(error, EdgeAIError) else f"{type(error).__name__}: {error}"
                self._tell(LoadFailed(self._clock.now(), order.stage, order.point, why))
            else:
                self._tell(Loaded(self._clock.now(), order.stage, order.point))

    def _tell(self, event: Loaded | LoadFailed) -> None:
        if not self._closing:
            self._report(event)

    def _wait_for_gap(self) -> None:
        self._gap.clear()
        self._waiting = True
        self._gap.wait(_GAP)
        self._waiting = False

    def _carry_out(self, order: Load | Unload) -> None:
        if isinstance(order, Unload):
            self._programs.unload(order.stage, order.point)
        else:
            self._programs.load(order.stage, order.point)
