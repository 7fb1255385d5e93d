"""Pins that are switched and driven: on while results are fresh, off when they stop."""

from __future__ import annotations

import threading

import pytest

from edgeai.clock import NS, VirtualClock
from edgeai.errors import DeviceError
from edgeai.messages import Column, Regression
from edgeai_drivers.outputs._held import Held, number_of
from edgeai_drivers.outputs.gpio import Gpio
from edgeai_drivers.outputs.pwm import Pwm

CAPTURED = 5_280_000_000
"""The stamp of the fixture's result, ns."""


@pytest.fixture
def clock():
    return VirtualClock(CAPTURED)


@pytest.fixture
def opened_pin(board, clock):
    outputs = []

    def open_pin(kind, **options):
        output = kind("lamp", kind.Options(**options))
        assert output.check() == []
        output.open(clock)
        outputs.append(output)
        return output

    yield open_pin
    for output in outputs:
        output.close()


def wait_for(change):
    """Give gpiozero's own thread turns until something is so."""
    turn = threading.Event()
    return any(change() or turn.wait(0.01) for _ in range(500))


def test_a_detection_switches_the_pin_on_and_silence_off(opened_pin, board, clock, result, detections):
    lamp = opened_pin(Gpio, pin=17, hold=0.5)
    lamp.write(result(detections), None)
    assert wait_for(lambda: board.pin(17).state == 1)
    clock.sleep_until(CAPTURED + NS // 2)
    assert wait_for(lambda: board.pin(17).state == 0)


def test_a_label_switches_by_its_own_count(opened_pin, board, result, detections):
    lamp = opened_pin(Gpio, pin=17, value="cat")
    lamp.write(result(detections), None)
    assert lamp._held.at(CAPTURED) == 0.0
    other = opened_pin(Gpio, pin=27, value="dog")
    other.write(result(detections), None)
    assert other._held.at(CAPTURED) == 1.0


def test_a_duty_cycle_follows_the_value(opened_pin, board, clock, result, steering):
    fan = opened_pin(Pwm, pin=18, value="speed", full=3.0)
    fan.write(result(steering), None)
    assert wait_for(lambda: board.pin(18).state == pytest.approx(0.5))
    clock.sleep_until(CAPTURED + NS)
    assert wait_for(lambda: board.pin(18).state == 0)


def test_closing_switches_off(opened_pin, board, result, detections):
    lamp = opened_pin(Gpio, pin=17)
    lamp.write(result(detections), None)
    assert wait_for(lambda: board.pin(17).state == 1)
    pin = board.pin(17)
    lamp.close()
    assert pin.function == "input" or pin.state == 0


def test_what_was_held_expires_to_the_nanosecond():
    held = Held()
    assert held.at(0) == 0.0
    held.put(0.7, until=100)
    assert (held.at(99), held.at(100)) == (0.7, 0.0)


def test_a_result_without_the_number_is_refused_with_those_it_has(result, steering):
    with pytest.raises(DeviceError, match=r"name one of \['speed', 'steering'\] as `value`"):
        number_of(result(steering), "throttle")
    with pytest.raises(DeviceError, match="gives no number"):
        number_of(result(Regression((float("nan"),), (Column("a"),))), "a")
    with pytest.raises(DeviceError, match="gives no number"):
        number_of(result({"huge": 10**400}), "huge")
    assert number_of(result(Regression((0.5,), (Column("a"),))), None) == 0.5
