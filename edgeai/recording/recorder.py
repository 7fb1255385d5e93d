"""The recorder: a tap that queues what happens, and a thread that writes it.

The pipeline's threads only append to a queue; the writer looks into it every few milliseconds, because to wake a thread
for each message would cost them more than the message. In virtual time it writes at once, on the pipeline's thread.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeai.clock import Clock, SystemClock, offset_to_monotonic
from edgeai.driver import DriverState, Retry
from edgeai.errors import EdgeAIError, RecordingError
from edgeai.messages import Frame, Reading, Result
from edgeai.recording import format as layout
from edgeai.recording.backlog import MORE_ROOM, ROOM, Backlog
from edgeai.recording.header import Opening
from edgeai.recording.logbook import Entry
from edgeai.recording.notes import Decision, FaultNote, Loss, UtcPair
from edgeai.recording.options import RecordOptions
from edgeai.recording.sinks import Headers, LookBack, Rotating, Sink, size_of
from edgeai.recording.status import Status
from edgeai.runtime.backoff import Backoff
from edgeai.runtime.frozen import Frozen
from edgeai.runtime.roster import Roster
from edgeai.runtime.taps import Fault, Tap
from edgeai.schedule.commands import Announce, Command, Drop
from edgeai.schedule.events import Event

__all__ = ["Recorder"]

POLL = 0.01
"""Seconds between two looks into the queue: less than a frame at 60 fps is lost when the process is killed."""

FLUSH = 500_000_000
SYNC = 2_000_000_000
"""ns between two flushes where no picture asks for one, and between two orders to the disk."""

_STEP = 10_000_000
"""ns by which UTC must have moved against the pipeline's clock to be noted again."""


@dataclass(slots=True, eq=False)
class _Begin:
    """A file begins here. It is queued before the pipeline is frozen: what is told meanwhile belongs behind it."""

    t: int
    frozen: Frozen | None = None


@dataclass(frozen=True, slots=True)
class _Save:
    path: Path | None


class Recorder(Tap):
    """Records a pipeline, from its start or from the moment it is attached.

    `status` says what it does, `paths` are the files written so far, oldest first, `lost` counts by topic what there
    was no room for. `report` is told once when recording had to end: the disk is full, the folder cannot be written. It
    then tries again, later each time, with a new file; what was to be recorded meanwhile is lost.
    """

    name = "recorder"

    def __init__(
        self,
        options: RecordOptions,
        headers: Headers,
        cameras: Sequence[str],
        clock: Clock,
        report: Callable[[Fault], None],
        roster: Roster,
        full: Callable[[], bool] | None = None,
    ) -> None:
        """`full`: for trials, says that there is no room on the disk."""
        quality = options.quality()
        qualities = {} if quality is None else dict.fromkeys(cameras, quality)
        self._sink: Sink = (Rotating if options.look_back is None else LookBack)(options, headers, qualities)
        self._clock = clock
        self._report = report
        self._roster = roster
        self._full = full
        self._backoff = Backoff(self.name, Retry())
        self._again: int | None = None
        """When recording is tried again (ns), after it had to end."""
        self._failing = False
        self._written = 0
        roster.add(self, "recorder")
        self._backlog = Backlog()
        self.lost = self._backlog.lost
        self._told: Counter[str] = Counter()
        self._writing = False
        self._freeze: Callable[[], Frozen] | None = None
        self._frames = 0
        self._given: set[tuple[type, str, int]] | None = None
        """What the file began with and may be told again; None before the first file."""
        self._saves_on_fault = options.look_back is not None
        self._flushed = self._synced = clock.now()
        self._utc: int | None = None
        self._live = isinstance(clock, SystemClock)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="edgeai-recorder", daemon=True)

    @property
    def counts(self) -> tuple[int, int]:
        """Entries written so far, and those there was no room for."""
        return self._written, self.lost.total()

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files written so far, oldest first."""
        return tuple(self._sink.paths)

    @property
    def status(self) -> Status:
        """What it does at this moment."""
        newest = self.paths[-1] if self.paths else None
        return Status(not self._backlog.ended, newest, self._frames, self._sink.size, self.lost.total())

    def save(self, path: str | Path | None = None) -> None:
        """With look_back: write what is kept, to `path` or beside the last one. Returns at once."""
        if not self._backlog.ended:
            self._backlog.order(_Save(None if path is None else Path(path)))
        self._hurry()

    def close(self, timeout: float) -> bool:
        """Write what waits, and close the file; False when for `timeout` seconds that does not get on."""
        if not self._live or self._thread.ident is None:
            self._end()
            return True
        self._stop.set()
        written = -1
        while self._thread.is_alive() and written != self._sink.progress:
            written = self._sink.progress
            self._thread.join(timeout)
        return not self._thread.is_alive()

    # -- what the pipeline's threads call ----------------------------------------------------------------------

    def began(self, freeze: Callable[[], Frozen]) -> None:
        """Begin the first file. Raises RecordingError for a policy that has no written form."""
        self._freeze = freeze
        self._begin_file(self._clock.now(), freeze).state()
        if self._live:
            self._thread.start()

    def captured(self, frame: Frame) -> None:
        """Queue a frame."""
        self._put(Entry(self._clock.now(), frame), size_of(frame), ROOM, layout.image_of, frame.source)

    def sensed(self, reading: Reading) -> None:
        """Queue a reading."""
        self._put(Entry(self._clock.now(), reading), 1000, ROOM + MORE_ROOM, layout.readings_of, reading.source)

    def published(self, result: Result, frame: Frame | None) -> None:
        """Queue a result."""
        self._put(Entry(self._clock.now(), result), 2000, ROOM + MORE_ROOM, layout.results_of, result.stream)

    def decided(self, event: Event, commands: Sequence[Command]) -> None:
        """Queue an event and what followed; where a new file is due, hold the state fast."""
        if self._again is not None and self._freeze is not None and event.t >= self._again:
            self._again, self._backlog.ended = None, False
            self._begin_file(event.t, self._freeze)
        if self._backlog.ended:
            return
        self._put(Entry(event.t, Decision(event, tuple(commands))), 500, ROOM + 2 * MORE_ROOM)
        if self._freeze is not None and self._sink.due(event.t):
            self._begin_file(event.t, self._freeze)

    def dropped(self, drop: Drop) -> None:
        """Queue a drop."""
        self._put(Entry(self._clock.now(), drop), 200, ROOM + MORE_ROOM, _same, layout.DROPS)

    def announced(self, announce: Announce) -> None:
        """Queue an announcement."""
        self._put(Entry(self._clock.now(), announce), 200, ROOM + MORE_ROOM, _same, layout.ANNOUNCEMENTS)

    def faulted(self, fault: Fault) -> None:
        """Queue a fault; with look_back, write what led to it."""
        note = FaultNote(fault.name, type(fault.error).__name__, str(fault), fault.t)
        self._put(Entry(fault.t, note), 500, ROOM + MORE_ROOM, _same, layout.FAULTS)
        if self._saves_on_fault:
            self._backlog.order(_Save(None))
        self._hurry()

    def driver_changed(self, state: DriverState) -> None:
        """Queue the state of a driver."""
        self._put(Entry(state.since, state), 500, ROOM + MORE_ROOM, _same, layout.DRIVERS)

    def _begin_file(self, t: int, freeze: Callable[[], Frozen]) -> Frozen:
        begin = _Begin(t)
        self._backlog.order(begin)
        begin.frozen = freeze()
        return begin.frozen

    # -- the queue ---------------------------------------------------------------------------------------------

    def _put(
        self, entry: Entry, size: int, room: int, topic: Callable[[str], str] | None = None, name: str = ""
    ) -> None:
        self._backlog.add(entry, size, room, topic, name)
        self._hurry()

    def _hurry(self) -> None:
        """In virtual time, write at once; recording must not depend on a thread. What is told meanwhile follows."""
        if not self._live and not self._writing:
            self._writing = True
            self._turn()
            self._writing = False

    # -- the writer --------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while not ((self._backlog.ended and self._again is None) or self._stop.wait(POLL)):
            self._turn()
        self._end()

    def _turn(self) -> None:
        """Write what waits; hand pictures on at once, anything else twice a second."""
        try:
            if self._full is not None and self._full() and not self._backlog.ended:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            pictures = self._write_queue()
            now = self._clock.now()
            self._note_losses(now)
            self._note_utc(now)
            if self._live and (pictures or now - self._flushed >= FLUSH):
                sync = now - self._synced >= SYNC
                self._sink.flush(sync=sync)
                self._flushed, self._synced = now, now if sync else self._synced
        except Exception as error:  # noqa: BLE001 - whatever fails here must not fail the pipeline
            self._fail(error)

    def _write_queue(self) -> bool:
        pictures = False
        for item in self._backlog.take(unless=_is_pending):
            if isinstance(item, Entry):
                pictures = pictures or isinstance(item.value, Frame)
                self._write(item)
            elif isinstance(item, _Begin) and item.frozen is not None:
                self._begin(item.t, item.frozen)
            elif isinstance(item, _Save):
                self._sink.save(item.path)
            elif isinstance(item, RecordingError):
                raise item
        return pictures

    def _begin(self, t: int, frozen: Frozen) -> None:
        """Begin a file with what was there already."""
        held = frozen.windows, frozen.gathered, frozen.memories
        opening = Opening(t, frozen.state(), frozen.pending, frozen.calibrated, *held)
        self._given = {_identity(value) for _, value in frozen.items}
        drivers = [Entry(t, state) for name, state in self._roster.states().items() if name != self.name]
        self._sink.open(opening, (*drivers, *(Entry(ready, value) for ready, value in frozen.items)))
        restarted = self._roster.status(self.name) == "retrying"
        self._roster.note(self.name, "running", restarted=restarted)
        if restarted:
            self._backoff.restarted(t)
            self._failing = False

    def _write(self, entry: Entry) -> None:
        """Write an entry, unless nothing has begun, or the file has begun with it."""
        given = self._given
        if given is None:
            return
        if given and isinstance(entry.value, Frame | Reading | Result) and _identity(entry.value) in given:
            given.discard(_identity(entry.value))
            return
        self._frames += isinstance(entry.value, Frame)
        self._written += 1
        self._sink.write(entry)

    def _note_losses(self, now: int) -> None:
        for topic in [topic for topic, count in self.lost.items() if count > self._told[topic]]:
            self._told[topic] = self.lost[topic]
            self._sink.write(Entry(now, Loss(topic, self._told[topic], now)))

    def _note_utc(self, now: int) -> None:
        if not self._live or (self._utc is not None and now - self._flushed < FLUSH):
            return
        offset, _ = offset_to_monotonic("utc")
        if self._utc is None or abs(offset - self._utc) > _STEP:
            self._utc = offset
            self._sink.write(Entry(now, UtcPair(now, now - offset)))

    def _end(self) -> None:
        self._turn()
        self._backlog.end()
        try:
            self._sink.close(finish=True)
        except OSError as error:
            self._fail(error)
        self._roster.note(self.name, "closed")

    def _fail(self, error: Exception) -> None:
        """Record nothing more for now, and say so; what was written stays."""
        self._backlog.end()
        self._backlog.clear()
        self._given = None
        with contextlib.suppress(OSError):
            self._sink.close(finish=False)
        told = _in_a_sentence(error, self.paths)
        now = self._clock.now()
        self._roster.note(self.name, "lost", str(told))
        if not self._failing:
            self._failing = True
            self._report(Fault(self.name, told, now))
        if isinstance(error, OSError | RecordingError) and not self._stop.is_set():
            self._again = self._backoff.next_try(now)
            self._roster.note(self.name, "retrying", str(told))


def _in_a_sentence(error: Exception, paths: tuple[Path, ...]) -> Exception:
    if isinstance(error, EdgeAIError):
        return error
    reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
    where = getattr(error, "filename", None) or (paths[-1] if paths else "the recording")
    told = RecordingError(
        f"nothing more is recorded to {where} ({reason}): make room or choose another folder; what was written can be "
        "read, after `edgeai recover`"
    )
    told.__cause__ = error
    return told


def _identity(value: Frame | Reading | Result) -> tuple[type, str, int]:
    return type(value), value.stream if isinstance(value, Result) else value.source, value.seq


def _is_pending(item: object) -> bool:
    return isinstance(item, _Begin) and item.frozen is None


def _same(topic: str) -> str:
    return topic
