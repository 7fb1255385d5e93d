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
from edgeai.runtime.programs import Programs, Ready
from edgeai.runtime.taps import Tap
from edgeai.schedule.commands import Announce, Drop, Job, Load
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
    megabytes: int = 0
    switch_ms: float = 0.0

    def load(self) -> StageLoad:
        points = tuple(OperatingPoint(v.name, 1, v.accuracy, self.megabytes * 1_000_000) for v in self.variants)
        deadline = round(self.deadline_ms * MS)
        return StageLoad(
            self.name,
            f"{self.name}.camera",
            points,
            deadline=deadline,
            rate_min=self.rate_min,
            rate_max=self.fps,
            weight=self.weight,
            switch=round(self.switch_ms * MS),
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
    """A run: a log a stream, joules above idle of every 100 ms, the switches between points.

    loads: (from, to) in ns. stalled: jobs that started later because of a load; late: those late because of it.
    """

    logs: dict[str, Log]
    joules: np.ndarray
    switches: int
    loads: list[tuple[int, int]] = field(default_factory=list)
    stalled: int = 0
    late: int = 0
    announced: list[Announce] = field(default_factory=list)
    scheduler: Scheduler | None = None


class Recorder(Tap):
    """Notes what becomes of every frame."""

    def __init__(
        self,
        streams: list[Stream],
        counts: dict[str, int],
        watch: Callable[[Scheduler, int], None] | None,
        loading: int,
        hold: int,
    ):
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
        self._switch = {stream.name: round(stream.switch_ms * MS) for stream in streams}
        self.loads: list[tuple[int, int]] = []
        self.late = 0
        self._running: dict[int, tuple[Job, int]] = {}
        self._delays: dict[int, int] = {}
        self._watch = watch
        self._loading, self._hold = loading, hold
        self._held = 0
        self._last: dict[str, int] = {}

    def ran(self, job: Job, began: int, ended: int) -> None:
        self._running[job.id] = job, ended - began
        self.runs.append((began, ended, self._variants[job.stage][job.point].watts))

    def decided(self, event, commands) -> None:
        if isinstance(event, JobDone):
            self._done(event)
        for command in commands:
            if isinstance(command, Announce):
                self.announced.append(command)
            elif isinstance(command, Load):
                self._load(event.t)
            elif isinstance(command, Drop) and command.cause not in ("rate", "shutdown"):
                log = self.logs[command.stage]
                log.offered[command.seq] = log.missed[command.seq] = True

    @property
    def stalled(self) -> int:
        """Jobs that started later because a model was being loaded."""
        return len(self._delays)

    def extra(self, job: Job, t: int) -> int:
        """Return the ns a job takes longer because of a switch, and of a load that holds the interpreter."""
        extra = 0 if self._last.get(job.stage, -1) == job.point else self._switch[job.stage]
        self._last[job.stage] = job.point
        if self._held > t:
            self._delays[job.id] = self._held - t
            extra += self._held - t
        return extra

    def _load(self, t: int) -> None:
        """A load that begins before the first frame stalls nobody."""
        if self.runs:
            self.loads.append((t, t + self._loading))
            free = self.runs[-1][1] if self._running else t
            self._held = max(t, free) + self._hold

    def _done(self, event: JobDone) -> None:
        job, duration = self._running.pop(event.job)
        log = self.logs[job.stage]
        late = event.t > job.deadline
        self.late += late and event.t - self._delays.get(job.id, 0) <= job.deadline
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
    megabytes: int | None = None,
    loading_ms: float = 2_000.0,
    hold_ms: float = 50.0,
) -> Outcome:
    """Run the engine on `len(slow)` periods of 100 ms; slow[k] multiplies durations in the k-th.

    megabytes: what the points may take together. A load takes loading_ms and, from the moment the lane is free, holds
    the interpreter for hold_ms: jobs that would start then start later.
    """
    n = len(slow)
    counts = {stream.name: round(n * stream.fps / 10) for stream in streams}
    noise = np.random.default_rng(seed)
    scores = {name: noise.standard_normal(count).tolist() for name, count in counts.items()}
    recorder = Recorder(streams, counts, watch, round(loading_ms * MS), round(hold_ms * MS))
    clock = VirtualClock()
    truths = {(s.name, i): Truth(v.durations, v.watts) for s in streams for i, v in enumerate(s.variants)}
    world = World(clock, truths, {name: row.__getitem__ for name, row in scores.items()}, slow, recorder.ran)
    cameras = tuple(
        SimulatedCamera(f"{s.name}.camera", s.fps, round(s.phase_ms * MS), frames=counts[s.name]) for s in streams
    )

    def duration(job: Job) -> int:
        return world.duration(job) + recorder.extra(job, clock.now())

    memory = None if megabytes is None else megabytes * 1_000_000
    workload = Workload(tuple(stream.load() for stream in streams), lanes, memory)
    programs = Programs({(s.name, i): lambda: Ready(((),) * lanes) for s in streams for i in range(len(s.variants))})
    if megabytes is None:
        programs.load_all()
    assembly = Assembly(cameras, (), (), workload, policy, programs)
    engine = LockstepEngine(assembly, clock, [recorder], duration, round(loading_ms * MS))
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
    return Outcome(
        recorder.logs,
        _joules(recorder.runs, n),
        switches,
        recorder.loads,
        recorder.stalled,
        recorder.late,
        recorder.announced,
        scheduler,
    )


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
