"""A recording driven through a pipeline on the lock-step engine: each frame, or another schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from edgeai.assemble import assemble
from edgeai.clock import VirtualClock
from edgeai.graph import Graph
from edgeai.messages import Frame, Result
from edgeai.power.boards import Board
from edgeai.recording.notes import Decision
from edgeai.recording.reader import Recording
from edgeai.replay.durations import RecordedDurations
from edgeai.runtime.core import StageStats
from edgeai.runtime.disturbance import Disturbance
from edgeai.runtime.lockstep import LockstepEngine
from edgeai.runtime.taps import Fault, Tap
from edgeai.schedule.commands import Command, Job
from edgeai.schedule.events import Event
from edgeai.schedule.workload import Workload

__all__ = ["Driven", "drive"]


@dataclass(slots=True)
class Driven(Tap):
    """What came out: results, decisions, faults in the order of time, and the counts of each stage."""

    results: list[Result] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    stats: dict[str, StageStats] = field(default_factory=dict)
    joules: float = 0.0
    seconds: float = 0.0
    workload: Workload = Workload(())  # noqa: RUF009 - frozen
    unknown: tuple[str, ...] = ()
    """Variants whose durations are assumed: they did not run when it was recorded."""

    def published(self, result: Result, frame: Frame | None) -> None:
        """Keep a result."""
        self.results.append(result)

    def decided(self, event: Event, commands: Sequence[Command]) -> None:
        """Keep a decision."""
        self.decisions.append(Decision(event, tuple(commands)))

    def faulted(self, fault: Fault) -> None:
        """Keep a fault."""
        self.faults.append(fault)


def drive(
    graph: Graph,
    recording: Recording,
    durations: RecordedDurations,
    board: Board,
    *,
    told: Sequence[Event] = (),
    disturb: Disturbance | None = None,
    taps: Sequence[Tap] = (),
    until: int | None = None,
) -> Driven:
    """Run a graph whose sources are a recording's to the recording's end; nothing waits for real time.

    until: when the recording ends (ns), None to wait for the last result: what is under way then is dropped.

    told: what the scheduler was told from outside: heat, throttling and battery, pauses, other policies. disturb:
    faults, whose time begins with the recording. Raises EdgeAIError.
    """
    clock = VirtualClock(recording.opening.t)
    assembly = assemble(graph, clock, measure=False, disturb=disturb).assembly
    workload: Workload = assembly.workload
    driven = Driven(workload=workload, unknown=durations.unknown(workload))

    def duration(job: Job) -> int:
        slower = 1.0 if disturb is None else disturb.slowdown(job.stage, clock.now())
        return round(durations.of(job, workload) * slower)

    engine = LockstepEngine(assembly, clock, [driven, *taps], duration)
    try:
        profiles, batchings = durations.profiles(workload, board), durations.batched(workload)
        engine.calibrate(profiles, board.idle.value, board.core.value, batchings)
        if disturb is not None:
            disturb.begin(clock, (*graph.cameras, *graph.sensors, *graph.stages, *graph.outputs))
        engine.start()
        for event in told:
            engine.at(event.t, lambda event=event: engine.core.tick(event))  # type: ignore[misc]
        if until is not None:
            engine.run_until(until)
        while until is None and engine.step():
            pass
        driven.stats = engine.stats()
        driven.joules = engine.core.power().joules
        driven.seconds = (clock.now() - recording.opening.t) * 1e-9
    finally:
        engine.stop()
    return driven
