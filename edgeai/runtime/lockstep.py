"""The lock-step engine: one thread, a virtual clock, a heap ordered by (time, seq).

The very same scheduler and perception as live; only durations come from a table, so the schedule does not depend on the
speed of the machine that runs it.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from edgeai.clock import NS, VirtualClock
from edgeai.driver import Camera, Meter, Sensor, Source
from edgeai.errors import EdgeAIError
from edgeai.runtime.assembly import Assembly
from edgeai.runtime.core import Core, StageStats
from edgeai.runtime.freshness import Expiry
from edgeai.runtime.program import Batch, Execution, Work, execute
from edgeai.runtime.roster import Roster
from edgeai.runtime.supervision import Supervision
from edgeai.runtime.taps import Tap, Taps
from edgeai.runtime.virtual_output import VirtualOutput
from edgeai.runtime.virtual_source import VirtualSource
from edgeai.runtime.watch import Watch
from edgeai.schedule.commands import Job, Load, Unload
from edgeai.schedule.events import Batching, Calibrated, Loaded, LoadFailed, Profile, Sensed, Tick
from edgeai.schedule.scheduler import Scheduler

__all__ = ["Durations", "LockstepEngine"]

Durations = Callable[[Job], int]
"""How long a job takes, in ns of virtual time."""


SKIPPED = 500_000
"""How long a job takes whose model does not look, ns: what a gate takes on a small board, three times a desktop's."""


class LockstepEngine:
    """Runs an assembly in virtual time. `step` handles one event; nothing happens between calls."""

    def __init__(
        self,
        assembly: Assembly,
        clock: VirtualClock,
        taps: Sequence[Tap],
        durations: Durations,
        loading: int = 0,
        roster: Roster | None = None,
    ) -> None:
        """`loading` is how long it takes to load a model while the pipeline runs, ns."""
        self._assembly = assembly
        self._clock = clock
        self._durations = durations
        self._loading = loading
        self.roster = roster or Roster(clock)
        self._supervision = Supervision(
            clock,
            self.roster,
            lambda name, error: self.core.fault(name, error),
            lambda name: self.core.worked(name),
            threading.Event(),
            lambda: self._taps,
        )
        self._outputs = [VirtualOutput(route, self._supervision, self._push) for route in assembly.outputs]
        self._taps = Taps([*taps, *self._outputs])
        self.roster.taps = self._taps
        assembly.enter(self.roster)
        self._heap: list[tuple[int, int, Callable[[], object]]] = []
        self._pushed = 0
        self._live_cameras: set[str] = set()
        self.core = Core(
            assembly,
            clock,
            self._taps,
            run=self._run,
            wake_at=self._wake_at,
            freed=self._freed,
            order=self._carry_out,
        )
        self.watch = Watch(assembly.meters, assembly.board, clock, self.core.sense, self.core.announce, self.roster)
        self._expiry = Expiry(self.core.freshness, self._push, clock)
        if assembly.stale:
            self._taps.add(self._expiry)
        self._sources = {source.name: self._reader(source) for source in assembly.sources}
        self._open = False
        self._finished = False

    def start(self) -> None:
        """Open every driver and ask the sources for their first captures."""
        self._open = True
        for sensor in self._assembly.sensors:
            sensor.open(self._clock)
        for output in self._outputs:
            output.start()
        for camera in self._assembly.cameras:
            camera.open(self._clock)
        self._assembly.check_rates()
        self._live_cameras.update(camera.name for camera in self._assembly.cameras)
        for meter in self._assembly.meters:
            meter.open(self._clock)
            self._push(self._clock.now(), lambda meter=meter: self._poll(meter))  # type: ignore[misc]
        for reader in self._sources.values():
            reader.start()
        self._expiry.start()

    def calibrate(
        self, profiles: tuple[Profile, ...], idle: float, busy: float, batchings: tuple[Batching, ...] = ()
    ) -> None:
        """Tell the scheduler how long jobs will take, and the board's watts: idle, and more for each busy core.

        What it then wants resident is loaded, before time begins. Raises EdgeAIError.
        """
        self.core.calibrated(Calibrated(self._clock.now(), profiles, idle, busy, batchings))
        while self._heap:
            heapq.heappop(self._heap)[2]()

    def sense(self, event: Sensed) -> None:
        """Tell the scheduler what the situation is: power, temperature, throttling, battery."""
        self.core.sense(event)

    def stop(self) -> None:
        """Drop what waits and close every driver."""
        if self._open:
            self._open = False
            self.make_safe("the pipeline's end")
            self.core.shut_down()
            self._heap.clear()
            for driver in (*self._assembly.sources, *self._assembly.meters):
                driver.close()
                self.roster.note(driver.name, "closed")
            for output in self._outputs:
                output.close()
            self._finish()

    def make_safe(self, why: str) -> None:
        """Make every output safe that can be."""
        for output in self._outputs:
            output.make_safe(why)

    def end_by(self, error: Exception) -> None:
        """Make all safe because nobody is in control any more, and say so."""
        self.make_safe("pipeline")
        self.core.fault("pipeline", error)

    def step(self) -> bool:
        """Let the next thing happen; False when there is nothing more to come."""
        if not self._heap or self._finished:
            self._finish()
            return False
        t, _, action = heapq.heappop(self._heap)
        self._clock.sleep_until(t)
        action()
        if not self._live_cameras and self.core.idle() and self._assembly.cameras:
            self._finish()
        return not self._finished

    def run_until(self, t: int) -> bool:
        """Let everything up to time t (ns) happen; False when the pipeline ended before."""
        while self._heap and self._heap[0][0] <= t and not self._finished:
            self.step()
        if self._finished or not self._heap:
            self._finish()
            return False
        self._clock.sleep_until(t)
        return True

    def at(self, t: int, call: Callable[[], object]) -> None:
        """Call a function at time t (ns), or now where that has gone by."""
        self._push(t, call)

    def every(self, period: int, call: Callable[[], object]) -> None:
        """Call a function every `period` ns of virtual time."""
        due = self._clock.now() + period

        def act() -> None:
            nonlocal due
            call()
            due += period
            self._push(due, act)

        self._push(due, act)

    def stats(self) -> dict[str, StageStats]:
        """Return the counts of every stage."""
        return self.core.stats()

    @property
    def scheduler(self) -> Scheduler:
        """The scheduler; a live object, to be read between steps."""
        return self.core.scheduler

    # -- inside ------------------------------------------------------------------------------------------------

    def _push(self, t: int, action: Callable[[], object]) -> None:
        heapq.heappush(self._heap, (max(t, self._clock.now()), self._pushed, action))
        self._pushed += 1

    def _poll(self, meter: Meter) -> None:
        self.watch.poll(meter)
        self._push(self._clock.now() + round(meter.interval * NS), lambda: self._poll(meter))

    def _reader(self, source: Source[Any]) -> VirtualSource:
        return VirtualSource(
            source,
            self._supervision,
            self._push,
            self.core.reading if isinstance(source, Sensor) else self.core.frame,
            self._live_cameras.discard,
            waits=source.lossless and any(stage.origin == source.name for stage in self._assembly.workload.stages),
            limit=self._assembly.frames if isinstance(source, Camera) else None,
        )

    def _run(self, batch: Batch) -> None:
        """Run jobs now and let their results appear when their time is over.

        Jobs that run together find what each would find by itself: else they would not be batched.
        """
        now = self._clock.now()
        duration = max([self._durations(job) for job, _ in batch])
        if len(batch) > 1:
            duration = round(duration * self.core.scheduler.batches.stretch(batch[0][0].stage, batch[0][0].point))
        for job, work in batch:
            timed = self._executed(job, work, now, duration)
            self._push(now + timed.steps[0][1], partial(self.core.done, job, work, timed))

    def _executed(self, job: Job, work: Work, now: int, duration: int) -> Execution:
        """Run a job as if it took so long, in one step; where nothing is to be run, only time goes by."""
        program = self._assembly.programs.of(job)
        if not program:
            return Execution(None, None, now, (("done", duration),), 0)
        done = execute(program, work, self._clock)
        took = duration if done.skipped is None else SKIPPED
        return done._replace(began=now, steps=((done.steps[-1][0], took),))

    def _carry_out(self, order: Load | Unload) -> None:
        if isinstance(order, Unload):
            self._assembly.programs.unload(order.stage, order.point)
        else:
            self._push(self._clock.now() + (self._loading if self._open else 0), lambda: self._load(order))

    def _load(self, order: Load) -> None:
        try:
            self._assembly.programs.load(order.stage, order.point)
        except EdgeAIError as error:
            if not self._open:
                raise
            self.core.tick(LoadFailed(self._clock.now(), order.stage, order.point, str(error)))
        else:
            self.core.tick(Loaded(self._clock.now(), order.stage, order.point))

    def _wake_at(self, t: int) -> None:
        self._push(t, lambda: self.core.tick(Tick(self._clock.now())))

    def _freed(self, origin: str) -> None:
        """A lossless camera reads on when its last frame has been taken."""
        source = self._sources.get(origin)
        if source is not None and source.source.lossless:
            self._push(self._clock.now(), source.room)

    def _finish(self) -> None:
        if not self._finished:
            self._finished = True
            for call in self._taps.finished:
                call()
