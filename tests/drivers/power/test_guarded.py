"""A meter that lies, freezes and disappears, from the chip's files to what a scheduler is told."""

from __future__ import annotations

import pytest

from edgeai.clock import NS, VirtualClock
from edgeai.errors import DeviceError
from edgeai.power.board_state import combine
from edgeai.power.boards import load_board
from edgeai.power.plausible import Guard
from edgeai_drivers.power.hwmon_ina import HwmonIna

PI4 = load_board("pi4")


class Rig:
    """Polls a guarded meter once a second and keeps what is announced."""

    def __init__(self, tree, opened):
        self.tree = tree
        self.clock = VirtualClock(NS)
        self.set(watts=3.0)
        self.meter = opened(HwmonIna, self.clock, root=tree.root)
        self.guard = Guard("ina", PI4)
        self.said = []

    def set(self, watts):
        self.tree.hwmon(2, "ina219", in1_input=5000, curr1_input=round(watts * 200), power1_input=round(watts * 1e6))

    def poll(self, load=0.5):
        self.clock.sleep_until(self.clock.now() + NS)
        now = self.clock.now()
        try:
            checked = self.guard.check(self.meter.read(), now, load)
        except DeviceError as error:
            self.said += self.guard.silent(now, str(error))
            return combine([], PI4.power([load]))
        self.said += checked.announcements
        return combine([checked.reading], PI4.power([load]))


@pytest.fixture
def rig(tree, opened):
    return Rig(tree, opened)


def test_while_it_lies_the_board_table_stands_in_and_both_edges_are_announced(rig):
    assert (rig.poll().watts, rig.poll().basis) == (3.0, "measured")
    rig.set(watts=0.0)
    for _ in range(5):
        situation = rig.poll()
        assert (situation.basis, situation.meter) == ("modelled", "board table")
        assert situation.watts == pytest.approx(1.6 + 0.5 * 4 * 0.755)
    rig.set(watts=3.1)
    assert [rig.poll().basis for _ in range(3)] == ["modelled", "modelled", "measured"]
    assert [(a.state, a.cause) for a in rig.said] == [("watts rejected", "out of range"), ("watts trusted", None)]


def test_when_it_freezes_the_load_gives_it_away(rig):
    bases = [rig.poll(load=0.1 + 0.8 * (k > 10)).basis for k in range(40)]
    assert bases[:30] == ["measured"] * 30
    assert bases[-1] == "modelled"
    assert [a.cause for a in rig.said] == ["frozen"]


def test_when_it_disappears_and_comes_back_under_another_number(rig):
    rig.poll()
    folder = rig.tree.path / "sys/class/hwmon/hwmon2"
    folder.rename(rig.tree.path / "gone")
    assert [rig.poll().basis for _ in range(5)] == ["modelled"] * 5
    (rig.tree.path / "gone").rename(folder.with_name("hwmon6"))
    assert [rig.poll().basis for _ in range(3)] == ["modelled", "modelled", "measured"]
    assert [a.cause for a in rig.said] == ["lost", None]
    assert "finds no ina219" in rig.said[0].why
