"""The scheduler: events in, commands out, no clock, no thread, no device.

Non-preemptive earliest deadline first on each lane; one newest-wins slot a stage; work that is predicted to end late is
dropped before it starts, as long as a fresher item could be in time; every dropped item has a cause.
"""

from __future__ import annotations

from math import exp

from edgeai.schedule.batch import Batches
from edgeai.schedule.commands import Announce, Cause, Command, Drop, Job, Run
from edgeai.schedule.events import (
    Calibrated,
    Configure,
    Event,
    FrameReady,
    JobDone,
    Loaded,
    LoadFailed,
    Pause,
    Sensed,
    Shutdown,
    Unpaired,
)
from edgeai.schedule.planner import Planner
from edgeai.schedule.policy import Policy
from edgeai.schedule.shape import Z90, Z99
from edgeai.schedule.stage import Counts, StageState, Waiting
from edgeai.schedule.workload import Workload

__all__ = ["Scheduler"]

PATIENCE = 3
"""After so many items in a row dropped late, the next one runs all the same: a stage that never runs is never measured,
and one whose lane is always busy when its items are fresh would never run at all."""

WAITED = 1_000_000
"""ns: an item that starts within a millisecond of its arrival has all the time the plan counted on."""


class Scheduler:
    """Decides what runs when. Call `handle` under one lock, in the order of time."""

    def __init__(self, workload: Workload, policy: Policy) -> None:
        self._stages = {load.name: StageState(load, i) for i, load in enumerate(workload.stages)}
        self.planner = Planner(
            tuple(self._stages.values()), policy, workload.lanes, workload.memory if workload.limited else None
        )
        self._all = tuple(self._stages.values())
        self._fed: dict[tuple[str, bool], tuple[StageState, ...]] = {}
        """By origin, and whether that is a stage: a source may bear the name of the stage it feeds."""
        for state in self._stages.values():
            key = state.load.origin, state.load.chained
            self._fed[key] = (*self._fed.get(key, ()), state)
        self._lanes: list[Job | None] = [None] * workload.lanes
        self._aboard: tuple[Job, ...] = ()
        """The jobs that run beside those of `_lanes`, on the same lanes."""
        self.batches = Batches()
        """What may run together."""
        self.paused = False
        self._next_job = 0
        self._open = True
        self.planner.replan(0)

    def handle(self, event: Event) -> list[Command]:
        """Return the commands that follow from an event."""
        commands: list[Command] = []
        if isinstance(event, FrameReady):
            self._offer((event.source, False), event.seq, event.stamp, event.t, commands)
        elif isinstance(event, JobDone):
            self._finish(event, commands)
        elif isinstance(event, Unpaired):
            for state in self._fed.get((event.source, False), ()):
                state.counts.ready += 1
                self._drop(state, Waiting(event.source, event.seq, event.stamp, event.t), "unpaired", commands)
        elif isinstance(event, Calibrated):
            self.batches = Batches(event.batchings)
            self.planner.calibrate(event)
        elif isinstance(event, Sensed):
            self.planner.sense(event)
        elif isinstance(event, Configure):
            self.planner.configure(event)
        elif isinstance(event, Loaded | LoadFailed):
            self.planner.load_ended(event)
        elif isinstance(event, Pause):
            self._pause(event.on, commands)
        elif isinstance(event, Shutdown):
            self._shut_down(commands)
        if self._open and not self.paused and None in self._lanes:
            self._dispatch(event.t, commands)
        if self.planner.notes:
            commands += self.planner.notes
            self.planner.notes.clear()
        return commands

    def counts(self) -> dict[str, Counts]:
        """Return what became of each stage's items so far; live objects, to be read under the caller's lock."""
        return {name: state.counts for name, state in self._stages.items()}

    def state(self, stage: str) -> StageState:
        """Return what is remembered of a stage; a live object, to be read under the caller's lock."""
        return self._stages[stage]

    def in_flight(self) -> int:
        """Return how many items wait or run."""
        return [item is not None for s in self._all for item in (s.waiting, s.running)].count(True)

    def pending(self) -> tuple[tuple[str, int], ...]:
        """Return the items (origin, seq) that wait or run."""
        items = [item for s in self._all for item in (s.waiting, s.running) if item is not None]
        return tuple(dict.fromkeys((item.origin, item.seq) for item in items))

    # -- events ------------------------------------------------------------------------------------------------

    def _offer(self, origin: tuple[str, bool], seq: int, stamp: int, t: int, commands: list[Command]) -> None:
        """Put an item into the slot of every stage it feeds."""
        for state in self._fed.get(origin, ()):
            state.counts.ready += 1
            state.note_transit(t - stamp)
            item = Waiting(origin[0], seq, stamp, t)
            if not self._open:
                self._drop(state, item, "shutdown", commands)
            elif self.paused and not state.load.lossless:
                self._drop(state, item, "paused", commands)
            elif not self._is_due(state, stamp):
                self._drop(state, item, "rate", commands)
            else:
                state.counts.offered += 1
                if state.waiting is not None:
                    self._miss(state, state.waiting, "superseded", commands)
                state.waiting = item

    def _is_due(self, state: StageState, stamp: int) -> bool:
        """Say whether an item is due at the rate chosen; what is chained or lossless takes all."""
        if state.load.lossless:
            return True
        if not state.load.chained and not state.gate.takes(stamp):
            return False
        state.note_due(stamp)
        return state.mixer.due()

    def _finish(self, event: JobDone, commands: list[Command]) -> None:
        job = self._take_off(event.job)
        state = self._stages[job.stage]
        state.ran(event.t)
        state.running = None
        if not event.ok:
            state.counts.missed += 1
            state.counts.dropped["fault"] += 1  # no Drop: the item was handed over with Run
            state.settle(self.planner.aim, None)
            return
        looked = event.skipped is None
        changed = looked and state.model.observe(job.point, round(event.wall / state.stretch), state.slack())
        late = job.deadline is not None and event.published > job.deadline
        state.settle(self.planner.aim, None if late else job.point, looked)
        if event.skipped == "gated":
            state.counts.dropped["gated"] += 1  # no Drop, as above; a result that is carried forward was published
        else:
            state.counts.delivered += 1
        if late:
            state.counts.late += 1
            state.counts.missed += 1
        self.planner.after_run(state, event.t, changed)
        self._offer((job.stage, True), job.seq, job.stamp, event.published, commands)

    def _take_off(self, number: int) -> Job:
        """Return the job of that number, which ended; its lane stays busy while another of the same run is on it."""
        aboard = self._aboard
        for job in (*self._lanes, *aboard) if aboard else self._lanes:
            if job is not None and job.id == number:
                break
        else:
            raise ValueError(f"job {number} is not running")
        if not aboard:
            self._lanes[job.lane] = None
            return job
        left: Job | None = job
        if self._lanes[job.lane] is job:
            left = self._lanes[job.lane] = next((other for other in aboard if other.lane == job.lane), None)
        self._aboard = tuple(other for other in aboard if other is not left)
        return job

    def _pause(self, on: bool, commands: list[Command]) -> None:
        self.paused = on
        for state in self._all:
            state.forget_due()
            if on and not state.load.lossless:
                self._let_go(state, "paused", commands)

    def _shut_down(self, commands: list[Command]) -> None:
        self._open = False
        for state in self._all:
            self._let_go(state, "shutdown", commands)

    def _let_go(self, state: StageState, cause: Cause, commands: list[Command]) -> None:
        """Drop what waits, without a miss: nobody wants it any more."""
        if state.waiting is not None:
            self._drop(state, state.waiting, cause, commands)
            state.waiting = None

    # -- dispatch ----------------------------------------------------------------------------------------------

    def _dispatch(self, t: int, commands: list[Command]) -> None:
        """Fill the idle lanes, earliest deadline first."""
        for lane, busy in enumerate(self._lanes):
            while busy is None:
                state = self._most_urgent()
                if state is None:
                    return
                item = state.waiting
                assert item is not None
                state.waiting = None
                point = self._point(state, item, t)
                if self._too_late(state, item, point, t, commands):
                    self._miss(state, item, "late", commands)
                    continue
                self._lanes[lane] = busy = self._start(state, item, point, lane, t)
                commands.append(Run(busy, self._company(state, busy, t) if self.batches.groups else ()))

    def _most_urgent(self) -> StageState | None:
        """Return the stage whose waiting item has the earliest deadline, of those that may run."""
        best, earliest = None, 0
        for state in self._all:
            item = state.waiting
            if item is None or state.running is not None or self._held_back(state):
                continue
            due = item.stamp + state.allowance
            if best is None or due < earliest:
                best, earliest = state, due
        return best

    def _company(self, lead: StageState, job: Job, t: int) -> tuple[Job, ...]:
        """Start the jobs that run together with one that has just begun."""
        ready = [state for state in self._all if self._may_run(state)]
        room = len(ready) - self._lanes.count(None)  # an idle lane is better company
        mates, stretch = self.batches.company(lead, job.point, ready, room, t)
        jobs = []
        for state, point in mates:
            item, state.waiting = state.waiting, None
            assert item is not None
            state.late_in_a_row = 0
            jobs.append(self._start(state, item, state.mixer.pick(point), job.lane, t))
        for state in (lead, *(mate for mate, _ in mates)):
            state.join(1 + len(mates), stretch)
        self._aboard += tuple(jobs)
        return tuple(jobs)

    def _may_run(self, state: StageState) -> bool:
        return state.waiting is not None and state.running is None and not self._held_back(state)

    def _held_back(self, state: StageState) -> bool:
        """A stage waits for its first point; a lossless one until the stages behind it have room for its result."""
        return not state.resident or (
            state.load.lossless
            and any(child.waiting is not None for child in self._fed.get((state.load.name, True), ()))
        )

    def _point(self, state: StageState, item: Waiting, t: int) -> int:
        """Take the point whose turn it is, or the best still in time.

        That is where the item has waited longer than the plan counted on, or where the last runs make a slowdown
        likely: the alarm would come one or two missed items later.
        """
        point, model, aim = state.mixer.pick(), state.model, self.planner.aim
        deadline = state.load.deadline
        if deadline is None or state.load.lossless or aim is None:
            return point
        slower = model.change.suspected() if model.change.evidence else 0.0
        if not slower and t - item.ready < WAITED:
            return point
        left, score = item.stamp + deadline - t, Z99
        if slower:
            left, score = round(left * exp(-slower)), Z90
        if model.within(point, score) <= left:
            return point
        quicker = [other for other in state.resident if model.within(other, score) <= left]
        if not quicker:
            return min((other for other, _ in state.mixer.shares), key=model.expected)
        return max(quicker, key=lambda other: (state.load.points[other].accuracy, -model.expected(other)))

    def _too_late(self, state: StageState, item: Waiting, point: int, t: int, commands: list[Command]) -> bool:
        deadline = state.load.deadline
        if deadline is None or state.load.lossless:
            return False
        expected = state.model.expected(point)
        if expected + state.transit > deadline:
            if not state.infeasible:
                state.infeasible = True
                why = f"{state.load.points[point].variant or state.load.name} takes {expected / 1e6:.1f} ms"
                why += f" and the deadline is {deadline / 1e6:g} ms: results are late rather than none"
                commands.append(Announce(state.load.name, "infeasible", why))
            return False
        if state.infeasible:
            state.infeasible = False
            commands.append(Announce(state.load.name, "feasible", "results are in time again"))
        late = t + expected > item.stamp + deadline and state.late_in_a_row < PATIENCE
        state.late_in_a_row = state.late_in_a_row + 1 if late else 0
        return late

    def _start(self, state: StageState, item: Waiting, point: int, lane: int, t: int) -> Job:
        deadline = None if state.load.deadline is None or state.load.lossless else item.stamp + state.load.deadline
        job = Job(self._next_job, state.load.name, item.origin, item.seq, item.stamp, point, lane, deadline)
        self._next_job += 1
        state.running = job
        state.started = t
        state.aboard, state.stretch = 1, 1.0
        state.guard.note(t - item.ready)
        return job

    def _miss(self, state: StageState, item: Waiting, cause: Cause, commands: list[Command]) -> None:
        state.counts.missed += 1
        state.settle(self.planner.aim, None)
        self._drop(state, item, cause, commands)

    def _drop(self, state: StageState, item: Waiting, cause: Cause, commands: list[Command]) -> None:
        state.counts.dropped[cause] += 1
        commands.append(Drop(state.load.name, item.origin, item.seq, cause))
