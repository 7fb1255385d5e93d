from __future__ import annotations

from edgeai.messages import MeterReading
from edgeai.power.board_state import combine
from edgeai.power.boards import Power

MODEL = Power(3.3, "modelled")


def test_without_a_meter_the_board_table_tells_and_says_so():
    situation = combine([], MODEL)
    assert (situation.watts, situation.basis, situation.meter) == (3.3, "modelled", "board table")
    assert (situation.celsius, situation.throttled, situation.joules) == (None, None, None)


def test_what_was_measured_at_the_input_comes_before_what_was_modelled():
    fitted = MeterReading("pmic", 1, watts=5.0, measures="board", basis="modelled")
    measured = MeterReading("ina", 1, watts=4.6, measures="board")
    assert combine([fitted, measured], MODEL).meter == "ina"
    assert combine([fitted], MODEL) == combine([fitted, MeterReading("ina", 1, measures="board")], MODEL)


def test_less_or_more_than_the_board_is_not_its_power():
    package = MeterReading("rapl", 1, watts=9.0, measures="cpu")
    pack = MeterReading("battery", 1, watts=80.0, joules=5e4, measures="battery")
    situation = combine([package, pack], MODEL)
    assert (situation.watts, situation.basis, situation.joules) == (3.3, "modelled", 5e4)


def test_the_worst_of_several_counts():
    zones = [MeterReading("a", 1, celsius=50.0), MeterReading("b", 1, celsius=70.0)]
    throttling = [MeterReading("c", 1, throttled=False), MeterReading("d", 1, throttled=True)]
    packs = [MeterReading("e", 1, joules=1.0), MeterReading("f", 1, joules=2.0)]
    situation = combine([*zones, *throttling, *packs], MODEL)
    assert (situation.celsius, situation.throttled, situation.joules) == (70.0, True, 3.0)
