"""The live engine: the system's clock, a thread for each driver, a thread for each lane.

A source's thread hands its frame to the scheduler and, through a queue, to the lane; the lane computes, publishes and
asks for its next job. Outputs and callbacks have threads of their own. Every thread is a daemon: one that is stuck in C
code when the pipeline stops is named in the log and abandoned.
"""

from __future__ import annotations

import logging
import queue
import sys
import threading
from collections.abc import Callable, Sequence

from edgeai.clock import NS, SystemClock
from edgeai.driver import Camera, Driver, Source
from edgeai.errors import DeviceError, EdgeAIError
from edgeai.messages import Frame, Reading
from edgeai.runtime.assembly import Assembly
from edgeai.runtime.core import Core, StageStats
from edgeai.runtime.output_worker import OutputWorker
from edgeai.runtime.program import Work, execute
from edgeai.runtime.taps import Tap, Taps
from edgeai.runtime.timers import TimerThread
from edgeai.schedule.commands import Job
from edgeai.schedule.events import Calibrated, Profile, Tick

__all__ = ["LiveEngine"]

_log = logging.getLogger("edgeai")

READ = 0.1
"""Seconds a source is asked to wait for a capture: how soon its thread notices that the pipeline stops."""

STOP = 0.8
"""Seconds that stopping may take in all before a thread is abandoned."""

SWITCH_INTERVAL = 0.0005
"""Seconds a Python thread may keep the interpreter while another wants it. Python's own 5 ms would be added to the
latency of a lane that returns from C code while some other thread computes in Python."""


class LiveEngine:
    """Runs an assembly against the system's clock."""

    def __init__(self, assembly: Assembly, clock: SystemClock, taps: Sequence[Tap]) -> None:
        self._assembly = assembly
        self._clock = clock
        self._workers = [OutputWorker(r, assembly.lossless, self._output_failed) for r in assembly.outputs]
        self._taps = Taps([*taps, *self._workers])
        self._timers = TimerThread(clock)
        self._queues: list[queue.SimpleQueue[tuple[Job, Work] | None]] = [
            queue.SimpleQueue() for _ in range(assembly.workload.lanes)
        ]
        self._room = {camera.name: _Room() for camera in assembly.cameras if camera.lossless}
        self._core = Core(assembly, clock, self._taps, run=self._run, wake_at=self._wake_at, freed=self._freed)
        self._stopping = threading.Event()
        self._finished = threading.Event()
        self._finish_lock = threading.Lock()
        self._cameras_running = len(assembly.cameras)
        self._threads: list[threading.Thread] = []
        self._switch_interval = sys.getswitchinterval()

    def start(self) -> None:
        """Open every driver, outputs first, and start. Raises DeviceError or PluginError, with nothing left open."""
        fed = {stage.origin for stage in self._assembly.workload.stages}
        for name in set(self._room) - fed:
            del self._room[name]
        self._open_drivers()
        self._switch_interval = sys.getswitchinterval()
        sys.setswitchinterval(min(self._switch_interval, SWITCH_INTERVAL))
        for worker in self._workers:
            worker.start()
        for lane in range(self._assembly.workload.lanes):
            self._spawn(f"edgeai-lane-{lane}", lambda lane=lane: self._lane(lane))  # type: ignore[misc]
        for source in self._assembly.sources:
            self._spawn(f"edgeai-source-{source.name}", lambda source=source: self._source(source))  # type: ignore[misc]

    def calibrate(self, profiles: tuple[Profile, ...]) -> None:
        """Tell the scheduler what was measured at load."""
        self._core.calibrated(Calibrated(self._clock.now(), profiles))

    def stop(self) -> None:
        """End every thread within about a second; outputs write what waits and are closed."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        give_up = self._clock.now() + int(STOP * NS)
        self._core.shut_down()
        self._finish()
        for lane in self._queues:
            lane.put(None)
        self._clock.stop()
        for room in self._room.values():
            room.give()
        stuck = [thread.name for thread in self._threads if not self._joined(thread, give_up)]
        stuck += [w.thread.name for w in self._workers if not w.close(max(0.1, self._left(give_up)))]
        if not self._timers.close(self._left(give_up)):
            stuck.append("edgeai-timers")
        sys.setswitchinterval(self._switch_interval)
        for name in stuck:
            _log.warning("thread %s did not end in time and is abandoned", name)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every camera has ended and its frames are done; False after `timeout` seconds."""
        return self._finished.wait(timeout)

    @property
    def finished(self) -> bool:
        """True when nothing more will be published."""
        return self._finished.is_set()

    def every(self, period: int, call: Callable[[], object]) -> None:
        """Call a function every `period` ns on the timer thread; one that raises is a fault and is not called again."""
        due = self._clock.now() + period

        def act() -> None:
            nonlocal due
            try:
                call()
            except Exception as error:  # noqa: BLE001 - the user's function must not end the other timers
                self._core.fault(getattr(call, "__name__", "timer"), error)
                return
            due = max(due + period, self._clock.now())
            self._timers.at(due, act)

        self._timers.at(due, act)

    def stats(self) -> dict[str, StageStats]:
        """Return the counts of every stage."""
        return self._core.stats()

    # -- threads -----------------------------------------------------------------------------------------------

    def _lane(self, lane: int) -> None:
        jobs, programs = self._queues[lane], self._assembly.programs
        while (item := jobs.get()) is not None:
            job, work = item
            execution = execute(programs[job.stage, job.point, lane], work, self._clock)
            self._core.done(job, work, execution)
            self._check_finished()

    def _source(self, source: Source[Frame] | Source[Reading]) -> None:
        try:
            self._read_all(source)
        except EdgeAIError as error:
            self._core.fault(source.name, error)
        except Exception as error:  # noqa: BLE001 - a driver's bug is its own fault, not the end of the others
            failure = DeviceError(f"{source.name} failed: {type(error).__name__}: {error}")
            failure.__cause__ = error
            self._core.fault(source.name, failure)
        finally:
            self._close(source)
            if isinstance(source, Camera):
                with self._finish_lock:
                    self._cameras_running -= 1
                self._check_finished()

    def _read_all(self, source: Source[Frame] | Source[Reading]) -> None:
        room = self._room.get(source.name)
        limit = self._assembly.frames if isinstance(source, Camera) else None
        while not self._stopping.is_set():
            message = source.read(READ)
            if message is None:
                if source.ended:
                    return
            elif isinstance(message, Reading):
                self._core.reading(message)
            elif room is None or room.take(self._stopping):
                self._core.frame(message)
            if limit is not None and source.captured >= limit:
                return

    # -- what the core asks for --------------------------------------------------------------------------------

    def _run(self, job: Job, work: Work) -> None:
        self._queues[job.lane].put((job, work))

    def _wake_at(self, t: int) -> None:
        self._timers.at(t, lambda: self._core.tick(Tick(self._clock.now())))

    def _freed(self, origin: str) -> None:
        room = self._room.get(origin)
        if room is not None:
            room.give()

    # -- inside ------------------------------------------------------------------------------------------------

    def _open_drivers(self) -> None:
        opened: list[Driver] = []
        drivers = [*self._assembly.sensors, *(r.output for r in self._assembly.outputs), *self._assembly.cameras]
        try:
            for driver in drivers:
                driver.open(self._clock)
                opened.append(driver)
        except BaseException:
            for driver in reversed(opened):
                driver.close()
            raise

    def _spawn(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _close(self, driver: Driver) -> None:
        try:
            driver.close()
        except Exception as error:  # noqa: BLE001 - there is nothing left to do with it
            _log.warning("%s did not close: %s", driver.name, error)

    def _output_failed(self, name: str, error: Exception) -> None:
        self._core.fault(name, error)

    def _check_finished(self) -> None:
        if self._cameras_running == 0 and self._assembly.cameras and self._core.idle():
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


class _Room:
    """One place for a frame of a lossless camera: taken before the frame is offered, given back when a lane has it."""

    def __init__(self) -> None:
        self._places: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.give()

    def give(self) -> None:
        """Let one more frame in."""
        self._places.put(None)

    def take(self, stopping: threading.Event) -> bool:
        """Wait for the place; False when the pipeline stops."""
        while not stopping.is_set():
            try:
                self._places.get(timeout=READ)
            except queue.Empty:
                continue
            return not stopping.is_set()
        return False
