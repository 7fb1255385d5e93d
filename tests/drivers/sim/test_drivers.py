"""The two drivers: a sensor that is the rover, met over a serial line, and the camera it carries."""

import os
import select

import numpy as np
import pytest

from edgeai.clock import SystemClock, VirtualClock
from edgeai.errors import ConfigError, DeviceError
from edgeai_drivers.framing import encode_cobs, encode_json_line
from edgeai_drivers.sim._line import Pty
from edgeai_drivers.sim.rover import Rover
from edgeai_drivers.sim.track import Track

MS = 1_000_000


@pytest.fixture
def rover():
    with Rover("rover", Rover.Options(seed=3)) as rover:
        yield rover


@pytest.fixture
def track(rover):
    with Track("front", Track.Options()) as track:
        track.attach({"rover": rover})
        yield track


def test_commands_over_the_link_move_the_rover_in_virtual_time(rover):
    clock = VirtualClock(5_000 * MS)
    rover.open(clock)
    link = rover.link()
    link.write(encode_json_line({"steering": 0.0}))
    reading = None
    while clock.now() < 5_400 * MS:
        reading = rover.read(1.0)
    assert reading["speed"] > 0.6
    assert reading["distance"] > 0.1
    assert reading.stamp == reading.timing.raw
    assert reading["off_line"] == 0.0
    assert rover.port is None


def test_readings_come_at_the_rate_asked_for():
    rover = Rover("rover", Rover.Options(seed=3, rate=20))
    rover.open(VirtualClock())
    stamps = [rover.read(1.0).stamp for _ in range(4)]
    assert stamps == [0, 50 * MS, 100 * MS, 150 * MS]


def test_the_rover_starts_anew_each_time_it_is_opened(rover):
    clock = VirtualClock()
    rover.open(clock)
    rover.link().write(encode_json_line({"steering": 0.0}))
    rover.pose_at(400 * MS)
    rover.close()
    rover.open(clock)
    assert rover.read(0.0)["distance"] == 0.0


def test_the_rover_speaks_cobs_when_asked():
    rover = Rover("rover", Rover.Options(seed=3, protocol="cobs"))
    rover.open(VirtualClock())
    start = rover.pose_at(0)
    rover.link().write(encode_cobs({"steering": 0.0, "throttle": 0.5}))
    assert rover.pose_at(400 * MS) != start


def test_live_the_rover_is_a_serial_port(rover):
    rover.open(SystemClock())
    with rover.link() as port:
        assert port.port == rover.port
        assert port.write(encode_json_line({"steering": 0.5})) > 0
    assert rover.read(1.0).values is not None


def test_bytes_cross_the_pty_both_ways():
    line = Pty()
    with line.connect() as port:
        port.write(b"\x00command\n")
        select.select([line._controller], [], [], 5)
        assert line.receive() == b"\x00command\n"
        assert line.receive() == b""
        line.send(b"telemetry\n")
        select.select([port.fileno()], [], [], 5)
        assert port.read(100) == b"telemetry\n"
    line.close()


def test_telemetry_that_nobody_reads_does_not_block():
    line = Pty()
    for _ in range(100):
        line.send(b"x" * 1000)
    line.close()


def test_the_wire_lasts_until_the_rover_and_every_port_are_closed(rover):
    rover.open(SystemClock())
    path, port = rover.port, rover.link()
    rover.close()
    assert port.write(b"last words\n") == 11
    port.close()
    assert not os.path.exists(path)


def test_a_line_that_nobody_opened_ends_with_the_rover(rover):
    rover.open(SystemClock())
    path = rover.port
    rover.close()
    assert not os.path.exists(path)


def test_a_link_needs_an_open_rover(rover):
    with pytest.raises(DeviceError, match="not open"):
        rover.link()


def test_the_track_shows_the_rover_s_view_at_its_rate(rover, track):
    clock = VirtualClock()
    rover.open(clock)
    track.open(clock)
    frames = [track.read(1.0) for _ in range(3)]
    assert [frame.seq for frame in frames] == [0, 1, 2]
    assert [frame.stamp for frame in frames] == [0, 33_333_333, 66_666_666]
    assert frames[0].size == (160, 120)
    assert not np.array_equal(frames[0].image, frames[1].image), "the sensor's noise is new in each frame"


def test_one_seed_gives_one_film():
    def film():
        clock, rover, track = VirtualClock(), Rover("r", Rover.Options(seed=5)), Track("t", Track.Options(world="r"))
        track.attach({"r": rover})
        rover.open(clock)
        track.open(clock)
        rover.link().write(encode_json_line({"steering": 0.2}))
        return [track.read(1.0).image for _ in range(10)]

    assert all(np.array_equal(a, b) for a, b in zip(film(), film(), strict=True))


def test_a_misspelt_world_is_found_before_anything_opens(rover):
    track = Track("front", Track.Options(world="rovr"))
    with pytest.raises(ConfigError, match=r"cameras\.front\.world: found 'rovr'.*did you mean 'rover'"):
        track.attach({"rover": rover})


@pytest.mark.parametrize("size", [(160, 160), (8, 8)])
def test_sizes_that_cannot_be_rendered_are_problems(size):
    assert [problem.path for problem in Track("front", Track.Options(size=size)).check()] == ["cameras.front.size"]


@pytest.mark.parametrize("cruise", [0.0, -1.0, 2.0, float("nan")])
def test_speeds_that_cannot_be_driven_are_problems(cruise):
    assert [p.path for p in Rover("rover", Rover.Options(cruise=cruise)).check()] == ["sensors.rover.cruise"]


def test_the_defaults_have_no_problems():
    assert Rover("rover", Rover.Options()).check() == []
    assert Track("front", Track.Options()).check() == []
    assert [d.missing for d in (*Rover.devices(), *Track.devices())] == ["", ""]
