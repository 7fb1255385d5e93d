"""The inner simulation: a board in virtual time that runs what the real Scheduler commands, by events alone."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from truth import BUSY, IDLE, Variant

from edgeai.schedule.commands import Announce, Drop, Load, Run
from edgeai.schedule.events import Calibrated, FrameReady, JobDone, Loaded, Profile, Sensed
from edgeai.schedule.policy import Policy
from edgeai.schedule.scheduler import Scheduler
from edgeai.schedule.workload import OperatingPoint, StageLoad, Workload

MS = 1_000_000
METER = 200 * MS
"""Interval of the simulated meter, which errs by 1 % (normal) and counts in 10 mW."""


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
            self.name,
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
    """Run the scheduler on `len(slow)` periods of 100 ms; slow[k] multiplies durations in the k-th.

    megabytes: what the points may take together. A load takes loading_ms and, from the moment the lane is free, holds
    the interpreter for hold_ms: jobs that would start then start later.
    """
    memory = None if megabytes is None else megabytes * 1_000_000
    scheduler = Scheduler(Workload(tuple(stream.load() for stream in streams), lanes, memory), policy)
    if tweak is not None:
        tweak(scheduler)
    n = len(slow)
    noise = np.random.default_rng(seed)
    jitter = random.Random(seed + 1)
    by_name = {stream.name: stream for stream in streams}
    counts = {stream.name: round(n * stream.fps / 10) for stream in streams}
    scores = {name: noise.standard_normal(count) for name, count in counts.items()}
    durations = {
        stream.name: [np.exp(v.ln_ms(scores[stream.name])) * MS for v in stream.variants] for stream in streams
    }
    logs = {
        name: Log(*(np.zeros(count, dtype) for dtype in (float, bool, bool, int, float, float)))
        for name, count in counts.items()
    }
    for log in logs.values():
        log.point[:] = -1
    joules = np.zeros(n + 200)
    announced: list[Announce] = []
    heap: list[tuple[int, int, str, object]] = []
    order = 0

    def push(t: int, kind: str, what: object) -> None:
        nonlocal order
        order += 1
        heapq.heappush(heap, (t, order, kind, what))

    profiles = [
        Profile(stream.name, i, q[0], q[3], q[1], q[2], q[4])
        for stream in streams
        for i, q in enumerate(stream.profiles)
    ]
    waiting = scheduler.handle(Calibrated(0, tuple(profiles), idle=IDLE, busy=BUSY))
    while wanted := [command for command in waiting if isinstance(command, Load)]:
        waiting = scheduler.handle(Loaded(0, wanted[0].stage, wanted[0].point))
    for stream in streams:
        push(round(stream.phase_ms * MS), "frame", (stream.name, 0))
    end = n * 100 * MS
    if metered:
        push(METER, "meter", 0)
    running: dict[int, tuple[object, int]] = {}
    spent = 0.0
    settled = 0
    loads: list[tuple[int, int]] = []
    held, last = 0, -1
    delays: dict[int, int] = {}
    late_by_loading = 0

    def draw(t: int) -> None:
        """Integrate the power drawn up to t."""
        nonlocal spent, settled
        watts = sum(by_name[job.stage].variants[job.point].watts for job, _ in running.values())
        at = settled
        while at < t:
            cell = at // (100 * MS)
            to = min(t, (cell + 1) * 100 * MS)
            joules[min(cell, len(joules) - 1)] += watts * (to - at) * 1e-9
            at = to
        spent += watts * (t - settled) * 1e-9
        settled = t

    while heap:
        t, _, kind, what = heapq.heappop(heap)
        if t > end + 2_000 * MS:
            break
        draw(t)
        if kind == "frame":
            name, k = what
            stream = by_name[name]
            commands = scheduler.handle(FrameReady(t, name, k, t))
            if k + 1 < counts[name]:
                push(round((stream.phase_ms + (k + 1) * 1000 / stream.fps) * MS), "frame", (name, k + 1))
        elif kind == "done":
            job, duration = running.pop(what)
            log = logs[job.stage]
            late = t > job.deadline
            late_by_loading += late and t - delays.get(job.id, 0) <= job.deadline
            log.offered[job.seq] = True
            log.missed[job.seq] = late
            log.score[job.seq] = 0.0 if late else by_name[job.stage].variants[job.point].accuracy
            log.point[job.seq] = job.point
            log.busy[job.seq] = duration
            commands = scheduler.handle(JobDone(t, job.id, True, t, (("invoked", duration),)))
            log.mu[job.seq] = scheduler.state(job.stage).model.mu
            if watch is not None:
                watch(scheduler, job.seq)
        elif kind == "loaded":
            commands = scheduler.handle(Loaded(t, what.stage, what.point))
        else:
            watts = IDLE + spent / (METER * 1e-9)
            spent = 0.0
            read = round(watts * (1 + jitter.gauss(0, 0.01)) / 0.01) * 0.01
            commands = scheduler.handle(Sensed(t, watts=read))
            if t < end:
                push(t + METER, "meter", 0)
        for command in commands:
            if isinstance(command, Run):
                job = command.job
                k = min(n - 1, t // (100 * MS))
                duration = round(durations[job.stage][job.point][job.seq] * slow[k])
                if job.point != last:
                    duration += round(by_name[job.stage].switch_ms * MS)
                    last = job.point
                if held > t:
                    delays[job.id] = held - t
                    duration += held - t
                running[job.id] = (job, duration)
                push(t + duration, "done", job.id)
            elif isinstance(command, Load):
                loads.append((t, t + round(loading_ms * MS)))
                free = max((end for end, _, kind, _ in heap if kind == "done"), default=t)
                held = free + round(hold_ms * MS)
                push(loads[-1][1], "loaded", command)
            elif isinstance(command, Drop):
                if command.cause != "rate":
                    logs[command.stage].offered[command.seq] = True
                    logs[command.stage].missed[command.seq] = True
            elif isinstance(command, Announce):
                announced.append(command)
    switches = sum(scheduler.state(stream.name).mixer.switches for stream in streams)
    return Outcome(logs, joules[:n], switches, loads, len(delays), late_by_loading, announced, scheduler)
