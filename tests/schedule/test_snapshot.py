"""A scheduler restored from its state goes on as the original does."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeai import plugins
from edgeai.errors import RecordingError
from edgeai.policies.accuracy_floor import AccuracyFloor
from edgeai.policies.battery import Battery
from edgeai.policies.fixed import Fixed
from edgeai.policies.freshness import Freshness
from edgeai.policies.power import Power
from edgeai.schedule.commands import Run
from edgeai.schedule.events import (
    Batching,
    Calibrated,
    Configure,
    FrameReady,
    JobDone,
    Pause,
    Profile,
    Sensed,
    Shutdown,
)
from edgeai.schedule.scheduler import Scheduler
from edgeai.schedule.snapshot import VERSION, capture, restore
from edgeai.schedule.workload import OperatingPoint, StageLoad, Workload

MS = 1_000_000
LADDER = (OperatingPoint("large", 1, 0.7), OperatingPoint("medium", 1, 0.6), OperatingPoint("small", 1, 0.5))
POLICIES = (Fixed(), Power(4.5), Battery(2.0, capacity=20.0), Freshness(), AccuracyFloor(accuracy=0.55))


def policies(name):
    return plugins.find("policies", name)


def restored(scheduler):
    return restore(json.loads(json.dumps(capture(scheduler), allow_nan=False)), policies)


def made(policy, lanes):
    stages = (
        StageLoad("objects", "front", LADDER, deadline=100 * MS, rate_min=1.0, rate_max=20.0, switch=MS),
        StageLoad("lane", "front", LADDER[1:], deadline=60 * MS, weight=2.0),
        StageLoad("count", "objects", (OperatingPoint("count"),), chained=True, deadline=100 * MS),
    )
    scheduler = Scheduler(Workload(stages, lanes), policy)
    profiles = [
        Profile(stage.name, point, (30 - 9 * point) * MS, (45 - 9 * point) * MS, watts=2.0 + 0.1 * point)
        for stage in stages
        for point in range(len(stage.points))
    ]
    shared = Batching((("objects", 1), ("lane", 0)), 1.3)
    scheduler.handle(Calibrated(0, tuple(profiles), 2.7, 3.0, (shared,)))
    return scheduler


steps = st.lists(
    st.tuples(
        st.sampled_from(["frame"] * 6 + ["done"] * 6 + ["failed", "sensed", "hot", "configure", "pause", "resume"]),
        st.integers(1, 60),
        st.integers(1, 90),
    ),
    min_size=1,
    max_size=120,
)


class World:
    """Turns steps into events that a scheduler could meet: jobs that end were started before."""

    def __init__(self):
        self.t, self.seq, self.running = 0, 0, []

    def event(self, kind, wait, wall):
        self.t += wait * MS
        if kind in ("done", "failed") and self.running:
            job = self.running.pop(0)
            return JobDone(self.t, job.id, kind == "done", self.t - 1000, (("invoked", wall * MS + 17),), wall)
        if kind == "sensed":
            return Sensed(self.t, 2.5 + wall / 30, 40.0 + wait / 2)
        if kind == "hot":
            return Sensed(self.t, None if wall % 2 else math.inf, 82.5, True, 9e3)
        if kind == "configure":
            return Configure(self.t, POLICIES[wall % len(POLICIES)])
        if kind in ("pause", "resume"):
            return Pause(self.t, kind == "pause")
        self.seq += 1
        return FrameReady(self.t, "front", self.seq, self.t - 5 * MS)

    def note(self, commands):
        self.running += [job for command in commands if isinstance(command, Run) for job in command.jobs]


@settings(max_examples=60, deadline=None)
@given(steps, st.sampled_from(POLICIES), st.integers(1, 2), st.data())
def test_a_restored_scheduler_gives_the_commands_of_the_original(sequence, policy, lanes, data):
    moment = data.draw(st.integers(0, len(sequence)))
    original, world = made(policy, lanes), World()
    for step in sequence[:moment]:
        world.note(original.handle(world.event(*step)))
    copy = restored(original)
    for step in [*sequence[moment:], *sequence]:
        event = world.event(*step)
        commands = original.handle(event)
        world.note(commands)
        assert copy.handle(event) == commands
    shutdown = Shutdown(world.t + 1)
    assert original.handle(shutdown) == copy.handle(shutdown)
    assert json.dumps(capture(copy)) == json.dumps(capture(original))


def test_what_was_shared_stays_shared():
    copy = restored(made(Fixed(), 1))
    assert copy.planner.states[0] is copy.state("objects")


def test_numbers_that_json_does_not_know_are_kept():
    scheduler = made(Fixed(), 1)
    scheduler.planner.account.power = math.inf
    assert restored(scheduler).planner.account.power == math.inf


def test_a_policy_without_a_form_is_refused():
    class Secret:
        def __init__(self):
            self.lock = object()

        def choose(self, situation):
            return Fixed().choose(situation)

    with pytest.raises(RecordingError, match="object"):
        capture(made(Secret(), 1))


@pytest.mark.parametrize(
    "state",
    [
        None,
        [],
        7,
        {},
        {"o": "os.system", "s": {}},
        {"o": "schedule.scheduler.Scheduler"},
        {"o": "schedule.scheduler.Scheduler", "s": {"__class__": 1}},
        {"o": "schedule.commands.Job", "s": {"id": 1}},
        {"r": 0},
        {"l": [{"r": 0}]},
        {"d": [[{"l": []}, 1]]},
        {"p": "subprocess", "s": {}},
        {"q": [], "n": "x"},
        {"f": "1e9"},
    ],
)
def test_what_is_no_state_is_refused(state):
    with pytest.raises((RecordingError, LookupError)):
        restore({"version": VERSION, "state": state}, policies)


def test_depth_is_bounded():
    node = None
    for _ in range(500):
        node = {"l": [node]}
    with pytest.raises(RecordingError, match="deeper"):
        restore({"version": VERSION, "state": node}, policies)
