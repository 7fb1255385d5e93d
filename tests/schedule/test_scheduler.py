"""The scheduler through its face: events in, commands out."""

from hypothesis import given, settings
from hypothesis import strategies as st

from edgeai.policies.fixed import Fixed
from edgeai.schedule.commands import Announce, Drop, Run
from edgeai.schedule.events import Calibrated, FrameReady, JobDone, Pause, Profile, Shutdown
from edgeai.schedule.scheduler import Scheduler
from edgeai.schedule.workload import OperatingPoint, StageLoad, Workload

MS = 1_000_000
POINT = (OperatingPoint("model"),)


def scheduler(*stages, lanes=1, typical=None):
    made = Scheduler(Workload(stages, lanes), Fixed())
    if typical:
        made.handle(Calibrated(0, tuple(Profile(name, 0, p50 * MS, p50 * MS) for name, p50 in typical.items())))
    return made


def ready(made, t, source="cam", seq=0, stamp=None):
    return made.handle(FrameReady(t * MS, source, seq, (t if stamp is None else stamp) * MS))


def done(made, t, job, wall=10, ok=True):
    return made.handle(JobDone(t * MS, job, ok, t * MS, (("ran", wall * MS),)))


def runs(commands):
    return [command.job for command in commands if isinstance(command, Run)]


def drops(commands):
    return [(command.seq, command.cause) for command in commands if isinstance(command, Drop)]


def test_a_frame_runs_at_once_on_an_idle_lane():
    made = scheduler(StageLoad("s", "cam", POINT))
    (job,) = runs(ready(made, 5, seq=7))
    assert (job.stage, job.origin, job.seq, job.stamp, job.lane) == ("s", "cam", 7, 5 * MS, 0)


def test_the_newest_frame_wins_the_slot():
    made = scheduler(StageLoad("s", "cam", POINT))
    ready(made, 0, seq=0)
    assert ready(made, 10, seq=1) == []
    assert drops(ready(made, 20, seq=2)) == [(1, "superseded")]
    assert [job.seq for job in runs(done(made, 30, 0))] == [2]


def test_a_source_may_bear_the_name_of_the_stage_it_feeds():
    made = scheduler(StageLoad("cam", "cam", POINT, deadline=50 * MS))
    for seq in range(20):
        (job,) = runs(ready(made, 100 * seq, seq=seq))
        assert done(made, 100 * seq + 20, job.id, wall=20) == []
    counts = made.counts()["cam"]
    assert (counts.ready, counts.delivered, made.state("cam").transit) == (20, 20, 0)


def test_frames_above_the_rate_are_dropped_for_the_rate_and_not_missed():
    made = scheduler(StageLoad("s", "cam", POINT, rate_max=10))
    causes = []
    for i in range(30):
        commands = ready(made, i * 33, seq=i)
        causes += drops(commands)
        for job in runs(commands):
            done(made, i * 33 + 5, job.id)
    counts = made.counts()["s"]
    assert {cause for _, cause in causes} == {"rate"}
    assert (counts.offered, counts.delivered, counts.missed) == (10, 10, 0)


def test_earliest_deadline_runs_first():
    slow = StageLoad("slow", "cam", POINT, deadline=200 * MS)
    tight = StageLoad("tight", "cam", POINT, deadline=90 * MS)
    third = StageLoad("third", "other", POINT, deadline=500 * MS)
    made = scheduler(third, slow, tight)
    (first,) = runs(ready(made, 0, source="other"))
    ready(made, 1)
    (second,) = runs(done(made, 10, first.id))
    assert second.stage == "tight"
    assert [job.stage for job in runs(done(made, 20, second.id))] == ["slow"]


def test_work_that_would_end_late_is_dropped_before_it_starts():
    made = scheduler(StageLoad("s", "cam", POINT, deadline=50 * MS), typical={"s": 40})
    ready(made, 0, seq=0)
    ready(made, 15, seq=1)
    commands = done(made, 40, 0, wall=40)
    assert drops(commands) == [(1, "late")]
    assert runs(commands) == []


def test_a_stage_that_is_always_too_late_runs_now_and_then_all_the_same():
    long = StageLoad("long", "a", POINT, deadline=1000 * MS)
    tight = StageLoad("tight", "b", POINT, deadline=50 * MS)
    made = scheduler(long, tight, typical={"long": 100, "tight": 10})
    started, t = [], 0
    (job,) = runs(ready(made, t, source="a", seq=0))
    for i in range(1, 20):
        ready(made, t + 20, source="b", seq=i)
        ready(made, t + 90, source="a", seq=i)
        t += 100
        nexts = runs(done(made, t, job.id, wall=100))
        while nexts and nexts[0].stage == "tight":
            started.append(nexts[0].seq)
            t += 10
            nexts = runs(done(made, t, nexts[0].id))
        (job,) = nexts
    assert len(started) >= 4


def test_an_impossible_deadline_is_announced_once_and_run_anyway():
    made = scheduler(StageLoad("s", "cam", POINT, deadline=20 * MS), typical={"s": 60})
    said = []
    for i in range(5):
        commands = ready(made, i * 100, seq=i)
        said += [command for command in commands if isinstance(command, Announce)]
        (job,) = runs(commands)
        done(made, i * 100 + 60, job.id, wall=60)
    assert [command.state for command in said] == ["infeasible"]
    assert "60.0 ms" in said[0].why
    assert "20 ms" in said[0].why
    counts = made.counts()["s"]
    assert (counts.delivered, counts.late, counts.missed) == (5, 5, 5)


def test_a_chained_stage_runs_on_the_result_of_its_parent():
    made = scheduler(StageLoad("detect", "cam", POINT), StageLoad("plan", "detect", POINT, chained=True))
    (job,) = runs(ready(made, 0, seq=4))
    (chained,) = runs(done(made, 10, job.id))
    assert (chained.stage, chained.origin, chained.seq, chained.stamp) == ("plan", "detect", 4, 0)


def test_a_stage_that_raises_is_a_miss_with_its_cause_and_the_next_frame_runs():
    made = scheduler(StageLoad("s", "cam", POINT))
    ready(made, 0, seq=0)
    assert done(made, 10, 0, ok=False) == []
    assert made.counts()["s"].dropped == {"fault": 1}
    assert len(runs(ready(made, 20, seq=1))) == 1


def test_two_lanes_run_two_stages_side_by_side():
    made = scheduler(StageLoad("a", "cam", POINT), StageLoad("b", "cam", POINT), lanes=2)
    assert sorted((job.stage, job.lane) for job in runs(ready(made, 0))) == [("a", 0), ("b", 1)]


def test_a_lossless_stage_waits_for_the_stage_behind_it():
    made = scheduler(
        StageLoad("detect", "cam", POINT, lossless=True),
        StageLoad("plan", "detect", POINT, chained=True, lossless=True),
        lanes=2,
    )
    (first,) = runs(ready(made, 0, seq=0))
    (plan,) = runs(done(made, 10, first.id))
    (second,) = runs(ready(made, 11, seq=1))
    assert runs(done(made, 20, second.id)) == []
    assert runs(ready(made, 21, seq=2)) == []
    assert [job.stage for job in runs(done(made, 30, plan.id))] == ["plan", "detect"]
    assert not made.counts()["plan"].dropped


def test_shutdown_drops_what_waits_and_runs_nothing_more():
    made = scheduler(StageLoad("s", "cam", POINT))
    ready(made, 0, seq=0)
    ready(made, 1, seq=1)
    assert drops(made.handle(Shutdown(2 * MS))) == [(1, "shutdown")]
    assert runs(done(made, 10, 0)) == []
    assert drops(ready(made, 11, seq=2)) == [(2, "shutdown")]


def test_a_pause_drops_what_waits_and_what_comes_without_a_miss():
    made = scheduler(StageLoad("s", "cam", POINT, deadline=50 * MS))
    ready(made, 0, seq=0)
    ready(made, 1, seq=1)
    assert drops(made.handle(Pause(2 * MS, True))) == [(1, "paused")]
    assert runs(done(made, 10, 0)) == []
    assert drops(ready(made, 11, seq=2)) == [(2, "paused")]
    assert made.handle(Pause(12 * MS, False)) == []
    assert [job.seq for job in runs(ready(made, 13, seq=3))] == [3]
    counts = made.counts()["s"]
    assert (counts.ready, counts.offered, counts.delivered, counts.missed) == (4, 3, 1, 0)


def test_a_result_that_comes_in_a_pause_goes_no_further_down_the_chain():
    made = scheduler(StageLoad("s", "cam", POINT), StageLoad("t", "s", POINT, chained=True))
    ready(made, 0, seq=0)
    made.handle(Pause(1 * MS, True))
    assert drops(done(made, 10, 0)) == [(0, "paused")]


def test_a_lossless_stage_keeps_its_item_over_a_pause():
    made = scheduler(StageLoad("s", "cam", POINT, lossless=True))
    made.handle(Pause(0, True))
    assert ready(made, 1, seq=0) == []
    assert [job.seq for job in runs(made.handle(Pause(2 * MS, False)))] == [0]


def test_a_pause_does_not_count_into_the_rate_of_a_stage():
    made = scheduler(StageLoad("s", "cam", POINT))
    for t in (*range(0, 1000, 100), *range(60_000, 61_000, 100)):
        if t == 60_000:
            made.handle(Pause(1000 * MS, True))
            made.handle(Pause(59_900 * MS, False))
        for job in runs(ready(made, t, seq=t)):
            done(made, t + 1, job.id)
    assert made.state("s").rate() == 10.0


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["cam", "other", "done", "fault", "pause", "resume"]), st.integers(0, 40)),
        max_size=120,
    ),
    st.integers(1, 3),
)
def test_every_item_is_delivered_dropped_or_in_flight(happenings, lanes):
    made = scheduler(
        StageLoad("a", "cam", POINT, deadline=30 * MS, rate_max=20),
        StageLoad("b", "cam", POINT, deadline=90 * MS),
        StageLoad("c", "other", POINT),
        StageLoad("d", "a", POINT, chained=True, deadline=60 * MS),
        lanes=lanes,
    )
    t, seq, running, dropped = 0, 0, [], 0
    for what, wait in happenings:
        t += wait
        if what in ("cam", "other"):
            commands, seq = ready(made, t, what, seq), seq + 1
        elif what in ("pause", "resume"):
            commands = made.handle(Pause(t * MS, what == "pause"))
        elif running:
            commands = done(made, t, running.pop(0).id, wall=wait, ok=what == "done")
        else:
            continue
        running += runs(commands)
        dropped += len(drops(commands)) + (what == "fault")
        counts = made.counts().values()
        assert sum(c.ready for c in counts) == sum(c.delivered for c in counts) + dropped + made.in_flight()
        assert all(c.missed <= c.offered for c in counts)
        assert len({job.lane for job in running}) == len(running) <= lanes
