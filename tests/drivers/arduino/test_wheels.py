"""The Arduino sketch, compiled for this machine: it speaks the documented protocol, and stops its wheels in silence."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from edgeai_drivers.framing import Deframer, encode_binary

HERE = Path(__file__).parent
SKETCH = HERE.parents[2] / "drivers" / "arduino" / "wheels"
HALF = encode_binary({"steering": 0.0, "throttle": 0.5, "expires": 200})


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Path:
    if shutil.which("g++") is None:
        pytest.skip("there is no g++ to compile the sketch with")
    path = tmp_path_factory.mktemp("arduino") / "wheels"
    strict = ["-std=c++11", "-Wall", "-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    subprocess.run(["g++", *strict, f"-I{SKETCH}", "-o", path, HERE / "harness.cpp"], check=True)
    return path


@pytest.fixture
def play(program):
    """Give the sketch bytes at times in ms; return for each (left, right, odometry or None)."""

    def run(*turns: tuple[int, bytes]) -> list[tuple[int, int, dict | None]]:
        lines = "".join(f"{at} {data.hex() or '-'}\n" for at, data in turns)
        told = subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout
        deframer, states = Deframer("binary"), []
        for line in told.splitlines():
            left, right, frame = line.split()
            messages = [] if frame == "-" else deframer.feed(bytes.fromhex(frame))
            states.append((int(left), int(right), messages[0] if messages else None))
        assert deframer.counts.corrupt == deframer.counts.malformed == 0
        return states

    return run


def test_a_command_turns_the_wheels_until_it_expires(play):
    states = play((1000, HALF), (1199, b""), (1200, b""), (1219, b""))
    assert [state[:2] for state in states] == [(127, 127), (127, 127), (0, 0), (0, 0)]
    assert (states[1][2]["driving"], states[-1][2]["driving"], states[-1][2]["stops"]) == (1, 0, 1)


def test_no_command_is_good_for_more_than_half_a_second(play):
    forever = encode_binary({"throttle": 1.0, "expires": 65_535})
    assert [state[:2] for state in play((0, forever), (499, b""), (500, b""))] == [(255, 255), (255, 255), (0, 0)]


def test_steering_to_the_left_drives_the_right_side_faster(play):
    ((left, right, _),) = play((1000, encode_binary({"steering": 0.5, "throttle": 0.25, "expires": 100})))
    assert (left, right) == (-63, 191)


def test_odometry_is_read_by_the_driver(play):
    told = play((70, b""), (90, b""))[1][2]
    assert told == {"seq": 2, "micros": 90_000, "left": -20, "right": 0, "driving": 0, "stops": 0}


def test_a_damaged_command_moves_nothing_and_the_next_is_obeyed(play):
    for position in range(len(HALF) - 1):
        damaged = bytearray(HALF)
        damaged[position] ^= 0x04
        states = play((1000, bytes(damaged)), (1001, b"\0" + HALF))
        assert [state[:2] for state in states] == [(0, 0), (127, 127)]


def test_garbage_of_any_length_moves_nothing(play):
    chance = random.Random(5)
    noise = [chance.randbytes(chance.randrange(1, 300)) for _ in range(300)]
    states = play(*((1000 + i, data) for i, data in enumerate(noise)), (2000, b"\0" + HALF))
    assert {state[:2] for state in states[:-1]} == {(0, 0)}
    assert states[-1][:2] == (127, 127)
