"""A meter and the thread that polls it, which is replaced when a reading does not come back."""

from __future__ import annotations

import logging
import threading

from edgeai.clock import NS
from edgeai.driver import Meter
from edgeai.errors import DeviceTimeout
from edgeai.runtime.supervision import LOOK, MOST_ABANDONED, Supervision
from edgeai.runtime.watch import Watch, ask

__all__ = ["MeterWorker"]

_log = logging.getLogger("edgeai")


class MeterWorker:
    """Polls a meter on the thread `edgeai-meter-NAME`, every `interval` seconds.

    What fails is told by the watch, and asked again. A thread that is stuck is left behind, and another opens a new
    driver of the same device; what the first one may still be told is discarded.
    """

    def __init__(self, meter: Meter, watch: Watch, supervision: Supervision) -> None:
        self.meter = meter
        self.threads: list[threading.Thread] = []
        self._watch = watch
        self._supervision = supervision
        self._clock = supervision.clock
        self._entered: int | None = None

    def start(self) -> None:
        """Start polling."""
        meter = self.meter
        thread = threading.Thread(target=lambda: self._work(meter), name=f"edgeai-meter-{meter.name}", daemon=True)
        self.threads.append(thread)
        thread.start()

    def check(self, now: int) -> None:
        """Find out whether the meter hangs; called every few milliseconds."""
        entered = self._entered
        if entered is not None and now - entered > self.meter.hangs * NS:
            self._entered = None
            self._replace()

    def forgive(self, ns: int) -> None:
        """Do not count a time during which the whole program stood still."""
        if self._entered is not None:
            self._entered += ns

    def _work(self, meter: Meter) -> None:
        try:
            while self._poll(meter) and not self._supervision.stopping.wait(meter.interval):
                pass
        finally:
            self._close(meter)

    def _poll(self, meter: Meter) -> bool:
        """Read the meter once; False when another has taken its place meanwhile."""
        self._entered = self._clock.now()
        reading, why = ask(meter, self._clock)
        if meter is not self.meter:
            return False
        self._entered = None
        self._watch.take(meter.name, reading, why)
        return True

    def _replace(self) -> None:
        stuck = self.meter
        why = str(DeviceTimeout(f"{stuck.name} hangs: its reading has not come back for {stuck.hangs:g} s; {LOOK}"))
        self._watch.take(stuck.name, None, why)
        if len(self.threads) > MOST_ABANDONED:
            self._supervision.roster.note(stuck.name, "lost", f"{why}; {len(self.threads)} threads are stuck in it")
            return
        _log.warning("thread %s is stuck and is replaced", self.threads[-1].name)
        self.meter = stuck.anew()
        self._supervision.roster.replace(self.meter)
        self.start()

    def _close(self, meter: Meter) -> None:
        try:
            meter.close()
        except Exception as error:  # noqa: BLE001 - there is nothing left to do with it
            _log.warning("%s did not close: %s", meter.name, error)
        if meter is self.meter:
            self._supervision.roster.note(meter.name, "closed")
