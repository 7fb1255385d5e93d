from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeai.messages import MeterReading
from edgeai.power.boards import load_board
from edgeai.power.plausible import Guard

NS = 1_000_000_000
PI4 = load_board("pi4")


class Bench:
    """A guarded meter that is read once a second; `read` returns what may be used."""

    def __init__(self, board=PI4, interval=1.0):
        self.guard = Guard("ina", board, interval=interval)
        self.interval = interval
        self.t = 0
        self.said = []

    def read(self, load=None, age=0.0, **told):
        self.t += int(self.interval * NS)
        told = {"measures": "board"} | told
        checked = self.guard.check(MeterReading("ina", self.t - int(age * NS), **told), self.t, load)
        self.said += [(a.state, a.cause) for a in checked.announcements]
        return checked.reading


def noisy(k):
    return 3.0 + 0.01 * (k % 7)


def test_an_honest_meter_passes_unchanged():
    bench = Bench()
    for k in range(200):
        reading = bench.read(
            load=k % 2, watts=noisy(k) + k % 2, celsius=50 + (k % 10) / 2, throttled=False, joules=9e4 - 4 * k
        )
        assert None not in (reading.watts, reading.celsius, reading.throttled, reading.joules)
    assert (bench.said, bench.guard.rejected) == ([], {})


@pytest.mark.parametrize(
    ("watts", "cause"),
    [
        (-0.5, "negative"),
        (0.0, "out of range"),
        (40.0, "out of range"),
        (math.nan, "not a number"),
        (math.inf, "not a number"),
    ],
)
def test_absurd_power_is_rejected_and_announced_once(watts, cause):
    bench = Bench()
    bench.read(watts=3.0)
    assert [bench.read(watts=watts).watts for _ in range(5)] == [None] * 5
    assert bench.guard.rejected == {("watts", cause): 5}
    assert bench.said == [("watts rejected", cause)]


def test_recovery_is_announced_once_and_only_after_three_good_values():
    bench = Bench()
    bench.read(watts=3.0)
    bench.read(watts=math.nan)
    assert [bench.read(watts=noisy(k)).watts for k in range(4)] == [None, None, noisy(2), noisy(3)]
    assert bench.said == [("watts rejected", "not a number"), ("watts trusted", None)]


def test_a_good_value_between_two_lies_is_not_believed():
    bench = Bench()
    for k in range(10):
        reading = bench.read(watts=-1.0 if k % 2 == 0 else 3.0)
        assert reading.watts is None
    assert bench.said == [("watts rejected", "negative")]


def test_no_power_at_all_is_absurd_at_the_boards_input_but_not_on_a_rail():
    assert Bench().read(watts=0.0).watts is None
    assert Bench().read(watts=0.0, measures="rails").watts == 0.0
    assert Bench().guard.trusted == {}


def test_a_negative_rail_is_called_negative():
    bench = Bench()
    assert bench.read(watts=-0.1, measures="rails").watts is None
    assert bench.guard.rejected == {("watts", "negative"): 1}


def test_a_battery_may_feed_motors_too():
    assert Bench().read(watts=400.0, measures="battery").watts == 400.0


def test_one_bad_quantity_leaves_the_others():
    reading = Bench().read(watts=math.nan, celsius=50.0, throttled=True, joules=1e4)
    assert (reading.watts, reading.celsius, reading.throttled, reading.joules) == (None, 50.0, True, 1e4)


def test_a_stale_reading_is_rejected_whole():
    bench = Bench()
    assert bench.read(watts=3.0, celsius=50.0).watts == 3.0
    reading = bench.read(watts=3.0, celsius=50.0, age=6.0)
    assert (reading.watts, reading.celsius) == (None, None)
    assert bench.said == [("watts rejected", "stale"), ("celsius rejected", "stale")]


def test_a_meter_that_is_polled_seldom_may_be_older():
    assert Bench(interval=10.0).read(watts=3.0, age=40.0).watts == 3.0


def test_a_reading_from_the_future_is_rejected():
    bench = Bench()
    assert bench.read(watts=3.0, age=-2.0).watts is None
    assert bench.read(watts=3.0, age=-0.5).watts is None


def test_a_reading_given_again_counts_once():
    bench = Bench()
    reading = MeterReading("ina", NS, watts=3.0, measures="board")
    assert [bench.guard.check(reading, NS + k, 0.0).reading.watts for k in range(50)] == [3.0] * 50
    assert bench.guard.check(reading, 7 * NS).reading.watts is None


def test_an_older_reading_cannot_slip_by():
    bench = Bench()
    bench.read(watts=3.0)
    older = MeterReading("ina", bench.t - NS // 2, watts=math.nan, measures="board")
    assert bench.guard.check(older, bench.t).reading.watts == 3.0


def test_a_frozen_meter_is_found_out_by_the_load():
    bench = Bench()
    used = [bench.read(load=0.2 + 0.5 * (k >= 20), watts=3.0).watts for k in range(60)]
    assert used[30] is None
    assert used[29] == 3.0
    assert bench.said == [("watts rejected", "frozen")]
    assert [bench.read(load=0.5, watts=noisy(k)).watts is None for k in range(1, 4)] == [True, True, False]


@pytest.mark.parametrize("load", [None, 0.5])
def test_a_steady_value_under_a_steady_or_unknown_load_is_honest(load):
    bench = Bench()
    assert all(bench.read(load=load, watts=3.0).watts == 3.0 for _ in range(1000))


def test_a_frozen_thermometer_is_judged_by_the_mean_load():
    quick, slow = Bench(), Bench()
    for k in range(1500):
        assert quick.read(load=k % 2, celsius=60.0).celsius == 60.0
        reading = slow.read(load=float(k > 500), celsius=60.0)
    assert reading.celsius is None
    assert slow.said == [("celsius rejected", "frozen")]


def test_heat_takes_time():
    bench = Bench()
    assert bench.read(celsius=45.0).celsius == 45.0
    assert bench.read(celsius=75.0).celsius == 75.0
    assert bench.read(celsius=18.0).celsius is None
    assert bench.said == [("celsius rejected", "jump")]


def test_a_leap_that_stays_becomes_true():
    bench = Bench()
    bench.read(joules=1e4)
    used = [bench.read(joules=2e5 - k).joules for k in range(5)]
    assert used == [None, None, 2e5 - 2, 2e5 - 3, 2e5 - 4]
    assert bench.said == [("joules rejected", "jump"), ("joules trusted", None)]


def test_wild_values_never_become_true():
    bench = Bench()
    bench.read(celsius=45.0)
    for k in range(50):
        assert bench.read(celsius=115.0 if k % 2 else -30.0).celsius is None


def test_a_gauge_that_stands_still_while_energy_is_drawn_is_frozen():
    bench = Bench(interval=10.0)
    used = [bench.read(joules=1000.0, watts=5.0 + k % 3, measures="battery").joules for k in range(6)]
    assert used == [1000.0] * 5 + [None]
    assert bench.said == [("joules rejected", "frozen")]


def test_a_full_battery_on_mains_may_stand_still():
    bench = Bench(interval=10.0)
    assert all(bench.read(joules=1000.0, measures="battery").joules == 1000.0 for _ in range(100))


def test_a_lost_meter_is_announced_once_and_so_is_its_return():
    bench = Bench()
    bench.read(watts=3.0, celsius=50.0)
    lost = bench.guard.silent(bench.t, "unplugged")
    assert [(a.state, a.cause, a.why) for a in lost] == [
        ("watts rejected", "lost", "unplugged"),
        ("celsius rejected", "lost", "unplugged"),
    ]
    assert bench.guard.silent(bench.t + NS, "unplugged") == ()
    for k in range(3):
        bench.read(watts=noisy(k), celsius=50.0)
    assert bench.said == [("watts trusted", None), ("celsius trusted", None)]


def test_a_meter_that_never_spoke_has_nothing_to_lose():
    assert Guard("ina", PI4).silent(NS, "absent") == ()


def test_silence_becomes_stale():
    bench = Bench()
    bench.read(watts=3.0)
    assert bench.guard.silent(bench.t + 5 * NS) == ()
    (announcement,) = bench.guard.silent(bench.t + 5 * NS + 1)
    assert (announcement.cause, announcement.meter) == ("stale", "ina")


def test_modelled_power_is_nobodys_measurement():
    bench = Bench()
    assert all(bench.read(load=k % 2, watts=1.0, basis="modelled").watts == 1.0 for k in range(100))
    assert bench.read(watts=math.nan, basis="modelled").watts is None


VALUES = st.one_of(st.floats(), st.floats(0, 20), st.just(3.0))


@given(st.lists(st.tuples(VALUES, VALUES, st.one_of(st.none(), st.floats(0, 1))), max_size=60))
def test_whatever_a_meter_says_only_the_possible_gets_through(said):
    bench = Bench()
    for watts, celsius, load in said:
        reading = bench.read(load=load, watts=watts, celsius=celsius)
        assert reading.watts is None or 0.48 <= reading.watts <= 18.36
        assert reading.celsius is None or -40 <= reading.celsius <= 125
    trust = [state for state, _ in bench.said if state.startswith("watts")]
    assert trust == ["watts rejected", "watts trusted"] * (len(trust) // 2) + ["watts rejected"] * (len(trust) % 2)
