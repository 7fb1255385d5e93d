"""The watts and joules that a pipeline tells, from its first moment on."""

import pytest

from edgeai.policies.fixed import Fixed
from edgeai.schedule.events import Calibrated, FrameReady, JobDone, Profile, Sensed
from edgeai.schedule.scheduler import Scheduler
from edgeai.schedule.workload import OperatingPoint, StageLoad, Workload

MS = 1_000_000
IDLE, BUSY = 2.0, 3.0


@pytest.fixture
def made():
    """A scheduler on a board that has just been calibrated."""
    scheduler = Scheduler(Workload((StageLoad("s", "cam", (OperatingPoint("model"),)),)), Fixed())
    scheduler.handle(Calibrated(0, (Profile("s", 0, 100 * MS, 100 * MS),), idle=IDLE, busy=BUSY))
    return scheduler


def test_before_anything_was_settled_the_board_takes_what_its_table_says(made):
    assert made.planner.account.drawn_by(0) == (IDLE, 0.0)
    made.handle(FrameReady(0, "cam", 0, 0))
    assert made.planner.account.drawn_by(100 * MS) == (pytest.approx(IDLE + BUSY), pytest.approx(0.5))
    made.handle(JobDone(200 * MS, 0, True, 200 * MS, (("ran", 200 * MS),)))
    assert made.planner.account.drawn_by(400 * MS) == (pytest.approx(IDLE + BUSY / 2), pytest.approx(1.4))


def test_the_first_reading_of_a_meter_is_believed_at_once(made):
    made.handle(Sensed(200 * MS, watts=4.0))
    assert made.planner.account.drawn_by(200 * MS) == (pytest.approx(4.0), pytest.approx(0.8))


def test_who_asks_changes_nothing(made):
    made.handle(FrameReady(0, "cam", 0, 0))
    assert made.planner.account.drawn_by(50 * MS) == made.planner.account.drawn_by(50 * MS)
    assert made.state("s").joules == 0.0
