"""What is said when a machine was not at rest while it was measured."""

from __future__ import annotations

import pytest

from edgeai.clock import NS, VirtualClock
from edgeai.power.boards import load_board
from edgeai.workbench.profile_machine import Watch

PI4 = load_board("pi4")


class Machine:
    """A folder that stands for `/`, and a clock."""

    def __init__(self, root):
        self.root, self.clock = root, VirtualClock(NS)
        self.work(0)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")

    def work(self, ticks):
        cpu = f"{ticks} 0 0 99 0 0 0 0 0 0"
        self.write("proc/stat", f"cpu  {cpu}\ncpu0 {cpu}")

    def frequency(self, policy, now, most):
        for name, value in (("cur", now), ("min", 600_000), ("max", most)):
            self.write(f"sys/devices/system/cpu/cpufreq/policy{policy}/scaling_{name}_freq", value)
        self.write(f"sys/devices/system/cpu/cpufreq/policy{policy}/scaling_governor", "ondemand")

    def heat(self, celsius):
        self.write("sys/class/thermal/thermal_zone0/type", "cpu-thermal")
        self.write("sys/class/thermal/thermal_zone0/temp", round(celsius * 1000))


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def watched(machine, **later):
    """Return the warnings of a watch of ten seconds in which the machine changed."""
    watch = Watch(machine.clock, PI4, str(machine.root))
    for what, arguments in later.items():
        getattr(machine, what)(*arguments)
    watch.look()
    machine.clock.sleep_until(machine.clock.now() + 10 * NS)
    found = watch.warnings()
    watch.close()
    return found


def test_a_machine_at_rest_is_not_mentioned(machine):
    machine.frequency(0, 1_500_000, 1_500_000)
    machine.heat(50)
    assert watched(machine) == ()


def test_other_programs_are_named_by_the_cores_they_took(machine):
    (said,) = watched(machine, work=(2000,))
    assert said.startswith("other programs kept ")
    cores = float(said.split()[3])
    assert 1.5 < cores <= 2.0  # what the tests themselves spend meanwhile is taken off


def test_a_clock_that_is_held_down_is_named(machine):
    machine.frequency(0, 1_500_000, 1_500_000)
    assert "the clock was at 60 % of its highest" in watched(machine, frequency=(0, 900_000, 1_500_000))[0]


def test_cores_that_idle_beside_quick_ones_are_no_throttling(machine):
    machine.frequency(0, 600_000, 1_500_000)
    machine.frequency(4, 2_000_000, 2_000_000)
    assert watched(machine) == ()


def test_heat_at_which_the_board_throttles_is_named(machine):
    machine.heat(70)
    assert "the processor reached 82 °C" in watched(machine, heat=(82.4,))[0]
