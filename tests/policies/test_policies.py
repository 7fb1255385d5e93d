"""One cell a policy: a small board in virtual time, driven by events alone."""

import pickle
import random
from math import exp, log

import pytest

from edgeai.plugins import find
from edgeai.policies.accuracy_floor import AccuracyFloor
from edgeai.policies.battery import Battery
from edgeai.policies.fixed import Fixed
from edgeai.policies.freshness import Freshness
from edgeai.policies.latency import Latency
from edgeai.policies.power import Power
from edgeai.schedule.commands import Announce, Drop, Run
from edgeai.schedule.events import Calibrated, Configure, FrameReady, JobDone, Profile, Sensed
from edgeai.schedule.policy import Situation
from edgeai.schedule.scheduler import Scheduler
from edgeai.schedule.shape import Shape
from edgeai.schedule.workload import OperatingPoint, StageLoad, Workload

MS = 1_000_000
IDLE, BUSY = 1.6, 3.0
LADDER = ((2.1, 0.42), (4.1, 0.57), (7.9, 0.61), (13.6, 0.67), (21.4, 0.70), (39.8, 0.735), (64.0, 0.741))
"""Median ms and accuracy, after quantized classifiers on a Raspberry Pi 4."""


def quantiles(ms):
    return [round(ms * MS * factor) for factor in (1.0, 1.08, 1.27, 2.0, 4.0)]


class World:
    """One stream at 10 fps on one lane; counts energy, misses and accuracy."""

    def __init__(self, policy, deadline, *, rate_min=10.0, seed=1, metered=True, watts=BUSY, celsius=None):
        points = tuple(OperatingPoint(f"v{i}", 1, accuracy) for i, (_, accuracy) in enumerate(LADDER))
        load = StageLoad("s", "cam", points, deadline=round(deadline * MS), rate_min=rate_min, rate_max=10.0)
        self.scheduler = Scheduler(Workload((load,)), policy)
        self.rng = random.Random(seed)
        self.metered, self.watts, self.celsius = metered, watts, celsius
        self.t, self.seq, self.joules, self.trace, self.said = 0, 0, 0.0, [], []
        self.score, self.missed, self.offered, self.ages = 0.0, 0, 0, []
        self.tell(Calibrated(0, tuple(self._profile(i) for i in range(len(LADDER))), idle=IDLE, busy=BUSY))

    def _profile(self, i):
        q = quantiles(LADDER[i][0] * self.rng.uniform(0.9, 1.1))
        return Profile("s", i, q[0], q[3], p90=q[1], p95=q[2], p999=q[4])

    def tell(self, event):
        commands = self.scheduler.handle(event)
        self.trace.append((event, tuple(commands)))
        self.said += [command for command in commands if isinstance(command, Announce)]
        return commands

    def run(self, frames, slow=1.0):
        for _ in range(frames):
            self.frame(slow)
        return self

    def frame(self, slow=1.0):
        t, self.seq = self.t, self.seq + 1
        spent = IDLE * 0.1
        commands = self.tell(FrameReady(t, "cam", self.seq, t))
        for command in commands:
            if isinstance(command, Run):
                ms, accuracy = LADDER[command.job.point]
                x = Shape(*quantiles(ms)).quantile(self.rng.gauss(0, 1))
                ns = min(95 * MS, round(ms * MS * slow * exp(x)))
                self.tell(JobDone(t + ns, command.job.id, True, t + ns, (("invoked", ns),)))
                late = t + ns > command.job.deadline
                self.offered, self.missed = self.offered + 1, self.missed + late
                self.score += 0 if late else accuracy
                self.ages.append(ns / 1e9)
                spent += self.watts * ns / 1e9
            elif isinstance(command, Drop) and command.cause != "rate":
                self.offered, self.missed = self.offered + 1, self.missed + 1
        self.joules += spent
        self.t = t + 100 * MS
        if self.metered:
            self.tell(Sensed(self.t - 1, spent / 0.1, self.celsius))

    def accuracy(self):
        return self.score / self.seq

    def mean_watts(self):
        return self.joules / (self.t / 1e9)

    def misses(self):
        return self.missed / self.offered


LIMIT = 0.01 + 1.645 * (0.01 * 0.99 / 2000) ** 0.5


def oracle(worths, excesses):
    """Return the most that a mixture of at most two points is worth whose mean excess over a limit is not above 0."""
    points = list(zip(worths, excesses, strict=True))
    best = max((worth for worth, excess in points if excess <= 0), default=None)
    assert best is not None
    for under, spare in points:
        for over, excess in points:
            if spare <= 0 < excess:
                share = -spare / (excess - spare)
                best = max(best, share * over + (1 - share) * under)
    return best


def risk(ms, deadline):
    return Shape(*quantiles(ms)).survival(log(deadline / ms))


@pytest.mark.parametrize("deadline", [25, 50, 90])
def test_latency_reaches_the_oracle_s_accuracy(deadline):
    world = World(Latency(), deadline).run(2000)
    scores = [accuracy * (1 - risk(ms, deadline)) for ms, accuracy in LADDER]
    assert world.misses() <= LIMIT
    assert world.accuracy() >= 0.975 * oracle(scores, [risk(ms, deadline) - 0.01 for ms, _ in LADDER])


def test_latency_gives_way_to_a_slowdown_and_comes_back():
    world = World(Latency(), 50).run(600)
    before = world.scheduler.state("s").mixer.shares
    world.run(300, slow=1.8)
    during = world.scheduler.state("s").mixer.shares
    world.run(300)
    after = world.scheduler.state("s").mixer.shares
    quickness = [sum(w * LADDER[p][0] for p, w in shares) for shares in (before, during, after)]
    assert quickness[1] < 0.8 * quickness[0]
    assert quickness[2] > 0.85 * quickness[0]


@pytest.mark.parametrize("metered", [True, False])
def test_power_keeps_the_budget_and_uses_it(metered):
    world = World(Power(IDLE + 0.3), 90, metered=metered).run(1500)
    assert 0.985 * (IDLE + 0.3) <= world.mean_watts() <= 1.005 * (IDLE + 0.3)
    assert world.misses() <= LIMIT
    assert world.accuracy() > 0.57


def test_power_believes_the_meter_rather_than_the_table():
    world = World(Power(IDLE + 0.3), 90, watts=1.3 * BUSY).run(1500)
    assert world.mean_watts() <= 1.01 * (IDLE + 0.3)
    assert world.scheduler.planner.account.energy.correction(0) == pytest.approx(1.3, rel=0.1)


def test_a_budget_below_idle_runs_the_least_and_says_so():
    world = World(Power(1.0), 90, rate_min=1.0).run(300)
    assert any(note.state == "short" for note in world.said)
    assert 0 < world.offered <= 40


def test_an_absurd_meter_is_not_believed_and_a_silent_one_is_replaced_by_the_model():
    world = World(Power(IDLE + 0.3), 90).run(100)
    world.tell(Sensed(world.t, watts=4000.0))
    world.tell(Sensed(world.t, watts=float("nan")))
    assert world.scheduler.planner.account.rejected == 2
    world.metered = False
    world.run(200)
    assert [note.state for note in world.said if note.state in ("absurd", "unmetered")] == ["absurd", "unmetered"]
    assert world.scheduler.planner.account.energy.basis == "modelled"


def test_battery_lasts_the_time_asked():
    hours = 600 / 3600
    capacity = hours * (IDLE + 0.4)
    world = World(Battery(hours, capacity=capacity), 90)
    while world.joules < 3600 * capacity:
        world.frame()
    assert 0.985 <= world.t / 1e9 / 600 <= 1.02


def test_battery_lasts_until_a_time_of_day_even_past_midnight():
    joules, eight = 3600.0 * 20, 20 * 3600.0
    for until, hours in ((22 * 3600.0, 2.0), (6 * 3600.0, 10.0)):
        asked = Situation((), {}, elapsed=1800.0, battery=joules, started=eight)
        by_hours = Battery(hours).choose(asked).watts
        assert Battery(until=until).choose(asked).watts == pytest.approx(by_hours)


def test_a_battery_is_asked_to_last_for_hours_or_until_a_time():
    with pytest.raises(ValueError, match="either hours"):
        Battery()
    with pytest.raises(ValueError, match="either hours"):
        Battery(hours=2.0, until=3600.0)


def test_accuracy_floor_holds_the_floor_with_little_energy():
    world = World(AccuracyFloor(0.6), 90).run(1500)
    assert world.accuracy() == pytest.approx(0.6, abs=0.006)
    richer = World(AccuracyFloor(0.68), 90).run(1500)
    assert world.joules < richer.joules


def test_accuracy_floor_is_a_mean_over_slow_and_quick_moments():
    world = World(AccuracyFloor(0.65), 90)
    for i in range(20):
        world.run(150, slow=1.8 if i % 2 else 1.0)
    assert world.accuracy() == pytest.approx(0.65, abs=0.006)
    assert world.misses() <= LIMIT


def test_a_floor_out_of_reach_runs_the_best_there_is():
    world = World(AccuracyFloor(0.99), 90).run(600)
    most = World(Latency(), 90).run(600)
    assert world.accuracy() >= 0.98 * most.accuracy()


def test_freshness_is_as_young_as_the_oracle_and_keeps_its_floor():
    world = World(Freshness(accuracy=0.6), 90).run(1500)
    means = [ms * Shape(*quantiles(ms)).mean / 1e3 for ms, _ in LADDER]
    lacks = [0.6 - accuracy * (1 - risk(ms, 90)) for ms, accuracy in LADDER]
    assert world.accuracy() == pytest.approx(0.6, abs=0.006)
    assert sum(world.ages) / len(world.ages) <= -1.06 * oracle([-mean for mean in means], lacks)


def test_freshness_without_a_floor_runs_the_quickest():
    world = World(Freshness(), 90).run(800)
    assert world.scheduler.state("s").mixer.shares == ((0, 1.0),)


def test_freshness_lowers_the_rate_within_a_budget():
    world = World(Freshness(budget=IDLE + 0.05), 90, rate_min=1.0).run(1500)
    assert world.mean_watts() <= 1.005 * (IDLE + 0.05)
    assert world.offered > 500


EVERY = (
    Fixed(),
    Latency(),
    Power(IDLE + 2.0),
    Battery(10.0, capacity=10.0 * (IDLE + 2.0)),
    AccuracyFloor(0.72),
    Freshness(accuracy=0.72),
)


@pytest.mark.parametrize("policy", EVERY, ids=lambda policy: type(policy).__name__)
def test_heat_derates_every_policy(policy):
    cool = World(policy, 90, rate_min=1.0).run(300)
    hot = World(policy, 90, rate_min=1.0, celsius=84.0)
    hot.watts = cool.watts
    hot.run(1200)
    assert hot.joules / hot.seq < 0.97 * cool.joules / cool.seq


def test_another_policy_can_take_over():
    world = World(Latency(), 90).run(200)
    world.tell(Configure(world.t, Power(IDLE + 0.1)))
    before = world.joules
    world.run(500)
    assert (world.joules - before) / 50 <= 1.01 * (IDLE + 0.1)


def test_ten_runs_give_one_trace():
    traces = [World(Power(IDLE + 0.3), 50, seed=5).run(200).trace for _ in range(3)]
    assert traces[0] == traces[1] == traces[2]


def test_a_scheduler_restored_from_its_state_goes_on_alike():
    world = World(Power(IDLE + 0.3), 50).run(300)
    copy = pickle.loads(pickle.dumps(world))
    assert world.run(200).trace == copy.run(200).trace


def test_the_plan_says_what_bounds_it():
    world = World(Power(IDLE + 0.3), 90).run(100)
    planned = [note for note in world.said if note.state == "planned"]
    assert planned
    assert "bound by the power" in planned[-1].why


@pytest.mark.parametrize("name", ["fixed", "latency", "power", "battery", "accuracy_floor", "freshness"])
def test_policies_are_found_by_name(name):
    assert find("policies", name).__name__.lower() == name.replace("_", "")
