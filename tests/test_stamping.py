from __future__ import annotations

import pytest

from edgeai.clock import NS, SystemClock, offset_to_monotonic
from edgeai.stamping import Stamper, clock_of, detect_clock

MS = 1_000_000


def stamps(stamper: Stamper, clock, pairs):
    return [stamper.stamp(clock, raw, arrival)[0] for raw, arrival in pairs]


def test_a_monotonic_stamp_is_taken_as_it_is():
    stamp, timing = Stamper().stamp("monotonic", 5 * MS, 9 * MS)
    assert (stamp, timing.clock, timing.raw, timing.offset) == (5 * MS, "monotonic", 5 * MS, 0)


def test_a_capture_without_a_stamp_bears_its_arrival_and_says_so():
    stamp, timing = Stamper().stamp("none", None, 9 * MS)
    assert (stamp, timing.clock, timing.raw) == (9 * MS, "none", None)


def test_a_stamp_never_lies_in_the_future():
    assert Stamper().stamp("monotonic", 12 * MS, 9 * MS)[0] == 9 * MS


def test_stamps_never_run_backwards():
    assert stamps(Stamper(), "monotonic", [(8 * MS, 9 * MS), (7 * MS, 10 * MS)]) == [8 * MS, 8 * MS]


def test_media_time_counts_from_the_first_arrival():
    pairs = [(3 * NS, 100), (3 * NS + 40 * MS, 100 + 41 * MS)]
    assert stamps(Stamper(), "media", pairs) == [100, 100 + 40 * MS]


def test_media_time_slips_when_its_reader_is_more_than_a_second_late():
    stamper = Stamper()
    assert stamper.media_due(0, 0) == 0
    assert stamper.media_due(40 * MS, 900 * MS) == 40 * MS
    assert stamper.media_due(80 * MS, 3 * NS) == 3 * NS
    assert stamper.media_due(120 * MS, 3 * NS) == 3 * NS + 40 * MS


def test_a_free_running_counter_is_mapped_by_its_shortest_transit():
    stamper = Stamper()
    assert stamps(stamper, "device", [(0, 1000 * MS + 9), (10 * MS, 1010 * MS + 2), (20 * MS, 1020 * MS + 7)]) == [
        1000 * MS + 9,
        1010 * MS + 2,
        1020 * MS + 2,
    ]
    assert stamper.stamp("device", 30 * MS, 1030 * MS + 5)[1].uncertainty == 3


def test_a_counter_that_drifts_is_followed_after_the_window():
    stamper = Stamper()
    late = [stamper.stamp("device", second * NS, second * NS + second * MS)[0] for second in range(60)]
    assert 59 * NS + 59 * MS - late[-1] <= 20 * MS


def test_a_counter_that_jumps_back_was_restarted_and_is_measured_anew():
    stamper = Stamper()
    stamper.stamp("device", 500 * NS, 10 * NS)
    assert stamper.stamp("device", 0, 11 * NS)[0] == 11 * NS


def test_boottime_is_measured_against_the_monotonic_clock():
    now = SystemClock().now()
    raw = now - offset_to_monotonic("boottime")[0] - 5 * MS
    stamp, timing = Stamper().stamp("boottime", raw, now)
    assert timing.clock == "boottime"
    assert stamp == pytest.approx(now - 5 * MS, abs=1 * MS)


OFFSETS = {"monotonic": 0, "boottime": -300 * NS, "utc": -1_700_000_000 * NS}


@pytest.mark.parametrize("clock", ["monotonic", "boottime", "utc"])
@pytest.mark.parametrize("age", [0, 33 * MS, 400 * MS])
def test_the_clock_of_a_stamp_is_recognised(clock, age):
    now = 5000 * NS
    assert clock_of(now - age - OFFSETS[clock], now, OFFSETS) == clock


def test_a_stamp_of_no_known_clock_is_none():
    assert clock_of(123 * NS, 5000 * NS, OFFSETS) == "none"
    assert clock_of(0, 5000 * NS, OFFSETS) == "none"


def test_of_clocks_that_agree_the_first_named_is_meant():
    now = 5000 * NS
    assert clock_of(now - 20 * MS, now, {"monotonic": 0, "boottime": -200}) == "monotonic"
    assert clock_of(now - 20 * MS, now, {"monotonic": 0, "boottime": 200}) == "monotonic"


def test_a_short_sleep_of_the_machine_tells_the_two_clocks_apart():
    now, slept = 5000 * NS, 300 * MS
    offsets = {"monotonic": 0, "boottime": -slept}
    assert clock_of(now - 30 * MS, now, offsets) == "monotonic"
    assert clock_of(now - 30 * MS + slept, now, offsets) == "boottime"


def test_the_running_system_clocks_are_recognised():
    now = SystemClock().now()
    assert detect_clock(now - 10 * MS, now) == "monotonic"
    assert detect_clock(now - offset_to_monotonic("utc")[0] - 10 * MS, now) == "utc"
