"""Where the wheels have rolled, whatever the line or the controller does in between."""

from __future__ import annotations

import math
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeai.clock import VirtualClock
from edgeai.errors import DeviceError, DeviceLost
from edgeai_drivers.framing import Deframer, encode_binary
from edgeai_drivers.outputs.motors import Motors
from edgeai_drivers.sensors.odometry import Journey, Odometry
from edgeai_drivers.sim.world.body import Build
from edgeai_drivers.sim.world.machine import RoverMachine

MS = 1_000_000
WHEELS = {"ticks_per_metre": 1000.0, "track": 0.5}


def told(seq, micros, left, right, driving=1, stops=0):
    names = ("seq", "micros", "left", "right", "driving", "stops")
    return dict(zip(names, (seq, micros, left, right, driving, stops), strict=True))


@pytest.fixture
def wheels(opened):
    return opened(Odometry, **WHEELS)


def test_wheels_that_roll_alike_go_straight(wheels, line):
    line.send(encode_binary(told(1, 0, 0, 0)) + encode_binary(told(2, 500_000, 1000, 1000)))
    first, second = wheels.read(5.0), wheels.read(5.0)
    assert (first["x"], first["speed"]) == (0.0, 0.0)
    assert (second["x"], second["y"], second["heading"], second["speed"]) == (1.0, 0.0, 0.0, 2.0)
    assert (second.timing.clock, second.timing.raw) == ("device", 500 * MS)


def test_the_right_wheel_alone_turns_to_the_left(wheels, line):
    line.send(encode_binary(told(1, 0, 0, 0)) + encode_binary(told(2, 1_000_000, 0, 250)))
    wheels.read(5.0)
    reading = wheels.read(5.0)
    assert reading["heading"] == pytest.approx(0.5)
    assert reading["turn_rate"] == pytest.approx(0.5)


def test_a_lost_message_loses_no_way_and_is_counted(wheels, line):
    line.send(b"".join(encode_binary(told(seq, seq * 100_000, seq * 10, seq * 10)) for seq in (1, 2, 5)))
    readings = [wheels.read(5.0) for _ in range(3)]
    assert [reading.seq for reading in readings] == [0, 1, 4]
    assert readings[-1]["left"] == pytest.approx(0.04)


def test_damaged_frames_are_counted_and_skipped(wheels, line):
    frame = bytearray(encode_binary(told(2, 1000, 5, 5)))
    frame[8] ^= 0x10
    line.send(b"\xff\x13\x00" + bytes(frame) + b"x" * 2000 + b"\x00" + encode_binary(told(3, 2000, 5, 5)))
    assert wheels.read(5.0)["stops"] == 0
    assert wheels.read(0.0) is None
    assert wheels.rejected == 3


def test_counters_that_wrap_run_on():
    journey = Journey(1000.0, 0.5)
    journey.follow(told(0xFFFF, (1 << 32) - 50_000, (1 << 31) - 5, -(1 << 31)))
    values = journey.follow(told(0, 50_000, -(1 << 31) + 5, (1 << 31) - 10))
    assert values[5:7] == pytest.approx((0.01, -0.01))
    assert journey.lost == 0


def test_a_controller_that_restarts_does_not_throw_the_robot_across_the_room():
    journey = Journey(1000.0, 0.5)
    journey.follow(told(900, 60_000_000, 50_000, 50_000))
    journey.follow(told(901, 60_100_000, 50_100, 50_100))
    assert journey.follow(told(0, 20_000, 0, 0))[:3] == pytest.approx((0.1, 0.0, 0.0))
    assert journey.follow(told(1, 120_000, 100, 100))[0] == pytest.approx(0.2)


def test_it_agrees_with_the_simulated_rover():
    rover, build = RoverMachine(3, cruise=0.8, protocol="binary"), Build()
    journey, start, values = Journey(build.ticks_per_metre, build.track), rover.pose, None
    deframer = Deframer("binary")
    for tick in range(200):
        rover.feed(encode_binary({"steering": 0.6, "throttle": 0.5}), tick * 20 * MS)
        for message in deframer.feed(rover.take()):
            values = journey.follow(message)
    truth, (x, y, heading) = rover.truth(), values[:3]
    turned = (start.x + x * math.cos(start.heading) - y * math.sin(start.heading)) - truth.x
    raised = (start.y + x * math.sin(start.heading) + y * math.cos(start.heading)) - truth.y
    assert math.hypot(turned, raised) < 0.1, "the way of the last tenth of a second"
    assert math.remainder(start.heading + heading - truth.heading, math.tau) == pytest.approx(0, abs=0.3)


def test_an_output_drives_over_the_port_that_the_sensor_reads(wheels, line):
    motors = Motors("motors", Motors.Options(port="sensor:sensor"))
    motors.attach({"sensor": wheels})
    motors.open(VirtualClock())
    motors.make_safe()
    assert os.read(line.master, 100) == encode_binary({"seq": 1})
    wheels.close()
    motors.close()


def test_the_port_is_shared_by_the_driver_that_goes_on_in_place_of_one_that_hangs(wheels, line):
    other = wheels.anew()
    wheels.close()
    with pytest.raises(DeviceError, match="open it first"):
        wheels.link()
    other.open(VirtualClock())
    wheels.link().close()
    other.close()


def test_unplugged_wheels_are_lost(wheels, line):
    line.unplug()
    with pytest.raises(DeviceLost):
        wheels.read(5.0)


def test_wheels_of_no_size_are_refused():
    problems = Odometry("wheels", Odometry.Options(port="p", ticks_per_metre=0, track=-1)).check()
    assert [problem.path for problem in problems] == ["sensors.wheels.ticks_per_metre", "sensors.wheels.track"]


@given(chunks=st.lists(st.binary(max_size=64), max_size=20))
@settings(max_examples=200, deadline=None)
def test_hostile_bytes_never_raise(chunks):
    wheels = Odometry("wheels", Odometry.Options(port="loop://", **WHEELS))
    wheels.open(VirtualClock())
    for chunk in chunks:
        assert list(wheels._parse(chunk)) == []
    wheels.close()


@given(values=st.lists(st.tuples(*[st.integers(0, 1 << 32)] * 4), max_size=10))
@settings(max_examples=200, deadline=None)
def test_any_message_gives_finite_values_or_none(values):
    journey = Journey(1000.0, 0.5)
    for seq, micros, left, right in values:
        told_values = journey.follow(told(seq, micros, left, right))
        assert told_values is None or all(math.isfinite(value) for value in told_values)
