"""Pins that are read, on a board of simulated pins."""

from __future__ import annotations

import gpiozero
import pytest

from edgeai.clock import NS, VirtualClock
from edgeai.errors import ConfigError, DeviceError, DeviceNotFound
from edgeai_drivers.sensors.gpio import Gpio


@pytest.fixture
def switches(board):
    with Gpio("switches", Gpio.Options(pins={"bumper": 17, "start": 27})) as sensor:
        assert sensor.check() == []
        sensor.open(VirtualClock())
        yield sensor


def test_a_switch_to_ground_is_active_when_closed(switches, board):
    assert switches.read(1.0).values == (0.0, 0.0, 0.0, 0.0)
    board.pin(17).drive_low()
    assert switches.read(1.0).as_dict() == {"bumper": 1, "bumper_count": 1, "start": 0, "start_count": 0}
    assert switches.read(1.0).stamp == 2 * NS // 50


def test_a_press_between_two_readings_is_counted(switches, board):
    for _ in range(3):
        board.pin(27).drive_low()
        board.pin(27).drive_high()
    reading = switches.read(1.0)
    assert (reading["start"], reading["start_count"]) == (0, 3)


@pytest.mark.parametrize(("pins", "columns"), [(17, ["pin17"]), ("17,27", ["pin17", "pin27"])])
def test_pins_without_names_are_called_by_their_numbers(board, pins, columns):
    with Gpio("switches", Gpio.Options(pins=pins, pull="down")) as sensor:
        sensor.open(VirtualClock())
        assert [column.name for column in sensor.columns][::2] == columns
        board.pin(17).drive_high()
        assert sensor.read(1.0)["pin17"] == 1.0


def test_pins_are_free_again_when_closed(switches):
    switches.close()
    switches.open(VirtualClock())
    other = Gpio("other", Gpio.Options(pins=17))
    with pytest.raises(DeviceError, match="give each device pins of its own"):
        other.open(VirtualClock())


def test_a_pin_that_no_board_has_is_refused(board):
    with pytest.raises(ConfigError, match="by their BCM numbers"):
        Gpio("switches", Gpio.Options(pins=99)).open(VirtualClock())


@pytest.mark.parametrize("pins", ["", "seventeen", "17,17", {}])
def test_what_names_no_pins_is_refused_before_anything_opens(pins):
    (problem,) = Gpio("switches", Gpio.Options(pins=pins)).check()
    assert problem.path == "sensors.switches.pins"


def test_a_machine_without_pins_says_what_would_give_it_some(monkeypatch):
    def none(*_, **__):
        raise gpiozero.BadPinFactory("Unable to load any default pin factory!")

    monkeypatch.setattr(gpiozero.Device, "pin_factory", None)
    monkeypatch.setattr(gpiozero.Device, "_default_pin_factory", none)
    with pytest.raises(DeviceNotFound, match="on a Raspberry Pi, pip install lgpio"):
        Gpio("switches", Gpio.Options(pins=17)).open(VirtualClock())
    assert "pip install lgpio" in Gpio.devices()[0].missing
