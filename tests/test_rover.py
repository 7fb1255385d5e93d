"""The embedded default in virtual time: the loop from camera through pilot and serial line to the wheels is closed."""

import pytest

from edgeai import Graph, Pipeline
from edgeai.power.boards import load_board

LAP_LIMIT = 60  # seconds a lap may take at most


def drive(seed, pilot, seconds, latency=0.02, laps=5):
    """Drive a course of this seed until so many laps are done or the time is up; return the rover's last reading."""
    graph = Graph(
        cameras={"front": {"driver": "track", "world": "rover"}},
        sensors={"rover": {"driver": "rover", "seed": seed}},
        stages={"pilot": {"input": "front", "model": pilot}},
        outputs={"motors": {"driver": "serial", "port": "sim:rover"}},
    )
    with Pipeline(graph, engine="lockstep", durations={"pilot": latency}) as pipeline:
        rover = pipeline.latest("rover")
        for _ in pipeline.rate(1):
            truth = rover.get().value
            if truth["laps"] >= laps or pipeline.clock.now() > seconds * 1e9 or truth["off_line"]:
                return truth
    raise AssertionError("the pipeline ended by itself")


@pytest.mark.parametrize("seed", [901, 902, 903, 904, 905])
def test_the_large_pilot_completes_five_laps_of_an_unseen_course(seed):
    truth = drive(seed, "pilot_large", 5 * LAP_LIMIT)
    assert truth["laps"] >= 5
    assert truth["departures"] == 0


def test_with_400_ms_of_latency_the_rover_leaves_the_line():
    truth = drive(901, "pilot_large", 5 * LAP_LIMIT, latency=0.4)
    assert truth["departures"] > 0
    assert truth["laps"] < 5


def test_without_commands_the_rover_stands():
    graph = Graph(
        cameras={"front": {"driver": "track", "world": "rover"}},
        sensors={"rover": {"driver": "rover", "seed": 1}},
        stages={"idle": {"input": "front", "call": lambda frame: frame.seq}},
    )
    with Pipeline(graph, engine="lockstep") as pipeline:
        pipeline.advance(5)
        assert pipeline.latest("rover").get().value["distance"] == 0


def share_of_time(budget, time):
    """Drive so many seconds on a budget; return the variants used and the share of time that the lane worked."""
    seconds = {"pilot_large": 0.030, "pilot_medium": 0.010, "pilot_small": 0.003}
    graph = Graph(
        cameras={"front": {"driver": "track", "world": "rover"}},
        sensors={"rover": {"driver": "rover", "seed": 901}},
        stages={"pilot": {"input": "front", "model": list(seconds), "deadline": "100ms"}},
        schedule={"policy": "power", "budget": budget},
    )
    with Pipeline(graph, engine="lockstep", durations=lambda stage, variant: seconds[variant]) as pipeline:
        results = pipeline.stream("pilot", depth=4000)
        pipeline.advance(time)
        pipeline.stop()
        used = [result.variant for result in results]
    return used, sum(seconds[variant] for variant in used) / time


def test_under_a_budget_the_ladder_spends_what_there_is_and_no_more():
    board = load_board("generic")
    plenty, _ = share_of_time(board.idle.value + board.core.value + 1, 20)
    assert plenty.count("pilot_large") > 0.95 * len(plenty)
    tight = 0.4 * board.core.value
    used, share = share_of_time(board.idle.value + tight, 60)
    assert share * board.core.value <= 1.02 * tight
    assert share * board.core.value >= 0.9 * tight
    assert len(set(used)) > 1
