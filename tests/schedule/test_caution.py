"""Between a first long run and the alarm that the board has slowed: what starts then is kept in time."""

import pytest

from edgeai.policies.latency import Latency
from edgeai.schedule.commands import Run
from edgeai.schedule.events import Calibrated, FrameReady, JobDone, Profile
from edgeai.schedule.policy import Choice
from edgeai.schedule.scheduler import Scheduler
from edgeai.schedule.workload import OperatingPoint, StageLoad, Workload

MS = 1_000_000
PERIOD, DEADLINE = 100, 100
SMALL, LARGE = 0, 1
LADDER = (OperatingPoint("small", accuracy=0.6), OperatingPoint("large", accuracy=0.8))
MEDIANS = {SMALL: 20, LARGE: 60}


class Always:
    """A policy that chooses by itself."""

    def choose(self, situation):
        return {load.name: Choice(LARGE, load.rate_max) for load in situation.stages}


class Board:
    """Runs whatever is ordered; `slow` multiplies durations."""

    def __init__(self, policy):
        load = StageLoad("see", "cam", LADDER, deadline=DEADLINE * MS, rate_max=1000 / PERIOD)
        self.scheduler = Scheduler(Workload((load,)), policy)
        quantiles = [(m * MS, round(1.2 * m * MS), round(1.03 * m * MS), round(1.1 * m * MS)) for m in MEDIANS.values()]
        profiles = [Profile("see", point, *each) for point, each in enumerate(quantiles)]
        self.scheduler.handle(Calibrated(0, tuple(profiles)))
        self.frames = 0

    def frame(self, slow=1.0):
        """Offer a frame, let it run, and return its operating point."""
        t = self.frames * PERIOD * MS
        commands = self.scheduler.handle(FrameReady(t, "cam", self.frames, t))
        self.frames += 1
        (job,) = [command.job for command in commands if isinstance(command, Run)]
        took = round(MEDIANS[job.point] * slow * MS)
        self.scheduler.handle(JobDone(t + took, job.id, True, t + took, (("invoked", took),)))
        return job.point


@pytest.fixture
def calm():
    """A board under the policy `latency`, which has settled on the large variant."""
    board = Board(Latency())
    points = [board.frame(1.0 + 0.01 * (k % 3 - 1)) for k in range(200)]
    assert points[-20:] == [LARGE] * 20
    return board


def test_after_one_run_that_may_be_a_slowdown_the_next_is_one_that_would_survive_it(calm):
    alarms = calm.scheduler.state("see").model.alarms
    assert calm.frame(slow=1.8) == LARGE
    assert calm.frame(slow=1.8) == SMALL
    assert calm.scheduler.counts()["see"].missed == 1
    assert calm.scheduler.state("see").model.alarms <= alarms + 1


def test_a_single_long_run_costs_one_cautious_run(calm):
    calm.frame(slow=1.8)
    assert [calm.frame() for _ in range(3)] == [SMALL, LARGE, LARGE]


def test_a_quick_run_makes_nobody_cautious(calm):
    calm.frame(slow=0.6)
    assert calm.frame() == LARGE


def test_what_a_policy_chose_by_itself_runs_whatever_is_suspected():
    board = Board(Always())
    assert [board.frame(slow) for slow in (1.0, 1.0, 1.8, 1.8, 1.8, 1.0)] == [LARGE] * 6
