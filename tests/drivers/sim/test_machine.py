"""The whole rover: bytes in, motion out, the same however often it is called; pure pursuit shows it can be driven."""

import math
from collections import deque

import pytest

from edgeai_drivers.framing import Deframer, encode_cobs, encode_json_line
from edgeai_drivers.sim.world.body import Build
from edgeai_drivers.sim.world.machine import RoverMachine
from edgeai_drivers.sim.world.pursuit import pursue

MS = 1_000_000
FRAME = 33_333_333


def pursued(seed, latency_ms, seconds, start=0):
    """Drive by pure pursuit from the true pose, each command `latency_ms` late."""
    rover, build, wire = RoverMachine(seed), Build(), deque()
    for frame in range(round(seconds * 30)):
        now = start + frame * FRAME
        while wire and wire[0][0] <= now:
            arrival, data = wire.popleft()
            rover.feed(data, arrival)
        rover.advance(now)
        wire.append((now + latency_ms * MS, encode_json_line({"steering": pursue(rover.course, rover.pose, build)})))
    return rover.truth()


def test_it_stands_on_the_line_until_it_is_told_to_drive():
    rover = RoverMachine(3)
    rover.advance(0)
    rover.advance(2000 * MS)
    truth = rover.truth()
    assert (truth.distance, truth.speed, truth.laps, truth.off_line) == (0.0, 0.0, 0, False)
    assert truth.cross_track_error == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("start", [0, 123_456_789_012_345])
def test_the_outcome_does_not_depend_on_how_often_it_is_called(start):
    def drive(calls):
        rover = RoverMachine(3)
        rover.advance(start)
        for command in range(20):
            t = start + command * 37 * MS
            rover.feed(encode_json_line({"steering": math.sin(command)}), t)
            for call in range(1, calls + 1):
                rover.advance(t + call * 37 * MS // (calls + 1))
        rover.advance(start + 900 * MS)
        return rover.truth()

    assert drive(0) == drive(1) == drive(13)


def test_time_that_goes_back_changes_nothing():
    rover = RoverMachine(3)
    rover.advance(500 * MS)
    rover.feed(encode_json_line({"steering": 0.2}), 700 * MS)
    before = rover.truth()
    rover.advance(100 * MS)
    assert rover.truth() == before


def test_it_stops_when_commands_cease():
    rover = RoverMachine(3)
    rover.feed(encode_json_line({"steering": 0.0}), 0)
    rover.advance(500 * MS)
    assert rover.truth().speed > 0.7
    rover.advance(3000 * MS)
    assert rover.truth().speed < 0.01
    assert rover.counts.stops == 1


def test_it_cruises_at_the_speed_asked_for():
    rover = RoverMachine(3, cruise=0.5, protocol="cobs")
    for tick in range(40):
        rover.feed(encode_cobs({"steering": 0.1}), tick * 50 * MS)
    assert rover.truth().speed == pytest.approx(0.5, abs=0.01)


def test_telemetry_comes_ten_times_a_second_in_the_same_framing():
    rover = RoverMachine(3)
    rover.advance(0)
    rover.advance(1000 * MS)
    reports = Deframer("jsonl").feed(rover.take())
    assert len(reports) == 10
    assert {"speed", "steering", "distance", "accepted", "left", "right", "driving", "stops"} < set(reports[0])


@pytest.mark.parametrize("seed", [3, 100, 104])
def test_pure_pursuit_keeps_to_the_line_and_laps_are_counted(seed):
    truth = pursued(seed, 20, seconds=40)
    assert truth.departures == 0
    assert truth.max_cross_track_error < 0.06
    assert truth.laps == int(truth.distance / RoverMachine(seed).course.length) >= 1


@pytest.mark.parametrize("seed", [3, 100, 104])
def test_with_400_ms_of_latency_it_leaves_the_line(seed):
    truth = pursued(seed, 400, seconds=20)
    assert truth.departures >= 1
    assert truth.max_cross_track_error > 0.25


def test_driving_against_the_course_counts_no_laps():
    rover = RoverMachine(3)
    for tick in range(200):
        rover.feed(encode_json_line({"steering": 0.0, "throttle": -0.4}), tick * 50 * MS)
    assert rover.truth().distance > 3.0
    assert rover.truth().laps == 0
