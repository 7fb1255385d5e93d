"""Several streams on one lane."""

import random

import pytest

from edgeai.policies.latency import Latency
from edgeai.policies.power import Power
from edgeai.schedule.commands import Drop, Run
from edgeai.schedule.events import Calibrated, FrameReady, JobDone, Profile
from edgeai.schedule.scheduler import Scheduler
from edgeai.schedule.workload import OperatingPoint, StageLoad, Workload

MS = 1_000_000
LADDER = ((4.0, 0.5), (10.0, 0.6), (20.0, 0.65), (35.0, 0.7))


def run(policy, stages, seconds, ladder=LADDER, seed=1):
    """Return {stage: (served, missed, busy s)}; stages are (name, fps, deadline ms, weight)."""
    points = tuple(OperatingPoint(f"v{i}", 1, a) for i, (_, a) in enumerate(ladder))
    loads = tuple(
        StageLoad(name, name, points, deadline=deadline * MS, rate_max=fps, weight=weight)
        for name, fps, deadline, weight in stages
    )
    scheduler, rng = Scheduler(Workload(loads), policy), random.Random(seed)
    profiles = [
        Profile(load.name, i, round(ms * MS), round(ms * 1.3 * MS))
        for load in loads
        for i, (ms, _) in enumerate(ladder)
    ]
    scheduler.handle(Calibrated(0, tuple(profiles), idle=1.6, busy=3.0))
    events = sorted(
        (round((k / fps + i * 0.0137) * 1e9), name, k)
        for i, (name, fps, *_) in enumerate(stages)
        for k in range(round(seconds * fps))
    )
    found = {name: [0, 0, 0.0] for name, *_ in stages}
    running = None

    def carry_out(commands, t):
        nonlocal running
        for command in commands:
            if isinstance(command, Run):
                ns = round(ladder[command.job.point][0] * MS * rng.lognormvariate(0, 0.03))
                running = (t + ns, command.job, ns)
            elif isinstance(command, Drop) and command.cause != "rate":
                found[command.stage][1] += 1

    for t, name, k in events:
        while running is not None and running[0] <= t:
            end, job, ns = running
            running = None
            found[job.stage][0] += 1
            found[job.stage][1] += end > job.deadline
            found[job.stage][2] += ns / 1e9
            carry_out(scheduler.handle(JobDone(end, job.id, True, end, (("ran", ns),))), end)
        carry_out(scheduler.handle(FrameReady(t, name, k, t)), t)
    return found, scheduler


def test_a_long_job_of_one_stream_does_not_make_the_other_late():
    found, _ = run(Latency(), [("tight", 10, 40, 1.0), ("slack", 7, 200, 1.0)], 120)
    assert found["tight"][1] <= 0.015 * sum(found["tight"][:2])


def test_one_budget_is_shared_at_one_price():
    found, _ = run(Power(1.6 + 0.6), [("a", 10, 100, 1.0), ("b", 10, 100, 1.0)], 60)
    busy = found["a"][2] + found["b"][2]
    assert 3.0 * busy / 60 == pytest.approx(0.6, rel=0.05)
    assert found["a"][2] == pytest.approx(found["b"][2], rel=0.5)


def test_under_overload_time_is_shared_by_weight_and_few_are_late():
    ladder = ((20.0, 0.6), (35.0, 0.7))
    stages = [("one", 25, 400, 1.0), ("two", 25, 400, 2.0), ("three", 25, 400, 3.0)]
    found, _ = run(Latency(), stages, 120, ladder)
    total = sum(busy for _, _, busy in found.values())
    for (name, *_), part in zip(stages, (1 / 6, 2 / 6, 3 / 6), strict=True):
        assert found[name][2] / total == pytest.approx(part, rel=0.05)
        assert found[name][1] <= 0.02 * found[name][0]


def test_a_stage_leaves_the_stages_chained_to_it_their_time():
    points = tuple(OperatingPoint(f"v{i}", 1, a) for i, (_, a) in enumerate(LADDER))
    detect = StageLoad("detect", "cam", points, deadline=40 * MS, rate_max=10.0)
    plan = StageLoad("plan", "detect", (OperatingPoint("plan"),), chained=True, deadline=40 * MS)
    scheduler = Scheduler(Workload((detect, plan)), Latency())
    profiles = [Profile("detect", i, round(ms * MS), round(ms * 1.3 * MS)) for i, (ms, _) in enumerate(LADDER)]
    scheduler.handle(Calibrated(0, (*profiles, Profile("plan", 0, 15 * MS, 16 * MS)), idle=1.6, busy=3.0))
    scheduler.planner.replan(1)
    assert scheduler.state("detect").reserve == 15 * MS
    assert max(p for p, _ in scheduler.state("detect").mixer.shares) <= 1
