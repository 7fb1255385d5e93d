"""An output in virtual time, with a time of its own to wait in. The counterpart of an OutputWorker."""

from __future__ import annotations

from collections.abc import Callable

from edgeai.clock import NS, Clock, VirtualClock
from edgeai.driver import Output
from edgeai.errors import DeviceTimeout
from edgeai.messages import Frame, Result
from edgeai.runtime.assembly import OutputRoute
from edgeai.runtime.backoff import Backoff
from edgeai.runtime.results import unseen
from edgeai.runtime.supervision import HANG, LOOK, MOST_ABANDONED, SLOW, Supervision
from edgeai.runtime.taps import Fault, Tap
from edgeai.runtime.waiting import Waiting

__all__ = ["VirtualOutput"]


class OwnTime(VirtualClock):
    """The time of one output: where its driver waits, none passes for anybody else."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def now(self) -> int:
        """Return the time of all, or that to which the output has waited."""
        return max(self._clock.now(), super().now())


class VirtualOutput(Tap):
    """Writes results to one output; writing takes as long as its driver waits. `push` has something done at a time.

    What comes while it is busy waits as it does live. One that is busy for too long is stalled, and then replaced.
    """

    def __init__(
        self, route: OutputRoute, supervision: Supervision, push: Callable[[int, Callable[[], object]], None]
    ) -> None:
        self.output = route.output
        self._stages, self._feeds = route.stages, route.feeds
        self._supervision = supervision
        self._push = push
        self._backoff = Backoff(self.output.name, self.output.retry)
        self._broken = self._busy = False
        self._replaced = 0
        self._failing: set[str] = set()
        self._waiting = Waiting(self.output.keeps)
        self._time = OwnTime(supervision.clock)

    def start(self) -> None:
        """Open the output. Raises DeviceError, PluginError."""
        self.output.open(self._time)
        self._supervision.roster.note(self.output.name, "running")

    def close(self) -> None:
        """Close the output; what waits for it is lost."""
        self._forget()
        self.output.close()
        self._supervision.roster.note(self.output.name, "closed")

    def published(self, result: Result, frame: Frame | None) -> None:
        """Write a result, or let it wait."""
        if result.stream not in self._stages:
            return
        if self._broken or self._failing:
            self.output.lost += 1
        elif self._busy:
            self.output.lost += self._waiting.put((result, frame))
        else:
            self._write(result, frame)

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
        self._failing.discard(name)

    def make_safe(self, why: str) -> None:
        """Make the output safe; nothing is written until `why` has recovered."""
        if self.output.drives:
            self._failing.add(why)
            self._forget()
            self._make_safe()

    def _make_safe(self) -> None:
        if not self._broken and self._try(self.output.make_safe):
            self._works()

    def _write(self, result: Result, frame: Frame | None) -> None:
        output, began = self.output, self._supervision.clock.now()
        if not self._try(lambda: output.write(result, frame)):
            output.lost += 1
            return
        ended = self._time.now()
        self._supervision.wrote(output, result, began, ended)
        if ended == began:
            self._works()
        else:
            self._busy = True
            watched = output.retry.budget
            if watched and ended - began > SLOW * NS:
                self._push(began + round(SLOW * NS), lambda: self._stalled(output))
            if watched and ended - began > HANG * NS:
                self._push(began + round(HANG * NS), lambda: self._replace(output))
            self._push(ended, lambda: self._free(output))

    def _stalled(self, output: Output) -> None:
        if output is self.output:
            error = DeviceTimeout(f"{output.name} has not taken a result for {SLOW:g} s: {LOOK}")
            self._supervision.stalled(output, error)

    def _free(self, output: Output) -> None:
        """Go on with what waits, unless another has taken the place of this output."""
        if output is not self.output:
            return
        self._busy = False
        if self._broken:
            return
        self._works()
        while self._waiting and not (self._busy or self._broken):
            self._write(*self._waiting.take())

    def _replace(self, stuck: Output) -> None:
        """Leave the driver behind, and go on with another of the device."""
        if stuck is not self.output or self._broken:
            return
        error = DeviceTimeout(f"{stuck.name} hangs: its driver has not returned for {HANG:g} s; {LOOK}")
        self._broken, self._busy = True, False
        self._forget()
        try:
            fresh = stuck.anew() if self._replaced < MOST_ABANDONED else None
        except TypeError:
            fresh = None
        if fresh is None:
            self._supervision.roster.note(stuck.name, "lost", str(error))
            return
        self._replaced += 1
        self.output, self._time = fresh, OwnTime(self._supervision.clock)
        self._supervision.roster.replace(fresh)
        self._supervision.failed(fresh, error)
        self._retry(error)

    def _forget(self) -> None:
        self.output.lost += self._waiting.forget()

    def _try(self, act: Callable[[], None]) -> bool:
        """Do something with the output, and say whether it could be done; a failure is told and tried again later."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 - an output that fails must not end the others
            self._broken = True
            self._supervision.failed(self.output, error)
            self._retry(error)
            return False
        return True

    def _works(self) -> None:
        self._backoff.worked()
        self._supervision.roster.note(self.output.name, "running")
        self._supervision.worked(self.output.name)

    def _retry(self, failure: Exception) -> None:
        due = self._supervision.retry_at(self.output, self._backoff, failure)
        if due is not None:
            self._push(due, self._open_again)

    def _open_again(self) -> None:
        try:
            self.output.reopen(self._time)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not open
            self._retry(error)
            return
        self._backoff.restarted(self._supervision.clock.now())
        self._supervision.roster.note(self.output.name, "opening", restarted=True)
        self._broken = False
        if self.output.drives:
            self._make_safe()
