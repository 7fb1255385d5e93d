"""What both engines share: the scheduler, the items it decides about, and what happens when a job is done."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edgeai.clock import Clock
from edgeai.messages import Frame, Reading, Readings, Result
from edgeai.perception.window import Window
from edgeai.runtime.assembly import Assembly
from edgeai.runtime.freshness import Freshness
from edgeai.runtime.frozen import Frozen, frozen
from edgeai.runtime.joining import Joining
from edgeai.runtime.plan import Plan, Power, plan_of, power_of
from edgeai.runtime.program import Batch, Execution, Work
from edgeai.runtime.results import result_of
from edgeai.runtime.store import ItemStore
from edgeai.runtime.taps import Fault, Tap, Taps
from edgeai.schedule.commands import Announce, Command, Drop, Job, Load, Run, Unload, WakeAt
from edgeai.schedule.events import Calibrated, Configure, Event, FrameReady, JobDone, Pause, Sensed, Shutdown, Unpaired
from edgeai.schedule.policy import Policy
from edgeai.schedule.scheduler import Scheduler

__all__ = ["Core", "StageStats"]


@dataclass(frozen=True, slots=True)
class StageStats:
    """What became of the items offered to a stage.

    Always: ready = delivered + sum(dropped.values()) + in_flight. batched: run together with other stages' items.
    """

    ready: int
    offered: int
    delivered: int
    late: int
    missed: int
    dropped: dict[str, int]
    in_flight: int
    batched: int = 0

    @property
    def miss_rate(self) -> float:
        """Missed over offered, 0 while nothing was offered."""
        return self.missed / self.offered if self.offered else 0.0


class Core:
    """Feeds the scheduler and carries out its commands; the engine supplies threads and time.

    `run(batch)` starts jobs on their lane, as one where they are several, `wake_at(t)` asks for a Tick,
    `freed(origin)` says that the last stage fed by an item of `origin` has taken or dropped it, `order(load or unload)`
    has a model loaded in the background and answers with Loaded or LoadFailed, or let go of. They are called under the
    lock: they must return at once.
    `give_way()` is called after a publication while no other item waits: readers that were woken need the interpreter
    more than the accounts of a job that is done.
    """

    def __init__(
        self,
        assembly: Assembly,
        clock: Clock,
        taps: Taps,
        *,
        run: Callable[[Batch], None],
        wake_at: Callable[[int], None],
        freed: Callable[[str], None],
        order: Callable[[Load | Unload], None],
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._taps = taps
        self._run, self._wake_at, self._freed, self._order, self._give_way = run, wake_at, freed, order, give_way
        self._lock = threading.Lock()
        self._scheduler = Scheduler(assembly.workload, assembly.policy)
        claims = Counter(stage.origin for stage in assembly.workload.stages)
        self._store = ItemStore(dict(claims))
        self._origins = frozenset(claims)
        self._is_parent = frozenset(stage.origin for stage in assembly.workload.stages if stage.chained)
        self._memories = assembly.memories
        self._points = {stage.name: stage.points for stage in assembly.workload.stages}
        self._failed: set[str] = set()
        self.freshness = Freshness(assembly.stale, clock, self.fault)
        self._said: dict[str, tuple[Announce, int]] = {}
        self._calibrated: Calibrated | None = None
        self._running: dict[int, tuple[str, Work]] = {}
        self._coming: dict[tuple[str, int], Frame | Reading | Readings | Result] = {}
        """What taps are told of, and the scheduler is about to be; by origin and seq."""
        self._windows: dict[str, list[tuple[str, Window]]] = {}
        for gathering in assembly.gatherings:
            window = Window(gathering.length, gathering.hop)
            self._windows.setdefault(gathering.sensor, []).append((gathering.origin, window))
        self._joining = Joining(assembly.joins)
        self._followed = self._is_parent | self._joining.names
        """The stages whose results are items, or are joined with some."""
        for call in taps.began:
            call(self._freeze)

    # -- what comes in -----------------------------------------------------------------------------------------

    def calibrated(self, event: Calibrated) -> None:
        """Tell the scheduler what was measured at load."""
        self._calibrated = event
        self._tell(event)

    def tick(self, event: Event) -> None:
        """Pass on an event that concerns no item; what has waited long enough for its partners goes on."""
        self._tell(event)
        self._join()

    def sense(self, event: Sensed) -> None:
        """Tell the scheduler what the situation is."""
        self._tell(event)

    def configure(self, policy: Policy) -> None:
        """Let another policy decide from now on."""
        self._tell(Configure(self._clock.now(), policy))

    def pause(self, *, on: bool) -> None:
        """Begin nothing new, or go on."""
        self._tell(Pause(self._clock.now(), on))

    def announce(self, announce: Announce) -> None:
        """Pass on what people should know."""
        self._said[announce.stage] = announce, self._clock.now()
        for call in self._taps.announced:
            call(announce)

    def frame(self, frame: Frame) -> None:
        """Take a frame that has arrived."""
        self.worked(frame.source)
        self._coming[frame.source, frame.seq] = frame
        if frame.source in self._joining.names:
            self._joining.note(frame.source, frame, Work(frame, self._clock.now()))
        for call in self._taps.captured:
            call(frame)
        self._offer(frame.source, frame)
        self._join()

    def reading(self, reading: Reading) -> None:
        """Take a reading that has arrived."""
        self.worked(reading.source)
        with self._lock:
            offered = list(self._gathered(reading))
            self._coming.update({(origin, item.seq): item for origin, item in offered})
        if reading.source in self._joining.names:
            self._joining.note(reading.source, reading, Work(reading, self._clock.now()))
        for call in self._taps.sensed:
            call(reading)
        for origin, item in offered:
            self._offer(origin, item)
        self._join()

    def done(self, job: Job, work: Work, execution: Execution) -> None:
        """Publish what a job found, or its fault, and tell the scheduler."""
        now = self._clock.now()
        item = None
        if execution.error is not None:
            self.fault(job.stage, execution.error)
            for call in self._taps.dropped:
                call(Drop(job.stage, job.origin, job.seq, "fault"))
        else:
            if self.freshness.published(job.stage, job.stamp):
                self.worked(job.stage)
            if self._taps.published or job.stage in self._followed:
                result = result_of(job, work, execution, now, self._points[job.stage][job.point])
                self._coming[job.stage, job.seq] = result
                frame = work.frame
                for call in self._taps.published:
                    call(result, frame)
                if job.stage in self._followed:
                    found = Work(work.captured, now, result)
                    self._joining.note(job.stage, result, found)
                    item = (job.stage, found) if job.stage in self._is_parent else None
            if execution.skipped is not None and execution.skipped.why == "gated":
                for call in self._taps.dropped:
                    call(Drop(job.stage, job.origin, job.seq, "gated"))
            if not self._store:
                self._give_way()
        skipped = None if execution.skipped is None else execution.skipped.why
        event = JobDone(
            self._clock.now(), job.id, execution.error is None, now, execution.steps, execution.cpu, skipped
        )
        self._tell(event, item, (job.stage, job.seq))
        self._join()

    def attach(self, tap: Tap) -> None:
        """Let a tap look on from now on, between two events. Raises what its `began` raises."""
        with self._lock:
            self._taps.add(tap)  # first: what is coming is told to it now, or found in `_coming`
            try:
                tap.began(self._freeze)
            except BaseException:
                self._taps.remove(tap)
                raise

    def detach(self, tap: Tap) -> None:
        """Let a tap look on no more: the last it is told of is one event, whole."""
        with self._lock:
            self._taps.remove(tap)

    def shut_down(self) -> None:
        """Drop whatever waits, and run nothing more."""
        self._tell(Shutdown(self._clock.now()))

    def fault(self, name: str, error: Exception) -> None:
        """Say that a source, stage or output failed, unless that is known."""
        with self._lock:
            known = name in self._failed
            self._failed.add(name)
        if not known:
            fault = Fault(name, error, self._clock.now())
            for call in self._taps.faulted:
                call(fault)

    def worked(self, name: str) -> None:
        """Say that a source, stage or output works; ends its fault."""
        if self._failed and name in self._failed:
            with self._lock:
                self._failed.discard(name)
            for call in self._taps.recovered:
                call(name)

    # -- what can be asked -------------------------------------------------------------------------------------

    @property
    def scheduler(self) -> Scheduler:
        """The scheduler itself, for who looks on while nothing else runs."""
        return self._scheduler

    def idle(self) -> bool:
        """Say whether nothing waits and nothing runs."""
        with self._lock:
            return self._scheduler.in_flight() == 0 and not self._joining.waits

    def stats(self) -> dict[str, StageStats]:
        """Return the counts of every stage at one instant."""
        with self._lock:
            stats = {}
            for name, counts in self._scheduler.counts().items():
                dropped = {str(cause): n for cause, n in counts.dropped.items()}
                in_flight = counts.ready - counts.delivered - sum(dropped.values())
                stats[name] = StageStats(
                    counts.ready,
                    counts.offered,
                    counts.delivered,
                    counts.late,
                    counts.missed,
                    dropped,
                    in_flight,
                    counts.batched,
                )
            return stats

    def plan(self, stage: str) -> Plan:
        """Return how a stage is run now, and why."""
        said = self._said.get(stage)
        with self._lock:
            return plan_of(self._scheduler, stage, said[0].why if said else "", said[1] if said else 0)

    def power(self) -> Power:
        """Return what is known of power."""
        with self._lock:
            return power_of(self._scheduler, self._clock.now())

    # -- inside ------------------------------------------------------------------------------------------------

    def _freeze(self) -> Frozen:
        """Hold everything fast; under the lock, or before the first event."""
        now = self._clock.now()
        running = {stage: job.seq for stage in self._points if (job := self._scheduler.state(stage).running)}
        return frozen(
            self._scheduler,
            self._calibrated,
            [*self._running.values(), *self._store.items()],
            [
                *((now, origin, message) for (origin, _), message in self._coming.copy().items()),
                *((now, origin, message) for origin, message in self._joining.held()),
            ],
            [each for windows in self._windows.values() for each in windows],
            {name: memory.settled(running.get(name.partition(".")[0])) for name, memory in self._memories.items()},
        )

    def _gathered(self, reading: Reading) -> Iterator[tuple[str, Reading | Readings]]:
        """Yield what a reading offers to the stages, by origin: itself, and the windows that it completes."""
        if reading.source in self._origins:
            yield reading.source, reading
        for origin, window in self._windows.get(reading.source, ()):
            full = window.push(reading)
            if full is not None:
                yield origin, full

    def _join(self) -> None:
        """Offer the items whose partners are there, or not waited for any more."""
        if self._joining.names:
            self._joining.settle(self._clock.now(), self._offer_joined, self._wake_at)

    def _offer_joined(self, origin: str, work: Work, complete: bool) -> None:
        assert work.joined is not None
        now = self._clock.now()
        event: Event = Unpaired(now, origin, work.seq, work.stamp)
        if complete:
            event = FrameReady(now, origin, work.seq, work.stamp, work.joined.names)
        self._tell(event, (origin, work))

    def _offer(self, origin: str, captured: Frame | Reading | Readings) -> None:
        now = self._clock.now()
        event = FrameReady(now, origin, captured.seq, captured.stamp)
        self._tell(event, (origin, Work(captured, now)), (origin, captured.seq))

    def _tell(self, event: Event, item: tuple[str, Work] | None = None, told: tuple[str, int] | None = None) -> None:
        """Give the scheduler an event, and the item that comes with it; `told` was coming and is no more."""
        with self._lock:
            if told is not None:
                self._coming.pop(told, None)
            if isinstance(event, JobDone):
                self._running.pop(event.job, None)
            if item is not None:
                origin, work = item
                self._store.hold(origin, work.seq, work)
            commands = self._scheduler.handle(event)
            for command in commands:
                self._carry_out(command)
            for decided in self._taps.decided:
                decided(event, commands)
        for command in commands:
            if isinstance(command, Drop):
                for call in self._taps.dropped:
                    call(command)
            elif isinstance(command, Announce):
                self.announce(command)

    def _carry_out(self, command: Command) -> None:
        """Do what the scheduler wants done under the lock."""
        if isinstance(command, Run):
            batch = tuple([(job, self._release(job.origin, job.seq)) for job in command.jobs])
            for job, work in batch:
                self._running[job.id] = job.origin, work
            self._run(batch)
        elif isinstance(command, Drop):
            self._release(command.origin, command.seq)
        elif isinstance(command, Load | Unload):
            self._order(command)
        elif isinstance(command, WakeAt):
            self._wake_at(command.t)

    def _release(self, origin: str, seq: int) -> Work:
        work, last = self._store.release(origin, seq)
        if last:
            self._freed(origin)
        return work
