"""The motor controller obeys valid commands, counts everything else, and stops when nobody speaks."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeai_drivers.framing import encode_binary, encode_cobs, encode_json_line
from edgeai_drivers.sim.world.body import Command
from edgeai_drivers.sim.world.controller import WATCHDOG_NS, Controller

MS = 1_000_000


def test_a_command_is_obeyed_and_other_keys_are_ignored():
    controller = Controller()
    controller.feed(b'{"steering":-0.25,"throttle":0.5,"stream":"pilot","seq":7,"stamp":12}\n', 0)
    assert controller.command(1) == Command(-0.25, 0.5)
    assert controller.counts.accepted == 1


def test_steering_alone_cruises():
    controller = Controller(cruise=0.6)
    assert controller.command(0) == Command(0.0, 0.0)
    controller.feed(b'{"steering":0.1}\n', 0)
    assert controller.command(0) == Command(0.1, 0.6)


@pytest.mark.parametrize(("protocol", "encode"), [("jsonl", encode_json_line), ("cobs", encode_cobs)])
def test_both_protocols_arrive_byte_by_byte(protocol, encode):
    controller = Controller(protocol)
    for byte in encode({"steering": 0.5, "throttle": 0.25}):
        controller.feed(bytes([byte]), 0)
    assert controller.command(0) == Command(0.5, 0.25)


def test_without_a_command_for_half_a_second_the_motor_stops_and_starts_again():
    controller = Controller()
    controller.feed(b'{"steering":0.3,"throttle":0.4}\n', 10 * MS)
    assert controller.command(10 * MS + WATCHDOG_NS - 1).throttle == 0.4
    assert controller.command(10 * MS + WATCHDOG_NS) == Command(0.3, 0.0)
    assert controller.command(900 * MS).throttle == 0.0
    assert controller.counts.stops == 1
    controller.feed(b'{"steering":0.3,"throttle":0.4}\n', 1000 * MS)
    assert controller.command(1000 * MS).throttle == 0.4


def test_an_invalid_command_does_not_keep_the_motor_running():
    controller = Controller()
    controller.feed(b'{"throttle":0.4}\n', 0)
    controller.feed(b'{"throttle":null}\n', 400 * MS)
    assert controller.command(WATCHDOG_NS).throttle == 0.0


@pytest.mark.parametrize("value", ["1e999", "-1e999", "true", "null", '"0.5"', "[1]", "{}", "9" * 400])
def test_what_is_not_a_finite_number_is_rejected(value):
    controller = Controller()
    controller.feed(f'{{"steering":0.5,"throttle":{value}}}\n'.encode(), 0)
    assert controller.command(0) == Command()
    assert controller.counts.rejected == 1


def test_values_beyond_the_range_are_clamped_and_counted():
    controller = Controller()
    controller.feed(b'{"steering":7,"throttle":-1.5}\n', 0)
    assert controller.command(0) == Command(1.0, -1.0)
    assert controller.counts.clamped == 1


def test_a_message_without_a_command_is_rejected():
    controller = Controller()
    controller.feed(b'{"objects":[]}\n', 0)
    assert controller.counts.rejected == 1
    assert controller.counts.accepted == 0


@pytest.mark.parametrize("protocol", ["jsonl", "cobs", "binary"])
@given(chunks=st.lists(st.binary(max_size=200), max_size=20))
@settings(max_examples=150, deadline=None)
def test_hostile_bytes_never_raise_and_never_move_the_rover_out_of_range(protocol, chunks):
    controller = Controller(protocol)
    for t, chunk in enumerate(chunks):
        controller.feed(chunk, t)
    command = controller.command(len(chunks))
    assert -1.0 <= command.steering <= 1.0
    assert -1.0 <= command.throttle <= 1.0


@given(
    message=st.dictionaries(
        st.sampled_from(["steering", "throttle", "seq"]),
        st.one_of(st.floats(), st.integers(), st.none(), st.text(max_size=5), st.lists(st.integers(), max_size=2)),
    )
)
@settings(max_examples=150, deadline=None)
def test_any_json_object_is_obeyed_in_range_or_counted(message):
    controller = Controller()
    controller.feed(json.dumps(message).encode() + b"\n", 0)
    command, counts = controller.command(0), controller.counts
    assert math.isfinite(command.steering)
    assert math.isfinite(command.throttle)
    assert counts.accepted + counts.rejected + counts.frames.malformed == 1


@pytest.mark.parametrize(("expires", "stopped"), [(100, 100), (0, 0), (60_000, 500)])
def test_a_command_expires_when_it_says_and_half_a_second_later_at_the_latest(expires, stopped):
    controller = Controller("binary")
    controller.feed(encode_binary({"steering": 0.5, "throttle": 0.25, "expires": expires}), 0)
    if stopped:
        assert controller.command(stopped * MS - 1) == Command(0.5, 0.25)
        assert controller.driving
    assert controller.command(stopped * MS) == Command(0.5, 0.0)
    assert not controller.driving
    assert controller.counts.stops == 1


def test_telemetry_nobody_takes_is_dropped_not_hoarded():
    controller = Controller()
    for number in range(10_000):
        controller.report({"number": number})
    taken = controller.take()
    assert len(taken) <= 4096
    assert taken.startswith(b'{"number":0}\n')
    assert controller.take() == b""
