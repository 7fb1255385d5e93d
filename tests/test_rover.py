"""The embedded default in virtual time: the loop from camera through pilot and serial line to the wheels is closed."""

import pytest

from edgeai import Graph, Pipeline

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
