"""Items of stages that share a model run as one, where that gains and nobody is late for it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from edgeai.policies.fixed import Fixed
from edgeai.policies.power import Power
from edgeai.schedule.commands import Run
from edgeai.schedule.events import Batching, Calibrated, FrameReady, JobDone, Profile, Shutdown
from edgeai.schedule.scheduler import Scheduler
from edgeai.schedule.workload import OperatingPoint, StageLoad, Workload

MS = 1_000_000
POINT = (OperatingPoint("model"),)


def scheduler(*stages, stretch=1.2, takes=10, lanes=1, shared=None, idle=0.0, watts=0.0):
    """Stages of one model that takes so many ms; those named in `shared` (all of them unless said) are batched."""
    made = Scheduler(Workload(stages, lanes), Fixed())
    members = tuple((stage.name, 0) for stage in stages if shared is None or stage.name in shared)
    profiles = tuple(Profile(stage.name, 0, takes * MS, takes * MS, watts=watts) for stage in stages)
    made.handle(Calibrated(0, profiles, idle, watts, (Batching(members, stretch),)))
    return made


def stream(name, deadline=None, **more):
    return StageLoad(name, name, POINT, deadline=None if deadline is None else deadline * MS, **more)


def ready(made, t, name, seq=0):
    return made.handle(FrameReady(t * MS, name, seq, t * MS))


def done(made, t, job, wall=12, ok=True):
    return made.handle(JobDone(t * MS, job.id, ok, t * MS, (("invoked", wall * MS),)))


def batches(commands):
    return [[job.stage for job in command.jobs] for command in commands if isinstance(command, Run)]


def first_run(made, t, name):
    (run,) = [command for command in ready(made, t, name) if isinstance(command, Run)]
    return run.job


def test_what_waits_when_a_lane_is_free_runs_together():
    made = scheduler(*(stream(name) for name in "abc"))
    job = first_run(made, 0, "a")
    assert batches(ready(made, 1, "b")) == batches(ready(made, 2, "c")) == []
    assert batches(done(made, 10, job, wall=10)) == [["b", "c"]]
    assert [made.counts()[name].batched for name in "abc"] == [0, 1, 1]


def test_nobody_waits_for_company():
    made = scheduler(stream("a"), stream("b"))
    assert batches(ready(made, 0, "a")) == [["a"]]


def test_the_lane_is_free_after_the_last_of_them():
    made = scheduler(*(stream(name) for name in "abcd"))
    job = first_run(made, 0, "a")
    ready(made, 1, "b"), ready(made, 1, "c")
    (run,) = [command for command in done(made, 10, job) if isinstance(command, Run)]
    ready(made, 12, "d")
    for member in run.jobs[:-1]:
        assert batches(done(made, 22, member)) == []
    assert batches(done(made, 22, run.jobs[-1])) == [["d"]]


def test_their_jobs_may_end_in_any_order():
    made = scheduler(*(stream(name) for name in "abc"))
    job = first_run(made, 0, "a")
    ready(made, 1, "b"), ready(made, 1, "c")
    (run,) = [command for command in done(made, 10, job) if isinstance(command, Run)]
    assert batches(done(made, 22, run.jobs[1])) == []
    assert batches(ready(made, 22, "a", 1)) == []
    assert batches(done(made, 22, run.jobs[0])) == [["a"]]


def test_the_most_urgent_leads():
    made = scheduler(stream("late", 300), stream("soon", 200), stream("other"))
    job = first_run(made, 0, "other")
    ready(made, 1, "late"), ready(made, 2, "soon")
    assert batches(done(made, 10, job, wall=10)) == [["soon", "late"]]


def test_who_would_be_late_by_the_whole_run_is_not_aboard():
    made = scheduler(stream("a"), stream("b", 100), stream("c", 21), stream("d", 100), takes=10, stretch=2.0)
    job = first_run(made, 0, "a")
    ready(made, 2, "b"), ready(made, 2, "c"), ready(made, 3, "d")
    assert batches(done(made, 10, job, wall=10)) == [["c"]]  # a run of all would end at 30, c is due at 23


def test_an_item_that_stays_behind_is_not_made_late():
    other = StageLoad("other", "other", POINT, deadline=33 * MS)
    made = scheduler(stream("a"), stream("b", 31), stream("c", 90), other, shared="abc", stretch=1.6)
    job = first_run(made, 0, "a")
    ready(made, 0, "b"), ready(made, 1, "c"), ready(made, 1, "other")
    assert batches(done(made, 10, job, wall=10)) == [["b"]]  # at 26, the other would end at 36 and is due at 34


def test_two_of_four_do_not_run_together_where_only_four_gain():
    made = scheduler(*(stream(name) for name in "abcd"), stretch=1.9)
    job = first_run(made, 0, "a")
    ready(made, 1, "b"), ready(made, 1, "c")
    assert batches(done(made, 10, job)) == [["b"]]


def test_where_nothing_is_gained_nothing_is_batched():
    made = Scheduler(Workload((stream("a"), stream("b"), stream("c")), 1), Fixed())
    profiles = tuple(Profile(name, 0, 10 * MS, 10 * MS) for name in "abc")
    refused = Batching((("a", 0), ("b", 0), ("c", 0)), None, "rows differ from single runs")
    made.handle(Calibrated(0, profiles, batchings=(refused,)))
    job = first_run(made, 0, "a")
    ready(made, 1, "b"), ready(made, 1, "c")
    assert batches(done(made, 10, job)) == [["b"]]
    assert made.batches.told("a", 0) == "not batched: rows differ from single runs"


def test_an_idle_lane_is_better_company():
    made = scheduler(*(stream(name) for name in "abcd"), lanes=2)
    one, two = first_run(made, 0, "a"), first_run(made, 0, "b")
    assert {one.lane, two.lane} == {0, 1}
    ready(made, 1, "c"), ready(made, 1, "d")
    assert batches(done(made, 10, one)) == [["c", "d"]]
    made = scheduler(*(stream(name) for name in "abcd"), lanes=2)
    assert batches(ready(made, 0, "a")) == [["a"]]
    assert batches(ready(made, 0, "b")) == [["b"]]


def test_a_stage_that_mixes_other_points_stays_behind():
    ladder = (OperatingPoint("large"), OperatingPoint("model"))
    stages = (stream("a"), StageLoad("b", "b", ladder), stream("c"))
    made = Scheduler(Workload(stages, 1), Fixed())
    profiles = [Profile(name, 0, 10 * MS, 10 * MS) for name in "abc"] + [Profile("b", 1, 10 * MS, 10 * MS)]
    made.handle(Calibrated(0, tuple(profiles), batchings=(Batching((("a", 0), ("b", 1), ("c", 0)), 1.2),)))
    job = first_run(made, 0, "a")
    ready(made, 1, "b"), ready(made, 1, "c")
    assert batches(done(made, 10, job)) == [["b"]]  # at its first point, which it shares with none


def test_a_run_of_several_teaches_what_a_single_one_takes():
    made = scheduler(stream("a", 500), stream("b", 500), stretch=1.5)
    for i in range(40):
        t = 100 * i
        job = first_run(made, t, "a")
        ready(made, t + 1, "a", i + 1), ready(made, t + 1, "b", i)
        (run,) = [command for command in done(made, t + 10, job, wall=10) if isinstance(command, Run)]
        assert len(run.jobs) == 2
        for member in run.jobs:
            done(made, t + 25, member, wall=15)
    assert abs(made.state("b").model.expected(0) - 10 * MS) < 0.1 * MS


def test_those_aboard_share_the_energy():
    made = scheduler(stream("a"), stream("b"), idle=2.0, watts=3.0)
    job = first_run(made, 0, "a")
    ready(made, 1, "a", 1), ready(made, 1, "b")
    (run,) = [command for command in done(made, 1000, job, wall=1000) if isinstance(command, Run)]
    for member in run.jobs:
        done(made, 2000, member, wall=1000)
    assert abs(made.planner.account.drawn_by(2000 * MS)[1] - (2 * 2.0 + 3.0 + 3.0)) < 1e-6


steps = st.lists(
    st.tuples(st.sampled_from("abcdabcdD!"), st.integers(0, 25), st.integers(0, 5)), min_size=1, max_size=150
)


@settings(max_examples=100, deadline=None)
@given(steps, st.integers(1, 3), st.sampled_from([1.1, 1.6, 3.0]), st.booleans())
def test_every_item_is_accounted_for_in_every_order_of_events(sequence, lanes, stretch, planned):
    stages = tuple(stream(name, 40 + 20 * i) for i, name in enumerate("abcd"))
    made = scheduler(*stages, lanes=lanes, stretch=stretch, idle=2.0, watts=3.0)
    if planned:
        made = Scheduler(Workload(stages, lanes), Power(4.0))
        members = tuple((name, 0) for name in "abcd")
        profiles = tuple(Profile(name, 0, 10 * MS, 14 * MS, watts=3.0) for name in "abcd")
        made.handle(Calibrated(0, profiles, 2.0, 3.0, (Batching(members, stretch),)))
    t, seq, running = 0, 0, []
    for kind, wait, which in sequence:
        t += wait
        if kind in "D!" and running:
            job = running.pop(which % len(running))
            commands = done(made, t, job, ok=kind == "D")
        else:
            seq += 1
            commands = ready(made, t, kind if kind in "abcd" else "a", seq)
        begun = [command.jobs for command in commands if isinstance(command, Run)]
        busy = {job.lane for job in running}
        for jobs in begun:
            assert len({job.lane for job in jobs}) == 1
            assert jobs[0].lane not in busy
            busy.add(jobs[0].lane)
            running += jobs
        for name, counts in made.counts().items():
            state = made.state(name)
            waits_or_runs = (state.waiting is not None) + (state.running is not None)
            assert counts.ready == counts.delivered + sum(counts.dropped.values()) + waits_or_runs
    made.handle(Shutdown(t * MS))
    for job in running:
        done(made, t + 1, job)
    assert made.in_flight() == 0
