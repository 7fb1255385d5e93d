"""The live engine: the system's clock, a thread for each driver, a thread for each lane.

A source's thread hands its frame to the scheduler and, through a queue, to the lane; the lane computes, publishes and
asks for its next job. Outputs and callbacks have threads of their own. Every thread is a daemon: one that is stuck in C
code when the pipeline stops is named in the log and abandoned.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from edgeai.clock import NS, SystemClock, time_of_day
from edgeai.driver import Camera, Meter, Sensor, Source
from edgeai.errors import EdgeAIError
from edgeai.runtime.assembly import Assembly
from edgeai.runtime.core import Core, StageStats
from edgeai.runtime.drivers import Drivers
from edgeai.runtime.exits import Holder, MainThread
from edgeai.runtime.lane import Lane
from edgeai.runtime.loader import Loader
from edgeai.runtime.meter_worker import MeterWorker
from edgeai.runtime.output_worker import OutputWorker
from edgeai.runtime.program import Batch, Execution
from edgeai.runtime.read_ahead import ReadAhead
from edgeai.runtime.roster import Roster
from edgeai.runtime.source_worker import SourceWorker
from edgeai.runtime.supervision import Supervision
from edgeai.runtime.taps import Tap, Taps
from edgeai.runtime.timers import TimerThread
from edgeai.runtime.watch import Watch
from edgeai.runtime.watchdog import Watchdog, Watched
from edgeai.schedule.events import Batching, Calibrated, Profile, Tick

__all__ = ["LiveEngine"]

_log = logging.getLogger("edgeai")

STOP = 0.8
"""Seconds that stopping may take in all before a thread is abandoned."""

COMPUTE = 0.4
"""Seconds of those that lanes and sources have before the outputs are told to end."""

WRITE = 0.6
"""Seconds after which an output writes no more of what waits, so that it can still be closed in time."""

_DRAIN = 0.02
"""Seconds between two looks at whether the outputs have written the last results."""

SWITCH_INTERVAL = 0.0001
"""Seconds a Python thread may keep the interpreter while another wants it. Python's own 5 ms would be added to the
latency of a lane that returns from C code while some other thread computes in Python."""


class LiveEngine:
    """Runs an assembly against the system's clock."""

    def __init__(
        self, assembly: Assembly, clock: SystemClock, taps: Sequence[Tap], roster: Roster | None = None
    ) -> None:
        self._assembly = assembly
        self._clock = clock
        self._stopping = threading.Event()
        self.roster = roster or Roster(clock)
        self._drivers = Drivers(assembly, clock, self.roster)
        self._supervision = Supervision(
            clock,
            self.roster,
            lambda name, error: self.core.fault(name, error),
            lambda name: self.core.worked(name),
            self._stopping,
            lambda: self._taps,
        )
        self._workers = [OutputWorker(route, assembly.lossless, self._supervision) for route in assembly.outputs]
        self._taps = Taps([*taps, *self._workers])
        self.roster.taps = self._taps
        self._timers = TimerThread(clock)
        fed = {stage.origin for stage in assembly.workload.stages}
        self._ahead: dict[str, ReadAhead] = {}
        self._loader = Loader(assembly.programs, clock, lambda event: self.core.tick(event))
        self.core = Core(
            assembly,
            clock,
            self._taps,
            run=self._run,
            wake_at=self._wake_at,
            freed=self._freed,
            order=self._loader.order,
            give_way=clock.give_way,
        )
        self.watch = self._watch_over(assembly.meters)
        for camera in assembly.cameras:
            if camera.lossless and camera.name in fed:
                self._ahead[camera.name] = ReadAhead(self.core.frame)
        self._lanes = [
            Lane(n, assembly.programs, clock, self._done, self._rests, self.core.fault)
            for n in range(assembly.workload.lanes)
        ]
        self._readers = [self._reader(source) for source in assembly.sources]
        self.holder = Holder(self._left_alone)
        self._meters: list[MeterWorker] = []
        self._watched: list[Watched] = [self.core.freshness, self.holder, MainThread(self.end_by)]
        self._watched += [*self._lanes, *self._readers, *self._workers]
        self._watchdog = Watchdog(self._watched, clock, lambda error: self.core.fault("watchdog", error))
        self._finished = threading.Event()
        self._finish_lock = threading.Lock()
        leading: tuple[Source[Any], ...] = assembly.cameras or assembly.sensors
        self._leading = {source.name for source in leading}
        self._running = set(self._leading)
        self._switch_interval = sys.getswitchinterval()

    def start(self) -> None:
        """Open every driver, outputs first, and start. Raises DeviceError or PluginError, with nothing left open."""
        self._assembly.enter(self.roster)
        self._drivers.open()
        self.watch = self._watch_over((*self._assembly.meters, *self._drivers.open_found()))
        self._switch_interval = sys.getswitchinterval()
        sys.setswitchinterval(min(self._switch_interval, SWITCH_INTERVAL))
        for worker in self._workers:
            worker.start()
        if self._assembly.workload.limited:
            self._loader.start()
        for lane in self._lanes:
            lane.start()
        for reader in self._readers:
            reader.start()
        self.core.freshness.start()
        self._meters = [MeterWorker(meter, self.watch, self._supervision) for meter in self.watch.meters]
        for poller in self._meters:
            poller.start()
        self._watched += self._meters
        self._watchdog.start()

    def calibrate(
        self, profiles: tuple[Profile, ...], idle: float, busy: float, batchings: tuple[Batching, ...] = ()
    ) -> None:
        """Tell the scheduler what was measured at load, and the board's watts: idle, and more for each busy core.

        What it then wants resident is loaded. Raises EdgeAIError.
        """
        self.core.calibrated(Calibrated(self._clock.now(), profiles, idle, busy, batchings, time_of_day()))
        self._loader.load_now()

    def stop(self) -> None:
        """End every thread within about a second; outputs write what waits and are closed.

        A pipeline that has come to its end by itself waits for its outputs as long as they get on.
        """
        if self._stopping.is_set():
            return
        patient = self._finished.is_set()
        self._stopping.set()
        self.make_safe("the pipeline's end")
        give_up = self._clock.now() + int(STOP * NS)
        compute, write = (give_up - int((STOP - share) * NS) for share in (COMPUTE, WRITE))
        self.core.shut_down()
        self._finish()
        for lane in self._lanes:
            lane.end()
        self._clock.stop()
        threaded: list[MeterWorker | Lane | SourceWorker] = [*self._meters, *self._lanes, *self._readers]
        threads = [thread for each in threaded for thread in each.threads]
        for thread in threads:
            self._joined(thread, compute)
        for ahead in self._ahead.values():
            ahead.give_up()
        for worker in self._workers:
            worker.begin_close(None if patient else write)
        stuck = [w.thread.name for w in self._workers if not w.close(max(0.1, self._left(give_up)), patient=patient)]
        stuck += [thread.name for thread in threads if not self._joined(thread, give_up)]
        for lane in self._lanes:
            lane.abandon()
        if not self._timers.close(self._left(give_up)):
            stuck.append("edgeai-timers")
        if not self._loader.close(self._left(give_up)):
            stuck.append("edgeai-loader")
        if not self._watchdog.close(max(0.1, self._left(give_up))):
            stuck.append("edgeai-watchdog")
        sys.setswitchinterval(self._switch_interval)
        for name in stuck:
            _log.warning("thread %s did not end in time and is abandoned", name)

    def make_safe(self, why: str) -> None:
        """Have every output made safe that can be, at once; nothing more is written to it."""
        for worker in self._workers:
            worker.make_safe(why)

    def end_by(self, error: Exception) -> None:
        """Make all safe because nobody is in control any more, and say so."""
        self.make_safe("pipeline")
        self.core.fault("pipeline", error)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every camera has ended and its results are written; False after `timeout` seconds.

        Without a camera, the sensors count.
        """
        give_up = None if timeout is None else self._clock.now() + int(timeout * NS)
        if not self._finished.wait(timeout):
            return False
        while not self.finished:
            if self._stopping.wait(_DRAIN if give_up is None else min(_DRAIN, self._left(give_up))):
                return True
            if give_up is not None and self._clock.now() >= give_up:
                return self.finished
        return True

    @property
    def finished(self) -> bool:
        """True when nothing more will be published or written."""
        return self._finished.is_set() and all(worker.drained for worker in self._workers)

    def every(self, period: int, call: Callable[[], object]) -> None:
        """Call a function every `period` ns on the timer thread; one that raises is a fault and is not called again."""
        due = self._clock.now() + period

        def act() -> None:
            nonlocal due
            try:
                call()
            except Exception as error:  # noqa: BLE001 - the user's function must not end the other timers
                self.core.fault(getattr(call, "__name__", "timer"), error)
                return
            due = max(due + period, self._clock.now())
            self._timers.at(due, act)

        self._timers.at(due, act)

    def stats(self) -> dict[str, StageStats]:
        """Return the counts of every stage."""
        return self.core.stats()

    # -- threads -----------------------------------------------------------------------------------------------

    def _done(self, batch: Batch, executions: list[Execution]) -> None:
        for (job, work), execution in zip(batch, executions, strict=True):
            self.core.done(job, work, execution)
        for ahead in self._ahead.values():
            ahead.move_on()

    def _rests(self) -> None:
        """A lane has nothing to do for now."""
        self._loader.gap()
        for settled in self._taps.settled:
            settled()
        self._check_finished()

    # -- what the core asks for --------------------------------------------------------------------------------

    def _run(self, batch: Batch) -> None:
        self._lanes[batch[0][0].lane].put(batch)

    def _wake_at(self, t: int) -> None:
        self._timers.at(t, lambda: self.core.tick(Tick(self._clock.now())))

    def _freed(self, origin: str) -> None:
        ahead = self._ahead.get(origin)
        if ahead is not None:
            ahead.freed()

    # -- inside ------------------------------------------------------------------------------------------------

    def _reader(self, source: Source[Any]) -> SourceWorker:
        deliver: Callable[[Any], None] = self.core.reading if isinstance(source, Sensor) else self.core.frame
        if (ahead := self._ahead.get(source.name)) is not None:
            deliver = lambda frame: ahead.put(frame, self._stopping)  # noqa: E731
        limit = self._assembly.frames if isinstance(source, Camera) else None
        return SourceWorker(source, self._supervision, deliver, self._source_ended, limit)

    def _source_ended(self, reader: SourceWorker) -> None:
        with self._finish_lock:
            self._running.discard(reader.source.name)
        self._check_finished()

    def _left_alone(self) -> None:
        self.end_by(EdgeAIError("nobody holds the pipeline any more: keep it as long as it shall run, or call stop()"))
        self.stop()

    def _watch_over(self, meters: Sequence[Meter]) -> Watch:
        return Watch(meters, self._assembly.board, self._clock, self.core.sense, self.core.announce, self.roster)

    def _check_finished(self) -> None:
        if not self._running and self._leading and self.core.idle() and all(a.empty for a in self._ahead.values()):
            self._finish()

    def _finish(self) -> None:
        with self._finish_lock:
            if self._finished.is_set():
                return
            self._finished.set()
        for call in self._taps.finished:
            call()

    def _left(self, give_up: int) -> float:
        return max(0.0, (give_up - self._clock.now()) / NS)

    def _joined(self, thread: threading.Thread, give_up: int) -> bool:
        if thread is threading.current_thread():
            return True
        thread.join(self._left(give_up))
        return not thread.is_alive()
