"""A lane whose jobs do not come back: threads are left behind, and not without end."""

from __future__ import annotations

import queue
import threading

from edgeai import StaleResult
from edgeai.clock import SystemClock
from edgeai.messages import Reading
from edgeai.runtime.lane import Lane
from edgeai.runtime.program import Step, Work
from edgeai.runtime.programs import Programs, Ready
from edgeai.runtime.supervision import MOST_ABANDONED
from edgeai.schedule.commands import Job

SOON = 20.0
LONG = 3_600_000_000_000
"""ns: an hour later, whatever the clock says."""


def job(number):
    work = Work(Reading("imu", number, 0, (), ()), 0)
    return ((Job(number, "stage", "imu", number, 0, 0, 0, None), work),)


def test_after_a_few_jobs_that_hang_their_stage_is_not_run_any_more_and_every_job_is_told_of_once():
    clock, done, entered, release = SystemClock(), queue.SimpleQueue(), queue.SimpleQueue(), threading.Event()
    made = []

    def hang(work):
        entered.put(work.captured.seq)
        release.wait()
        return "late"

    def make():
        made.append(len(made))
        return Ready(((Step("done", hang),),))

    programs = Programs({("stage", 0): make})
    programs.load_all()
    faults = []
    lane = Lane(
        0,
        programs,
        clock,
        lambda batch, executions: done.put((batch[0][0].id, executions[0].error)),
        lambda: None,
        lambda name, error: faults.append(name),
    )
    lane.start()
    for number in range(MOST_ABANDONED):
        lane.put(job(number))
        assert entered.get(timeout=SOON) == number
        lane.check(clock.now() + LONG)
        told, error = done.get(timeout=SOON)
        assert (told, type(error)) == (number, StaleResult)
    lane.put(job(99))
    assert done.get(timeout=SOON)[0] == 99, "it is refused, without being run"
    assert entered.empty()
    release.set()
    lane.end()
    for thread in lane.threads:
        thread.join(SOON)
    assert done.empty(), "what came back late is discarded"
    assert len(lane.threads) == MOST_ABANDONED + 1
    assert len(made) == MOST_ABANDONED
    assert faults == ["stage"] * MOST_ABANDONED
