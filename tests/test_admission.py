"""What is refused before anything runs, with the line that asked for it; and what is not."""

from __future__ import annotations

import pytest

from edgeai import ConfigError, Graph, Pipeline
from edgeai.check import check

GRAPH = """\
cameras: {{front: "synthetic:64x48?fps=30"}}
stages:
  pilot:
    model: [pilot_small, pilot_large]
    deadline: {deadline}
    rate: {rate}
schedule: {{policy: {policy}, lanes: {lanes}}}
"""


def pipeline(durations, *, deadline="100ms", rate="10fps", policy="latency", lanes=1):
    text = GRAPH.format(deadline=deadline, rate=rate, policy=policy, lanes=lanes)
    return Pipeline(Graph.parse(text, file="rover.yaml"), engine="lockstep", durations=durations)


def refused(made):
    with pytest.raises(ConfigError) as raised:
        made.start()
    return str(raised.value)


def of(small, large):
    return lambda stage, variant: small if variant == "pilot_small" else large


def test_a_deadline_below_the_quickest_variant_is_refused_where_it_stands():
    said = refused(pipeline(of(0.036, 0.060), deadline="20ms"))
    assert said.startswith("rover.yaml:5: stages.pilot.deadline: found a stage that takes 36 ms")
    assert "a deadline of 40 ms would fit" in said


def test_a_rate_beyond_the_lane_is_refused_with_one_that_fits():
    said = refused(pipeline(of(0.045, 0.060), rate="30fps"))
    assert said.startswith(
        "rover.yaml:6: stages.pilot.rate: found 30 fps at least, which brings the utilisation to 135 %"
    )
    assert "20 fps would fit" in said


def test_the_quickest_variant_at_the_least_rate_is_what_counts():
    with pipeline(of(0.045, 0.300), rate="[5fps, 30fps]") as running:
        assert running.advance(1)


def test_a_stage_without_a_rate_promises_none():
    text = GRAPH.format(deadline="100ms", rate="30fps", policy="latency", lanes=1).replace("    rate: 30fps\n", "")
    with Pipeline(Graph.parse(text), engine="lockstep", durations=of(0.09, 0.3)) as running:
        assert running.advance(1)


def test_two_stages_that_fit_apart_and_not_together_need_two_lanes():
    def two(lanes):
        stages = {name: {"model": "pilot_small", "rate": "15fps"} for name in ("a", "b")}
        graph = Graph(cameras={"cam": "synthetic:64x48?fps=30"}, stages=stages, schedule={"lanes": lanes})
        return Pipeline(graph, engine="lockstep", durations={"a": 0.035, "b": 0.035})

    assert "brings the utilisation to 105 %" in refused(two(1))
    with two(2) as running:
        running.advance(2)
        assert all(stats.miss_rate == 0 for stats in running.stats().values())


def test_a_slowdown_that_comes_later_is_announced_and_late_rather_than_none():
    took, said = [0.01], []
    running = pipeline(lambda stage, variant: took[0], deadline="20ms", policy="fixed")
    running.on_announce(lambda announce: said.append(announce.state))
    with running:
        running.advance(1)
        took[0] = 0.05
        running.advance(2)
        assert "infeasible" in said
        assert running.stats()["pilot"].late > 5


def test_latency_that_is_added_for_an_experiment_is_not_refused():
    text = GRAPH.format(deadline="100ms", rate="2fps", policy="fixed", lanes=1).replace(
        "rate:", "added_latency: 400ms\n    rate:"
    )
    with Pipeline(Graph.parse(text), engine="lockstep", durations=of(0.01, 0.01)) as running:
        running.advance(3)
        assert running.stats()["pilot"].late > 0


def test_live_what_was_timed_counts_and_check_says_it_too():
    graph = Graph.parse(GRAPH.format(deadline="1us", rate="10fps", policy="latency", lanes=1), file="rover.yaml")
    assert "timed just now" in refused(Pipeline(graph))
    with pytest.raises(ConfigError, match=r"rover.yaml:5: stages.pilot.deadline: .* a deadline of .* would fit"):
        check(graph)


def test_check_says_what_each_variant_takes():
    notes = check(Graph.parse(GRAPH.format(deadline="1s", rate="1fps", policy="latency", lanes=1)))
    assert [note.split(":")[1] for note in notes] == [" pilot_small", " pilot_large"]
    assert all(" ms on " in note for note in notes)


def test_check_refuses_a_budget_below_what_the_board_takes_idle():
    stages = {"pilot": {"model": "pilot_small"}}
    schedule = {"policy": "power", "budget": "0.1W"}
    graph = Graph(cameras={"cam": "synthetic:64x48"}, stages=stages, schedule=schedule)
    with pytest.raises(ConfigError, match=r"schedule.budget: found 0.1 W, expected more watts than"):
        check(graph)


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ({"policy": "power", "budget": "2W"}, "schedule.budget: found 2 W, expected more watts than .* idle, 2.5 W"),
        ({"policy": "battery", "hours": 8, "capacity": 20}, "hours: found 8 h from 20 Wh, expected at most the 8 h"),
        (
            {"policy": "battery", "until": "18:30", "capacity": 20},
            "until: found until 18:30, which is 18.5 h from 20 Wh, expected at most the 8 h",
        ),
        ({"policy": "battery", "hours": 1, "capacity": 5, "reserve": 6}, "from 0 Wh, expected at most the 0 h"),
        (
            {"policy": "accuracy_floor", "accuracy": 0.8},
            "found 0.8, expected at most 0.6435, which pilot_small",
        ),
    ],
)
def test_what_no_schedule_can_reach_is_refused(schedule, said):
    stages = {"pilot": {"model": "pilot_small"}}
    graph = Graph(cameras={"cam": "synthetic:64x48"}, stages=stages, schedule=schedule)
    with pytest.raises(ConfigError, match=said):
        Pipeline(graph, engine="lockstep").start()


def test_hours_that_can_be_reached_are_not_refused():
    stages = {"pilot": {"model": "pilot_small"}}
    schedule = {"policy": "battery", "hours": 8, "capacity": 40}
    graph = Graph(cameras={"cam": "synthetic:64x48?fps=10"}, stages=stages, schedule=schedule)
    with Pipeline(graph, engine="lockstep") as running:
        assert running.advance(1)
