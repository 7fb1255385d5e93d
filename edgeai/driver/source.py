"""Sources: how a capture is waited for, paced, counted and stamped, for every camera and sensor alike."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from edgeai.clock import NS, Clock
from edgeai.driver.base import Driver
from edgeai.errors import DeviceTimeout
from edgeai.messages import Frame, Reading, StampClock, Timing
from edgeai.stamping import Stamper

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Capture", "EndOfSource", "Source"]

_SILENCE = 0.5
"""Seconds that any source may be silent."""


class EndOfSource(Exception):  # noqa: N818 - it is an outcome, not an error
    """Raised by `_read` when a file or folder has been read to its end."""


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """What `_read` returns: the data, the device's stamp (ns) and its clock, and captures lost since the last one.

    encoded: the bytes that the device delivered, for recordings; of a picture only a JPEG that decodes to `data`.
    measured: what the driver itself found is to be added to `raw` to reach the pipeline's clock, and its doubt (ns).
    """

    data: Any
    raw: int | None = None
    clock: StampClock = "none"
    lost: int = 0
    encoded: bytes | None = None
    measured: tuple[int, int] | None = None


M = TypeVar("M", Frame, Reading)


class Source(Driver, Generic[M]):
    """A camera or sensor: it captures.

    Stamps on the media clock (files) are paced: `read` gives a capture when it is due, unless `lossless`. A source
    with a `period` (simulations) is asked for a capture each period, and finds its time in `capture_time`.
    """

    period: int | None = None
    """Nanoseconds between captures that this source wants to be asked for; None when the device sets the pace."""
    lossless: bool = False
    """True when nothing may be dropped: captures wait for the pipeline, not the other way round."""
    rate: float | None = None
    """Captures a second as announced by the device, set by `_open`; None when unknown."""
    stall: float = 5.0
    """Seconds without a capture after which `read` raises DeviceTimeout."""

    def __init__(self, name: str, options: Any) -> None:
        """Keep name and options; a driver with an option `lossless` is what that says."""
        super().__init__(name, options)
        self.lossless = getattr(options, "lossless", self.lossless)
        self.captured = 0
        self.lost = 0
        self._stamper = Stamper()

    @property
    def patience(self) -> float:
        """Seconds of silence that are a stall: two periods, half a second at least; `stall` where no rate is known."""
        rate = self.rate or (NS / self.period if self.period else None)
        return self.stall if rate is None else max(2 / rate, _SILENCE)

    @property
    def counts(self) -> tuple[int, int]:
        """Captures delivered so far, and captures lost."""
        return self.captured, self.lost

    def open(self, clock: Clock) -> None:
        """Open the device and start counting captures from zero."""
        self.captured = 0
        self.lost = 0
        self._stamper = Stamper()
        self._open_counting(clock)

    def reopen(self, clock: Clock) -> None:
        """Open the device again after a failure: captures are counted on, and stamps do not run backwards."""
        self.close()
        self._stamper = self._stamper.anew()
        self._open_counting(clock)

    def anew(self) -> Self:
        """Return another driver of the same device, which counts on."""
        made = super().anew()
        made.captured, made.lost, made._stamper = self.captured, self.lost, self._stamper
        return made

    def _open_counting(self, clock: Clock) -> None:
        self.ended = False
        self.capture_time = 0
        self._pending: Capture | None = None
        self._next_period: int | None = None
        self._silent_since: int | None = None
        super().open(clock)

    def due(self) -> int | None:
        """Return when the next capture is due (ns), where that can be known without waiting; else None.

        None with `ended` set means there will be no more.
        """
        self._require_open()
        if self.period is not None:
            if self._next_period is None:
                self._next_period = self._clock.now()
            return self._next_period
        if self._pending is None:
            self._pending = self._take(0.0)
        if self._pending is None:
            return None
        return self._due_of(self._pending)

    def read(self, timeout: float) -> M | None:
        """Return the next capture, or None when none came within `timeout` seconds or the source has `ended`.

        Raises DeviceLost when the device went away, DeviceTimeout after `stall` seconds of silence, DeviceError for
        a capture that is not what was announced, ConfigError for a crop outside the picture.
        """
        self._require_open()
        if self.period is not None:
            return self._read_periodic(self.period, self._clock.now() + int(timeout * NS))
        give_up = self._clock.now() + int(timeout * NS)
        capture = self._wait_for(give_up)
        if capture is None:
            return None
        if capture.clock == "media" and not self._reached(self._due_of(capture), give_up):
            self._pending = capture
            return None
        return self._message(capture, self._clock.now())

    def _wait_for(self, give_up: int) -> Capture | None:
        """Ask `_read` until it has a capture, the source has ended or the time is up; it may come back early.

        On a virtual clock a wait for a device takes no time: there it is asked once.
        """
        capture, self._pending = self._pending, None
        while capture is None and not self.ended:
            before = self._clock.now()
            capture = self._take(max(0, give_up - before) / NS)
            if capture is not None or not before < self._clock.now() < give_up:
                break
        return capture

    def _reached(self, due: int, give_up: int) -> bool:
        """Wait for `due`, at most to `give_up`, and say whether it has come: a clock that is stopped wakes us early."""
        if due > self._clock.now():
            self._clock.sleep_until(min(due, give_up))
        return due <= self._clock.now()

    def _read_periodic(self, period: int, give_up: int) -> M | None:
        """Capture at the newest period that is due; those that nobody read in time are lost, as with a real device."""
        due = self.due() or 0
        if not self._reached(due, give_up):
            return None
        missed = (self._clock.now() - due) // period
        self.capture_time = due + missed * period
        self._next_period = self.capture_time + period
        capture = self._take(0.0)
        if capture is None:
            return None
        capture = replace(capture, raw=self.capture_time, clock="monotonic", lost=capture.lost + missed)
        return self._message(capture, self._clock.now())

    def _take(self, timeout: float) -> Capture | None:
        if self.ended:
            return None
        asked = self._clock.now()
        try:
            capture = self._read(timeout)
        except EndOfSource:
            self.ended = True
            return None
        if capture is not None:
            self._silent_since = None
            return capture
        if self._silent_since is None:
            self._silent_since = asked
        if self._clock.now() - self._silent_since > self.stall * NS:
            self._silent_since = None
            raise DeviceTimeout(
                f"{self.name} has delivered nothing for {self.stall:g} s: look at its cable and its power"
            )
        return None

    def _due_of(self, capture: Capture) -> int:
        now = self._clock.now()
        if capture.clock != "media" or capture.raw is None or self.lossless:
            return now
        return self._stamper.media_due(capture.raw, now)

    def _message(self, capture: Capture, arrival: int) -> M:
        self.lost += capture.lost
        seq = self.captured + self.lost
        if self.lossless:
            _, found = self._stamper.stamp(capture.clock, capture.raw, arrival)
            stamp, timing = arrival, Timing(found.clock, found.raw, 0, found.uncertainty)
        else:
            stamp, timing = self._stamper.stamp(capture.clock, capture.raw, arrival, capture.measured)
        self.captured += 1
        message = self._wrap(capture.data, seq, stamp, timing)
        return message if capture.encoded is None else self._with_bytes(message, capture.encoded)

    def _with_bytes(self, message: M, encoded: bytes) -> M:
        """Attach the bytes a message was made of."""
        return replace(message, encoded=encoded)

    @abstractmethod
    def _read(self, timeout: float) -> Capture | None:
        """Return the next capture, or None when none comes within `timeout` seconds; coming back early is no harm.

        Called by `read`. Raise EndOfSource after the last one, DeviceLost when the device went away. The data is handed
        over: it must not be written to afterwards.
        """

    @abstractmethod
    def _wrap(self, data: Any, seq: int, stamp: int, timing: Any) -> M:
        """Make the message of a capture's data."""
