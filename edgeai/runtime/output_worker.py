"""A thread for each output, behind a bounded queue, so that a slow output blocks nobody."""

from __future__ import annotations

import logging
import threading

from edgeai.clock import NS
from edgeai.driver import Output
from edgeai.errors import DeviceTimeout
from edgeai.messages import Frame, Result
from edgeai.runtime.assembly import OutputRoute
from edgeai.runtime.backoff import Backoff
from edgeai.runtime.program import raised
from edgeai.runtime.results import unseen
from edgeai.runtime.supervision import HANG, LOOK, MOST_ABANDONED, SLOW, Supervision
from edgeai.runtime.taps import Fault, Tap
from edgeai.runtime.waiting import Waiting

__all__ = ["OutputWorker"]

_log = logging.getLogger("edgeai")

_PATIENCE = 0.1
"""Seconds that an output's own thread may take to make it safe, before another does it."""


class OutputWorker(Tap):
    """Queues results for one output and writes them on its own thread, `edgeai-output-NAME`.

    `keeps: newest` holds the newest result of each stream; `all` holds up to DEPTH, and when those are full makes a
    lossless pipeline wait and any other lose the newcomer, counted in the output's `lost`.

    An output that fails is opened again as its `retry` says; what comes meanwhile is lost and counted. One that can be
    made safe is so when something that feeds it fails, before any other result is written, and gets nothing more until
    that works again.
    """

    def __init__(self, route: OutputRoute, lossless: bool, supervision: Supervision) -> None:
        self.output = route.output
        self.threads: list[threading.Thread] = []
        self._stages, self._feeds = route.stages, route.feeds
        self._supervision = supervision
        self._clock = supervision.clock
        self._wait_for_room = lossless
        self._backoff = Backoff(self.output.name, self.output.retry)
        self._broken = self._closing = self._writing = False
        self._failing: set[str] = set()
        self._safe_due: int | None = None
        self._give_up: int | None = None
        self._too_slow = 0
        self._entered: int | None = None
        self._changed = threading.Condition()
        self._waiting = Waiting(self.output.keeps)

    def start(self) -> None:
        """Start writing; the output is open."""
        self._supervision.roster.note(self.output.name, "running")
        self._spawn(self.output, None)

    # -- what the pipeline's threads call ----------------------------------------------------------------------

    def published(self, result: Result, frame: Frame | None) -> None:
        """Queue a result."""
        if result.stream not in self._stages:
            return
        item = result, frame if self.output.wants_frames else None
        with self._changed:
            if self._broken or self._failing:
                self.output.lost += 1
                return
            self._wait_until_there_is_room()
            if self._waiting.full:
                self._lose(1)
                return
            self.output.lost += self._waiting.put(item)
            self._changed.notify()

    def captured(self, frame: Frame) -> None:
        """Take a frame, where the output is given a camera."""
        if frame.source in self._stages:
            self.published(unseen(frame), frame)

    def faulted(self, fault: Fault) -> None:
        """Make the output safe when what feeds it fails."""
        if fault.name in self._feeds and self.output.drives:
            self.make_safe(fault.name)

    def recovered(self, name: str) -> None:
        """Let results pass again when all that feeds the output works."""
        with self._changed:
            self._failing.discard(name)

    def make_safe(self, why: str) -> None:
        """Forget what waits and have the output made safe; nothing is written until `why` has recovered."""
        if not self.output.drives:
            return
        with self._changed:
            self._failing.add(why)
            self._forget()
            self._safe_due = self._clock.now()
            self._changed.notify_all()

    def check(self, now: int) -> None:
        """Find out whether the output hangs; called every few milliseconds."""
        due = self._safe_due
        if due is not None and now - due > _PATIENCE * NS:
            self._safe_due = None
            threading.Thread(target=self._make_safe, name=f"edgeai-safe-{self.output.name}", daemon=True).start()
        entered, name = self._entered, self.output.name
        if entered is None or not self.output.retry.budget:
            return
        if now - entered > SLOW * NS and self._supervision.roster.status(name) == "running":
            error = DeviceTimeout(f"{name} has not taken a result for {SLOW:g} s: {LOOK}")
            self._supervision.stalled(self.output, error)
        if now - entered > HANG * NS:
            self._replace()

    def forgive(self, ns: int) -> None:
        """Do not count a time during which the whole program stood still."""
        if self._entered is not None:
            self._entered += ns

    # -- the end -----------------------------------------------------------------------------------------------

    def begin_close(self, give_up: int | None) -> None:
        """Let the thread write what waits, close the output and end; what waits still at `give_up` (ns) is lost."""
        with self._changed:
            self._closing = True
            self._give_up = give_up
            self._changed.notify_all()

    def close(self, timeout: float, *, patient: bool = False) -> bool:
        """Wait for the thread after `begin_close`; False when it has not ended in `timeout` seconds.

        With `patient` it has so long for each result, and again for closing, not for all of them.
        """
        before = -1
        while before < self.output.written and self._is_elsewhere():
            before = self.output.written
            self.thread.join(timeout)
            if not patient:
                break
        if self._too_slow:
            _log.warning("output %s was too slow and lost %d results", self.output.name, self._too_slow)
        return not self._is_elsewhere()

    @property
    def drained(self) -> bool:
        """True when nothing waits to be written and nothing is being written."""
        with self._changed:
            return self._broken or not (self._waiting or self._writing)

    @property
    def thread(self) -> threading.Thread:
        """The thread that writes."""
        return self.threads[-1]

    def _is_elsewhere(self) -> bool:
        """Say whether there is a thread to wait for: not when a callback on it stops the pipeline."""
        return bool(self.threads) and self.thread.is_alive() and self.thread is not threading.current_thread()

    # -- the thread --------------------------------------------------------------------------------------------

    def _spawn(self, output: Output, failure: Exception | None) -> None:
        thread = threading.Thread(
            target=lambda: self._work(output, failure), name=f"edgeai-output-{output.name}", daemon=True
        )
        self.threads.append(thread)
        thread.start()

    def _work(self, output: Output, failure: Exception | None) -> None:
        try:
            while failure is None or self._opened_again(output, failure):
                failure = self._write_all(output)
                if failure is None or output is not self.output:
                    return
                self._fail(output, failure)
        finally:
            self._close_output(output)

    def _write_all(self, output: Output) -> Exception | None:
        """Write until the end, or return what failed."""
        try:
            while (item := self._next(output)) is not None:
                began = self._entered = self._clock.now()
                if item:
                    output.write(*item)
                    self._supervision.wrote(output, item[0], began, self._clock.now())
                else:
                    output.make_safe()
                if output is not self.output:
                    return None
                self._entered = None
                self._worked(output)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - an output that fails must not end the others
            return raised(error)
        return None

    def _worked(self, output: Output) -> None:
        self._backoff.worked()
        if self._supervision.roster.status(output.name) != "running":
            self._supervision.roster.note(output.name, "running")
        self._supervision.worked(output.name)

    def _opened_again(self, output: Output, failure: Exception) -> bool:
        """Open the output again, as often and as late as its budget says; False when that is over."""
        supervision = self._supervision
        while supervision.wait_to_retry(output, self._backoff, failure):
            try:
                output.reopen(self._clock)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, it is not open
                failure = raised(error)
                continue
            self._backoff.restarted(self._clock.now())
            supervision.roster.note(output.name, "opening", restarted=True)
            with self._changed:
                self._broken = False
                self._safe_due = self._clock.now() if output.drives else None
            return True
        return False

    def _next(self, output: Output) -> tuple[Result, Frame | None] | tuple[()] | None:
        """Return the next result; () when the output is to be made safe first, None at the end."""
        with self._changed:
            self._writing = False
            if self._give_up is not None and self._clock.now() > self._give_up:
                self._lose(self._waiting.forget())
            while self._safe_due is None and not self._waiting:
                if self._closing or output is not self.output:
                    return None
                self._changed.wait()
            self._writing = True
            if self._safe_due is not None:
                self._safe_due = None
                return ()
            item = self._waiting.take()
            self._changed.notify()
            return item

    # -- inside ------------------------------------------------------------------------------------------------

    def _fail(self, output: Output, failure: Exception) -> None:
        with self._changed:
            self._broken, self._entered = True, None
            self.output.lost += self._writing
            self._writing = False
            self._forget()
        self._supervision.failed(output, failure)

    def _replace(self) -> None:
        """Leave the thread behind that is stuck in the driver, and go on with another driver of the device."""
        stuck = self.output
        error = DeviceTimeout(f"{stuck.name} hangs: its driver has not returned for {HANG:g} s; {LOOK}")
        self._entered = None
        try:
            fresh = stuck.anew() if len(self.threads) <= MOST_ABANDONED else None
        except TypeError:
            fresh = None
        if fresh is None:
            self._broken = True
            self._supervision.roster.note(stuck.name, "lost", str(error))
            return
        _log.warning("thread %s is stuck and is replaced", self.thread.name)
        self.output = fresh
        self._supervision.roster.replace(fresh)
        self._fail(fresh, error)
        self._spawn(fresh, error)

    def _make_safe(self) -> None:
        try:
            self.output.make_safe()
        except Exception as error:  # noqa: BLE001 - the thread that hangs will fail, too, and is told of then
            _log.warning("%s could not be made safe: %s", self.output.name, error)

    def _forget(self) -> None:
        self.output.lost += self._waiting.forget()

    def _lose(self, count: int) -> None:
        """Count results that came faster than they are written."""
        self.output.lost += count
        self._too_slow += count

    def _wait_until_there_is_room(self) -> None:
        """Let a lossless pipeline wait."""
        while self._wait_for_room and self._waiting.full and not (self._closing or self._broken):
            self._changed.wait(0.1)

    def _close_output(self, output: Output) -> None:
        try:
            output.close()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - reported like any failure to write
            self._supervision.failed(output, raised(error))
        if output is self.output:
            self._supervision.roster.note(output.name, "closed")
