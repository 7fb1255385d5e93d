"""Perception again, with the decisions that were taken: every job that ran runs once more, on the same item."""

from __future__ import annotations

from collections import OrderedDict

from edgeai.assemble import assemble
from edgeai.clock import VirtualClock
from edgeai.errors import RecordingError
from edgeai.graph import Graph
from edgeai.messages import Frame, Reading, Readings, Result
from edgeai.perception.synchronisation import Joined
from edgeai.perception.window import Window
from edgeai.recording.notes import Decision
from edgeai.recording.reader import Recording
from edgeai.replay.past import policy_of
from edgeai.runtime.assembly import Assembly
from edgeai.runtime.joining import Join
from edgeai.runtime.program import Execution, Work, execute
from edgeai.runtime.results import result_of
from edgeai.schedule.commands import Job, Run
from edgeai.schedule.events import FrameReady, JobDone
from edgeai.schedule.snapshot import restore

__all__ = ["Rerun", "rerun"]

_KEPT = 64
"""Items of an origin that are kept for the decision about them: a slot holds one, and a lane works on one."""

_READINGS = 4096
"""The same of readings, which are small and may be joined with a frame a second later."""


class Rerun:
    """Runs what a recording's decisions say. `results` are in the order of publication.

    missing: jobs whose item is not in the recording; failed: jobs that raise now, with their errors.
    """

    def __init__(self, assembly: Assembly, recording: Recording, clock: VirtualClock) -> None:
        self.results: list[Result] = []
        self.missing: list[Job] = []
        self.failed: list[tuple[Job, Exception]] = []
        self._clock = clock
        self._recorded = {load.name: load.points for load in recording.header.workload.stages}
        self._programs = assembly.programs
        self._points = {
            (load.name, point.variant): index
            for load in reversed(assembly.workload.stages)
            for index, point in reversed(list(enumerate(load.points)))
        }
        self._require_points(recording)
        self._items: dict[str, OrderedDict[int, Work]] = {}
        self._joins = {join.origin: join for join in assembly.joins}
        self._partners = {partner.name for join in assembly.joins for partner in join.partners}
        self._partners |= {join.lead for join in assembly.joins}
        self._windows = [(g.sensor, g.origin, Window(g.length, g.hop)) for g in assembly.gatherings]
        self._running: dict[int, tuple[Job, Work, Execution]] = {}
        self._begun = _in_flight(recording)
        for name, memory in assembly.memories.items():
            if name in recording.opening.memories:
                memory.restore(recording.opening.memories[name])
        self._pending = frozenset(recording.opening.pending)
        for origin, full in recording.opening.windows:
            self._hold(origin, full.seq, Work(full, clock.now()))
        self._gathered = {origin: readings[-1].seq for origin, _, readings in recording.opening.gathered if readings}
        for origin, since, readings in recording.opening.gathered:
            for _, _, window in (mine for mine in self._windows if mine[1] == origin):
                window.resume(since, readings)

    def captured(self, message: Frame | Reading, t: int) -> None:
        """Hold what arrived at time t (ns)."""
        self._hold(message.source, message.seq, Work(message, t))
        for sensor, origin, window in self._windows:
            if not isinstance(message, Reading) or message.source != sensor:
                continue
            if message.seq > self._gathered.get(origin, -1):
                full: Readings | None = window.push(message)
                if full is not None:
                    self._hold(origin, full.seq, Work(full, t))

    def published(self, result: Result, t: int) -> None:
        """Hold a result that waited for another stage, or may be joined with others, when the file began."""
        waited = result.stream in self._partners and result.seq not in self._items.get(result.stream, ())
        if waited or (result.stream, result.seq) in self._pending:
            (source, seq), *_ = result.inputs
            works = (work for items in self._items.values() for work in items.values())
            found = (w.captured for w in works if (w.captured.source, w.captured.seq) == (source, seq))
            if (captured := next(found, None)) is not None:
                self._hold(result.stream, result.seq, Work(captured, t, result))

    def decided(self, decision: Decision) -> None:
        """Publish the job that ended, and run those that began, before it those that ran when the file was opened."""
        while self._begun:
            self._run(self._begun.pop(0))
        event = decision.event
        if isinstance(event, JobDone) and event.job in self._running:
            self._publish(event, *self._running.pop(event.job))
        elif isinstance(event, FrameReady) and event.source in self._joins:
            self._join(event, self._joins[event.source])
        for command in decision.commands:
            if isinstance(command, Run):
                for job in command.jobs:
                    self._run(job)

    def _join(self, event: FrameReady, join: Join) -> None:
        """Hold an item joined with the very messages that it was joined with then."""
        lead = self._items.get(join.lead, OrderedDict()).get(event.seq)
        works = [(name, self._items.get(name, OrderedDict()).get(seq)) for name, seq in event.partners]
        if lead is None or any(work is None for _, work in works):
            return  # the job on it is missing
        found = tuple(
            tuple(work.message for name, work in works if work is not None and name == partner.name)
            for partner in join.partners
        )
        self._hold(event.source, event.seq, lead._replace(joined=Joined(event.t, event.stamp, found)))

    def _run(self, job: Job) -> None:
        work = self._items.get(job.origin, OrderedDict()).get(job.seq)
        if work is None:
            self.missing.append(job)
            return
        variant = self._recorded[job.stage][job.point].variant
        ours = job._replace(point=self._points[job.stage, variant])
        self._running[job.id] = job, work, execute(self._programs.of(ours), work, self._clock)

    def _publish(self, event: JobDone, job: Job, work: Work, execution: Execution) -> None:
        if not event.ok:
            return
        if execution.error is not None:
            self.failed.append((job, execution.error))
            return
        timed = execution._replace(began=event.t - event.wall, steps=event.steps, cpu=event.cpu)
        result = result_of(job, work, timed, event.published, self._recorded[job.stage][job.point])
        self.results.append(result)
        self._hold(job.stage, job.seq, Work(work.captured, event.published, result))

    def _hold(self, origin: str, seq: int, work: Work) -> None:
        items = self._items.setdefault(origin, OrderedDict())
        items[seq] = work
        if len(items) > (_KEPT if isinstance(work.captured, Frame) else _READINGS):
            items.popitem(last=False)

    def _require_points(self, recording: Recording) -> None:
        for stage, points in self._recorded.items():
            for point in points:
                if (stage, point.variant) not in self._points:
                    raise RecordingError(
                        f"the graph has no {point.variant} in a stage {stage}, which ran in {recording.path}: the "
                        "decisions that were taken do not fit; use --mode lossless or recompute"
                    )


def _in_flight(recording: Recording) -> list[Job]:
    """Return the jobs that ran when the file was opened, in the order in which they began."""
    scheduler = restore(recording.opening.scheduler, policy_of)
    running = (scheduler.state(load.name).running for load in recording.header.workload.stages)
    return sorted((job for job in running if job is not None), key=lambda job: job.id)


def rerun(graph: Graph, recording: Recording) -> Rerun:
    """Run all jobs of a recording again. graph: with the ladder that was recorded. Raises EdgeAIError."""
    clock = VirtualClock(recording.opening.t)
    player = Rerun(assemble(graph, clock, measure=False).assembly, recording, clock)
    for record in recording.records(policies=policy_of):
        if isinstance(record.value, Frame | Reading):
            player.captured(record.value, record.t)
        elif isinstance(record.value, Result):
            player.published(record.value, record.t)
        elif isinstance(record.value, Decision):
            player.decided(record.value)
    return player
