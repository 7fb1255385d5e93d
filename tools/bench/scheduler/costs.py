"""What the scheduler itself takes of this machine: microseconds an event and a plan."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from streams import LADDER
from truth import BUSY, IDLE, table, told
from world import MS, Stream

from edgeai.policies.power import Power
from edgeai.schedule.commands import Run
from edgeai.schedule.events import Calibrated, FrameReady, JobDone, Profile
from edgeai.schedule.scheduler import Scheduler
from edgeai.schedule.workload import Workload

STREAMS = 4
PASSES = 9
"""The same events are handled so many times. Of each event the least counts, as in timeit: what is above is other
programs' work. The figures as they came are printed beside."""
WARM = 300
"""Frames at the start that are not counted."""

clock = time.perf_counter_ns


def costs(frames: int = 1000) -> dict[str, object]:
    """Microseconds, 4 streams x 8 variants: the two events of a frame without planning, and plans of one and of all."""
    passes = [_once(frames) for _ in range(PASSES)]
    hot, one, every = (np.array([each[i] for each in passes]) / 1e3 for i in range(3))
    return {
        "dispatch + observe p50": float(np.percentile(hot.min(axis=0), 50)),
        "p99": float(np.percentile(hot.min(axis=0), 99)),
        "p99 as it came": float(np.median(np.percentile(hot, 99, axis=1))),
        "one stream p50": float(np.percentile(one.min(axis=0), 50)),
        "one p99": float(np.percentile(one.min(axis=0), 99)),
        "one p99 as it came": float(np.median(np.percentile(one, 99, axis=1))),
        "all p50": float(np.percentile(every.min(axis=0), 50)),
        "all p99": float(np.percentile(every.min(axis=0), 99)),
        "frames a plan": hot.shape[1] / one.shape[1],
    }


def _once(frames: int) -> tuple[list[int], list[int], list[int]]:
    """Return the ns of each frame's two events without plans, of each plan of one stream, and of all."""
    rng = random.Random(1)
    ladder = tuple(table()[i] for i in LADDER)
    streams = [Stream(f"s{i}", ladder, told(ladder, "scale", rng), 100.0, rate_min=None) for i in range(STREAMS)]
    scheduler = Scheduler(Workload(tuple(s.load() for s in streams)), Power(IDLE + 1.0))
    profiles = tuple(
        Profile(s.name, i, q[0], q[3], q[1], q[2], q[4]) for s in streams for i, q in enumerate(s.profiles)
    )
    scheduler.handle(Calibrated(0, profiles, idle=IDLE, busy=BUSY))
    z = np.random.default_rng(1).standard_normal(STREAMS * (WARM + frames))
    durations = [np.minimum(np.exp(v.ln_ms(z)) * MS, 24 * MS).astype(int).tolist() for v in ladder]
    hot: list[int] = []
    one: list[int] = []
    every: list[int] = []
    planning = [0]
    planner = scheduler.planner
    planner.plan_again = _timed(planner.plan_again, one, planning)  # type: ignore[method-assign]
    planner.replan = _timed(planner.replan, every, planning)  # type: ignore[method-assign]
    gc.collect()
    gc.disable()
    try:
        for k in range(WARM + frames):
            for i, stream in enumerate(streams):
                t = (k * 100 + i * 25) * MS
                planning[0] = 0
                frame = FrameReady(t, f"{stream.name}.camera", k, t)
                began = clock()
                commands = scheduler.handle(frame)
                took = clock() - began
                for job in [command.job for command in commands if isinstance(command, Run)]:
                    ns = durations[job.point][STREAMS * k + i]
                    done = JobDone(t + ns, job.id, True, t + ns, (("invoked", ns),))
                    began = clock()
                    scheduler.handle(done)
                    took += clock() - began
                hot.append(took - planning[0])
    finally:
        gc.enable()
    return hot[STREAMS * WARM :], one, every


def _timed(call: Callable[..., Any], into: list[int], planning: list[int]) -> Callable[..., Any]:
    """Return the call, which notes how long it takes, and adds that to what was planned since."""

    def run(*args: Any, **kwargs: Any) -> Any:
        began = clock()
        result = call(*args, **kwargs)
        took = clock() - began
        into.append(took)
        planning[0] += took
        return result

    return run
