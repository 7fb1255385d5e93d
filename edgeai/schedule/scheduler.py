"""The scheduler: events in, commands out, no clock, no thread, no device.

Non-preemptive earliest deadline first on each lane; one newest-wins slot a stage; work that is predicted to end late is
dropped before it starts, as long as a fresher item could be in time; every dropped item has a cause.
"""

from __future__ import annotations

from collections.abc import Iterable

from edgeai.schedule.commands import Announce, Cause, Command, Drop, Job, Run
from edgeai.schedule.events import Calibrated, Event, FrameReady, JobDone, Shutdown
from edgeai.schedule.policy import Policy, Situation
from edgeai.schedule.stage import Counts, StageState, Waiting
from edgeai.schedule.workload import Workload

__all__ = ["Scheduler"]

PATIENCE = 3
"""After so many items in a row dropped late, the next one runs all the same: a stage that never runs is never measured,
and one whose lane is always busy when its items are fresh would never run at all."""


class Scheduler:
    """Decides what runs when. Call `handle` under one lock, in the order of time."""

    def __init__(self, workload: Workload, policy: Policy) -> None:
        self._policy = policy
        self._stages = {load.name: StageState(load) for load in workload.stages}
        self._fed: dict[str, tuple[StageState, ...]] = {}
        for state in self._stages.values():
            self._fed[state.load.origin] = (*self._fed.get(state.load.origin, ()), state)
        self._lanes: list[Job | None] = [None] * workload.lanes
        self._next_job = 0
        self._open = True
        self._replan()

    def handle(self, event: Event) -> list[Command]:
        """Return the commands that follow from an event."""
        commands: list[Command] = []
        if isinstance(event, FrameReady):
            self._offer(event.source, event.seq, event.stamp, event.t, commands)
        elif isinstance(event, JobDone):
            self._finish(event, commands)
        elif isinstance(event, Calibrated):
            self._calibrate(event)
        elif isinstance(event, Shutdown):
            self._shut_down(commands)
        if self._open and None in self._lanes:
            self._dispatch(event.t, commands)
        return commands

    def counts(self) -> dict[str, Counts]:
        """Return what became of each stage's items so far; live objects, to be read under the caller's lock."""
        return {name: state.counts for name, state in self._stages.items()}

    def in_flight(self) -> int:
        """Return how many items wait or run."""
        return sum((s.waiting is not None) + (s.running is not None) for s in self._stages.values())

    # -- events ------------------------------------------------------------------------------------------------

    def _offer(self, origin: str, seq: int, stamp: int, t: int, commands: list[Command]) -> None:
        """Put an item into the slot of every stage it feeds."""
        for state in self._fed.get(origin, ()):
            state.counts.ready += 1
            state.note_transit(t - stamp)
            item = Waiting(origin, seq, stamp, t)
            if not self._open:
                self._drop(state, item, "shutdown", commands)
            elif not state.load.chained and not state.load.lossless and not state.gate.takes(stamp):
                self._drop(state, item, "rate", commands)
            else:
                state.counts.offered += 1
                if state.waiting is not None:
                    self._miss(state, state.waiting, "superseded", commands)
                state.waiting = item

    def _finish(self, event: JobDone, commands: list[Command]) -> None:
        lane, job = next((i, job) for i, job in enumerate(self._lanes) if job is not None and job.id == event.job)
        self._lanes[lane] = None
        state = self._stages[job.stage]
        state.running = None
        state.estimates[job.point].observe(event.wall)
        if not event.ok:
            state.counts.missed += 1
            state.counts.dropped["fault"] += 1  # no Drop: the item was handed over with Run
            return
        state.counts.delivered += 1
        if job.deadline is not None and event.published > job.deadline:
            state.counts.late += 1
            state.counts.missed += 1
        self._offer(job.stage, job.seq, job.stamp, event.published, commands)

    def _calibrate(self, event: Calibrated) -> None:
        for profile in event.profiles:
            self._stages[profile.stage].estimates[profile.point].start(profile.p50)
        self._replan()

    def _shut_down(self, commands: list[Command]) -> None:
        self._open = False
        for state in self._stages.values():
            if state.waiting is not None:
                self._drop(state, state.waiting, "shutdown", commands)
                state.waiting = None

    def _replan(self) -> None:
        durations = {
            (name, point): estimate.predict()
            for name, state in self._stages.items()
            for point, estimate in enumerate(state.estimates)
        }
        situation = Situation(tuple(state.load for state in self._stages.values()), durations)
        for name, choice in self._policy.choose(situation).items():
            self._stages[name].adopt(choice)

    # -- dispatch ----------------------------------------------------------------------------------------------

    def _dispatch(self, t: int, commands: list[Command]) -> None:
        """Fill the idle lanes, earliest deadline first."""
        for lane, busy in enumerate(self._lanes):
            while busy is None:
                state = min(self._runnable(), key=StageState.urgency, default=None)
                if state is None:
                    return
                item = state.waiting
                assert item is not None
                state.waiting = None
                if self._too_late(state, item, t, commands):
                    self._miss(state, item, "late", commands)
                    continue
                busy = self._start(state, item, lane)
                commands.append(Run(busy))

    def _runnable(self) -> Iterable[StageState]:
        return (
            state
            for state in self._stages.values()
            if state.waiting is not None and state.running is None and not self._held_back(state)
        )

    def _held_back(self, state: StageState) -> bool:
        """A lossless stage waits until the stages behind it have room for its result."""
        return state.load.lossless and any(child.waiting is not None for child in self._fed.get(state.load.name, ()))

    def _too_late(self, state: StageState, item: Waiting, t: int, commands: list[Command]) -> bool:
        deadline = state.load.deadline
        if deadline is None or state.load.lossless:
            return False
        expected = state.predict()
        if expected + state.transit > deadline:
            if not state.infeasible:
                state.infeasible = True
                why = (
                    f"{state.load.points[state.choice.point].variant or state.load.name} takes {expected / 1e6:.1f} ms"
                )
                why += f" and the deadline is {deadline / 1e6:g} ms: results are late rather than none"
                commands.append(Announce(state.load.name, "infeasible", why))
            return False
        if state.infeasible:
            state.infeasible = False
            commands.append(Announce(state.load.name, "feasible", "results are in time again"))
        late = t + expected > item.stamp + deadline and state.late_in_a_row < PATIENCE
        state.late_in_a_row = state.late_in_a_row + 1 if late else 0
        return late

    def _start(self, state: StageState, item: Waiting, lane: int) -> Job:
        deadline = None if state.load.deadline is None or state.load.lossless else item.stamp + state.load.deadline
        job = Job(
            self._next_job, state.load.name, item.origin, item.seq, item.stamp, state.choice.point, lane, deadline
        )
        self._next_job += 1
        self._lanes[lane] = job
        state.running = job
        return job

    def _miss(self, state: StageState, item: Waiting, cause: Cause, commands: list[Command]) -> None:
        state.counts.missed += 1
        self._drop(state, item, cause, commands)

    def _drop(self, state: StageState, item: Waiting, cause: Cause, commands: list[Command]) -> None:
        state.counts.dropped[cause] += 1
        commands.append(Drop(state.load.name, item.origin, item.seq, cause))
