"""The bench's simulation: the product's own engine in virtual time, over what really happens on a board."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from truth import BUSY, IDLE, Variant

from edgeai.clock import VirtualClock
from edgeai.runtime.assembly import Assembly
from edgeai.runtime.lockstep import LockstepEngine
from edgeai.runtime.taps import Tap
from edgeai.schedule.commands import Announce, Drop, Job
from edgeai.schedule.events import JobDone, Profile, Sensed
from edgeai.schedule.policy import Policy
from edgeai.schedule.scheduler import Scheduler
from edgeai.schedule.workload import OperatingPoint, StageLoad, Workload
from edgeai.workbench.world.camera import SimulatedCamera
from edgeai.workbench.world.meter import Meter
from edgeai.workbench.world.slowdown import CELL
from edgeai.workbench.world.world import Truth, World

MS = 1_000_000
METER = 200 * MS
"""Interval of the simulated meter, which errs by 1 % (normal) and counts in 10 mW."""
SETTLE = 2_000 * MS
"""ns after the last frame in which what runs may end."""


@dataclass
class Stream:
    """A stage of the bench: its ladder as it is, and as the scheduler is told."""

    name: str
    variants: tuple[Variant, ...]
    profiles: list[tuple[int, ...]]
    deadline_ms: float
    fps: float = 10.0
    weight: float = 1.0
    rate_min: float | None = 10.0
    phase_ms: float = 0.0

    def load(self) -> StageLoad:
        points = tuple(OperatingPoint(v.name, 1, v.accuracy) for v in self.variants)
        deadline = round(self.deadline_ms * MS)
        return StageLoad(
            self.name,
            f"{self.name}.camera",
            points,
            deadline=deadline,
            rate_min=self.rate_min,
            rate_max=self.fps,
            weight=self.weight,
        )


@dataclass
class Log:
    """What came of each frame of a stream: score (accuracy on time, else 0), and why."""

    score: np.ndarray
    missed: np.ndarray
    offered: np.ndarray
    point: np.ndarray
    mu: np.ndarray
    busy: np.ndarray


@dataclass
class Outcome:
    """A run: a log a stream, joules above idle of every 100 ms, and the switches between points."""

    logs: dict[str, Log]
    joules: np.ndarray
    switches: int
    announced: list[Announce] = field(default_factory=list)
    scheduler: Scheduler | None = None


class Recorder(Tap):
    """Notes what becomes of every frame."""

    def __init__(self, streams: list[Stream], counts: dict[str, int], watch: Callable[[Scheduler, int], None] | None):
        self.logs = {
            name: Log(*(np.zeros(count, dtype) for dtype in (float, bool, bool, int, float, float)))
            for name, count in counts.items()
        }
        for log in self.logs.values():
            log.point[:] = -1
        self.announced: list[Announce] = []
        self.scheduler: Scheduler | None = None
        self.runs: list[tuple[int, int, float]] = []
        self._variants = {stream.name: stream.variants for stream in streams}
        self._running: dict[int, tuple[Job, int]] = {}
        self._watch = watch

    def ran(self, job: Job, began: int, ended: int) -> None:
        self._running[job.id] = job, ended - began
        self.runs.append((began, ended, self._variants[job.stage][job.point].watts))

    def decided(self, event, commands) -> None:
        if isinstance(event, JobDone):
            self._done(event)
        for command in commands:
            if isinstance(command, Announce):
                self.announced.append(command)
            elif isinstance(command, Drop) and command.cause not in ("rate", "shutdown"):
                log = self.logs[command.stage]
                log.offered[command.seq] = log.missed[command.seq] = True

    def _done(self, event: JobDone) -> None:
        job, duration = self._running.pop(event.job)
        log = self.logs[job.stage]
        late = event.t > job.deadline
        log.offered[job.seq] = True
        log.missed[job.seq] = late
        log.score[job.seq] = 0.0 if late else self._variants[job.stage][job.point].accuracy
        log.point[job.seq] = job.point
        log.busy[job.seq] = duration
        log.mu[job.seq] = self.scheduler.state(job.stage).model.mu
        if self._watch is not None:
            self._watch(self.scheduler, job.seq)


def simulate(
    streams: list[Stream],
    slow: list[float],
    policy: Policy,
    seed: int,
    *,
    lanes: int = 1,
    metered: bool = True,
    tweak: Callable[[Scheduler], None] | None = None,
    watch: Callable[[Scheduler, int], None] | None = None,
) -> Outcome:
    """Run the engine on `len(slow)` periods of 100 ms; slow[k] multiplies durations in the k-th."""
    n = len(slow)
    counts = {stream.name: round(n * stream.fps / 10) for stream in streams}
    noise = np.random.default_rng(seed)
    scores = {name: noise.standard_normal(count).tolist() for name, count in counts.items()}
    recorder = Recorder(streams, counts, watch)
    clock = VirtualClock()
    truths = {(s.name, i): Truth(v.durations, v.watts) for s in streams for i, v in enumerate(s.variants)}
    world = World(clock, truths, {name: row.__getitem__ for name, row in scores.items()}, slow, recorder.ran)
    cameras = tuple(
        SimulatedCamera(f"{s.name}.camera", s.fps, round(s.phase_ms * MS), frames=counts[s.name]) for s in streams
    )
    workload = Workload(tuple(stream.load() for stream in streams), lanes)
    programs = {(s.name, i, lane): () for s in streams for i in range(len(s.variants)) for lane in range(lanes)}
    engine = LockstepEngine(Assembly(cameras, (), (), workload, policy, programs), clock, [recorder], world.duration)
    recorder.scheduler = engine.scheduler
    if tweak is not None:
        tweak(engine.scheduler)
    engine.calibrate(
        tuple(Profile(s.name, i, q[0], q[3], q[1], q[2], q[4]) for s in streams for i, q in enumerate(s.profiles)),
        IDLE,
        BUSY,
    )
    meter = Meter(random.Random(seed + 1))

    def sense() -> None:
        t = clock.now()
        if t <= n * CELL:
            engine.sense(Sensed(t, watts=meter.read(IDLE + world.settle(t) / (METER * 1e-9))))

    if metered:
        engine.every(METER, sense)
    engine.start()
    engine.run_until(n * CELL + SETTLE)
    scheduler = engine.scheduler
    switches = sum(scheduler.state(stream.name).mixer.switches for stream in streams)
    return Outcome(recorder.logs, _joules(recorder.runs, n), switches, recorder.announced, scheduler)


def _joules(runs: list[tuple[int, int, float]], cells: int) -> np.ndarray:
    """Return the joules above idle of each cell."""
    joules = np.zeros(cells)
    for began, ended, watts in runs:
        at = began
        while at < ended:
            cell = at // CELL
            to = min(ended, (cell + 1) * CELL)
            if cell < cells:
                joules[cell] += watts * (to - at) * 1e-9
            at = to
    return joules
