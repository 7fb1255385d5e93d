"""Admission: a refusal says which stage, at which rate, exceeds what, and what would fit."""

from edgeai.schedule.admission import admit
from edgeai.schedule.workload import OperatingPoint, StageLoad, Workload

MS = 1_000_000
POINTS = (OperatingPoint("big"), OperatingPoint("small"))


def stage(name, rate, deadline=None, **more):
    return StageLoad(name, "cam", POINTS, rate_min=rate, deadline=deadline and deadline * MS, **more)


def durations(**ms):
    return {(name, point): round(t * MS) for name, times in ms.items() for point, t in enumerate(times)}


def test_what_fits_is_admitted():
    workload = Workload((stage("a", 10, 100), stage("b", 5, 200)))
    assert admit(workload, durations(a=(60, 20), b=(90, 30))) is None


def test_only_the_quickest_variant_at_the_least_rate_counts():
    assert admit(Workload((stage("a", None, 100),)), durations(a=(90, 80))) is None


def test_a_deadline_below_the_quickest_variant_is_refused_with_one_that_fits():
    refusal = admit(Workload((stage("a", 10, 20),)), durations(a=(60, 36)))
    assert "takes 36 ms" in str(refusal)
    assert "the deadline is 20 ms" in str(refusal)
    assert "40 ms would fit" in str(refusal)


def test_utilisation_names_the_heaviest_stage_and_a_rate():
    refusal = admit(Workload((stage("a", 30), stage("b", 5, 150))), durations(a=(60, 30), b=(30, 20)))
    assert refusal.stage == "a"
    assert str(refusal).startswith("a at 30 fps brings the utilisation to 103 %, above 90 %")
    assert "25 fps would fit" in str(refusal)


def test_a_rate_that_would_fit_is_written_as_people_write_it():
    refusal = admit(Workload((stage("a", 2000),)), durations(a=(60, 1.575)))
    assert str(refusal).endswith("570 fps would fit")


def test_two_lanes_carry_twice_as_much():
    workload = Workload((stage("a", 30), stage("b", 30)), lanes=2)
    assert admit(workload, durations(a=(60, 25), b=(60, 25))) is None
    assert admit(Workload(workload.stages), durations(a=(60, 25), b=(60, 25))) is not None


def test_a_long_job_of_another_stage_blocks_a_short_deadline():
    workload = Workload((stage("tight", 5, 40), stage("long", 1, 1000)))
    refusal = admit(workload, durations(tight=(30, 10), long=(90, 60)))
    assert refusal.stage == "tight"
    assert "60 ms of long" in str(refusal)
    assert "would fit" in str(refusal)


def test_a_chain_counts_with_its_root():
    workload = Workload((stage("a", 10, 50), StageLoad("b", "a", POINTS, chained=True, deadline=50 * MS)))
    assert "takes 60 ms" in str(admit(workload, durations(a=(60, 30), b=(60, 30))))


def test_what_is_said_to_fit_does():
    refusal = admit(Workload((stage("a", 30, 100),)), durations(a=(60, 45)))
    assert "20 fps would fit" in str(refusal)
    assert admit(Workload((stage("a", 20, 100),)), durations(a=(60, 45))) is None


def test_a_lower_rate_is_not_offered_where_the_deadline_is_the_limit():
    workload = Workload((stage("a", 10, 40), stage("b", 10, 40)))
    assert "deadlines x 1.5 would fit" in str(admit(workload, durations(a=(60, 30), b=(60, 24))))


def test_more_lanes_do_not_help_one_stage():
    refusal = admit(Workload((stage("a", 30, 100),), lanes=2), durations(a=(60, 45)))
    assert str(refusal).startswith("a at 30 fps takes 135 % of a lane, above 90 %")
    assert "20 fps would fit" in str(refusal)
