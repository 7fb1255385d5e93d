"""An output in virtual time: written to as results are published. The counterpart of an OutputWorker."""

from __future__ import annotations

from collections.abc import Callable

from edgeai.messages import Frame, Result
from edgeai.runtime.assembly import OutputRoute
from edgeai.runtime.backoff import Backoff
from edgeai.runtime.results import unseen
from edgeai.runtime.supervision import Supervision
from edgeai.runtime.taps import Fault, Tap

__all__ = ["VirtualOutput"]


class VirtualOutput(Tap):
    """Writes results to one output; in virtual time writing takes none. `push` has something done at a time."""

    def __init__(
        self, route: OutputRoute, supervision: Supervision, push: Callable[[int, Callable[[], object]], None]
    ) -> None:
        self.output = route.output
        self._stages, self._feeds = route.stages, route.feeds
        self._supervision = supervision
        self._push = push
        self._backoff = Backoff(self.output.name, self.output.retry)
        self._broken = False
        self._failing: set[str] = set()

    def start(self) -> None:
        """Open the output. Raises DeviceError, PluginError."""
        self.output.open(self._supervision.clock)
        self._supervision.roster.note(self.output.name, "running")

    def published(self, result: Result, frame: Frame | None) -> None:
        """Write a result."""
        if result.stream not in self._stages:
            return
        if self._broken or self._failing or not self._try(lambda: self.output.write(result, frame)):
            self.output.lost += 1
            return
        self._supervision.wrote(self.output, result, result.published, result.published)

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
            if not self._broken:
                self._try(self.output.make_safe)

    def _try(self, act: Callable[[], None]) -> bool:
        """Do something with the output, and say whether it could be done; a failure is told and tried again later."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 - an output that fails must not end the others
            self._broken = True
            self._supervision.failed(self.output, error)
            self._retry(error)
            return False
        self._backoff.worked()
        self._supervision.roster.note(self.output.name, "running")
        self._supervision.worked(self.output.name)
        return True

    def _retry(self, failure: Exception) -> None:
        due = self._supervision.retry_at(self.output, self._backoff, failure)
        if due is not None:
            self._push(due, self._open_again)

    def _open_again(self) -> None:
        clock = self._supervision.clock
        try:
            self.output.reopen(clock)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not open
            self._retry(error)
            return
        self._backoff.restarted(clock.now())
        self._supervision.roster.note(self.output.name, "opening", restarted=True)
        self._broken = False
        if self.output.drives:
            self._try(self.output.make_safe)
