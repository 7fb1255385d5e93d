"""Motors are driven by fresh results alone, and stand still when commands stop, whoever stopped sending them."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys

import pytest

from edgeai.clock import VirtualClock
from edgeai.errors import ConfigError, DeviceError, DeviceLost
from edgeai.messages import Column, Detections, Regression
from edgeai_drivers.framing import Deframer
from edgeai_drivers.outputs.motors import Motors
from edgeai_drivers.sensors.nmea import Nmea
from edgeai_drivers.sim.rover import Rover

MS = 1_000_000


class Controller:
    """A controller's end of a serial line."""

    def __init__(self):
        self.master, self._slave = os.openpty()
        os.set_blocking(self.master, False)
        self.path = os.ttyname(self._slave)
        self._deframer = Deframer("binary")

    def heard(self) -> list[dict]:
        data = b""
        while select.select([self.master], [], [], 0)[0]:
            data += os.read(self.master, 4096)
        return self._deframer.feed(data)

    def close(self):
        os.close(self._slave)
        os.close(self.master)


@pytest.fixture
def controller():
    made = Controller()
    yield made
    made.close()


@pytest.fixture
def motors(controller):
    clock = VirtualClock(5_280 * MS + 100 * MS)  # 100 ms after the stamp of the fixture's result
    with Motors("motors", Motors.Options(port=controller.path)) as output:
        output.open(clock)
        output.clock = clock
        yield output


def drive(steering=0.25, throttle=0.5):
    return Regression((steering, throttle), (Column("steering"), Column("throttle")))


def test_a_command_carries_what_is_left_of_its_time(motors, controller, result):
    motors.write(result(drive()), None)
    assert controller.heard() == [{"seq": 1, "expires": 200, "steering": 0.25, "throttle": 0.5}]


def test_a_result_that_has_expired_is_not_sent(motors, controller, result):
    motors.clock.sleep_until(5_580 * MS)
    motors.write(result(drive()), None)
    assert controller.heard() == []
    assert motors.expired == 1


def test_two_sides_are_mixed_into_steering_and_throttle(motors, controller, result):
    motors.write(result({"left": 0.25, "right": 0.75}), None)
    motors.write(result({"left": -3, "right": 1}), None)
    commands = [(command["steering"], command["throttle"]) for command in controller.heard()]
    assert commands == [(0.25, 0.5), (1.0, 0.0)]


def test_what_no_motor_can_be_driven_by_is_refused(motors, controller, result, detections):
    for bad in (float("nan"), float("inf"), 10**400):
        with pytest.raises(DeviceError, match="by which no motor is driven"):
            motors.write(result({"steering": bad, "throttle": 0.1}), None)
    with pytest.raises(DeviceError, match="have it give steering and throttle, or left and right"):
        motors.write(result(detections), None)
    with pytest.raises(DeviceError, match=r"gives no throttle: write constants: \{throttle: 0.4\}"):
        motors.write(result(Regression((0.5,), (Column("steering"),))), None)
    assert isinstance(detections, Detections)
    assert controller.heard() == []


def test_to_make_them_safe_and_to_close_them_is_a_stop(motors, controller):
    motors.make_safe()
    motors.close()
    assert controller.heard() == [{"seq": n, "expires": 0, "steering": 0.0, "throttle": 0.0} for n in (1, 2)]


def test_a_controller_that_was_unplugged_is_lost(motors, controller, result):
    os.close(controller.master)
    try:
        with pytest.raises(DeviceLost, match="motors has lost"):
            motors.write(result(drive()), None)
    finally:
        controller.master = os.open("/dev/null", os.O_RDONLY)


def test_commands_that_never_expire_are_refused():
    problems = Motors("motors", Motors.Options(port="/dev/ttyACM0", expires=2.0)).check()
    assert [(problem.path, problem.expected) for problem in problems] == [
        ("outputs.motors.expires", "above 0, at most 500ms")
    ]


def test_motors_take_no_other_stop_than_their_own():
    (problem,) = Motors("motors", Motors.Options(port="/dev/ttyACM0", safe={"throttle": 0})).check()
    assert problem.path == "outputs.motors.safe"


def test_another_protocol_than_the_simulated_rovers_is_refused():
    rover = Rover("rover", Rover.Options(protocol="cobs"))
    with pytest.raises(ConfigError, match="binary, while rover speaks cobs"):
        Motors("motors", Motors.Options(port="sim:rover")).attach({"rover": rover})


def test_a_sensor_that_is_no_motor_controller_is_refused():
    gps = Nmea("gps", Nmea.Options(port="/dev/ttyACM0"))
    with pytest.raises(ConfigError, match="found gps, which is none, expected a motor controller"):
        Motors("motors", Motors.Options(port="sensor:gps")).attach({"gps": gps})


@pytest.mark.parametrize("protocol", ["binary", "cobs", "jsonl"])
def test_the_simulated_rover_drives_and_stops_when_commands_stop(protocol, result):
    clock = VirtualClock(5_280 * MS)
    rover = Rover("rover", Rover.Options(protocol=protocol))
    motors = Motors("motors", Motors.Options(port="sim:rover", protocol=protocol))
    motors.attach({"rover": rover})
    with rover, motors:
        rover.open(clock)
        motors.open(clock)
        for seq in range(7, 27):
            motors.write(result(drive(0.0, 0.5), seq), None)
            while clock.now() < 5_280 * MS + (seq - 6) * 40 * MS:
                moving = rover.read(0.04)
        assert moving["speed"] > 0.5
        while clock.now() < 8_000 * MS:
            standing = rover.read(0.04)
        assert standing["speed"] < 0.01


def test_a_killed_program_leaves_no_wheel_turning():
    program = (
        "import sys\n"
        "from edgeai.clock import NS, SystemClock\n"
        "from edgeai.messages import Result\n"
        "from edgeai_drivers.outputs.motors import Motors\n"
        "clock = SystemClock()\n"
        "motors = Motors('motors', Motors.Options(port=sys.argv[1]))\n"
        "motors.open(clock)\n"
        "while True:\n"
        "    now = clock.now()\n"
        "    motors.write(Result('pilot', 0, now, {'steering': 0.0, 'throttle': 0.5}, ()), None)\n"
        "    clock.sleep_until(now + NS // 50)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "edgeai_drivers.sim.world"], stdout=subprocess.PIPE, text=True
    ) as rover:
        told = (json.loads(line) for line in rover.stdout)
        port = next(told)["port"]
        with subprocess.Popen([sys.executable, "-c", program, port]) as driver:
            assert next(state for state in told if state["speed"] > 0.3)["driving"]
            driver.send_signal(signal.SIGKILL)
        stopped = next(state for state in told if not state["driving"])
        assert stopped["stops"] == 1
        assert next(state for state in told if state["speed"] < 0.01)
        rover.terminate()
