"""What a GPS receiver says, with and without a fix, damaged or not."""

from __future__ import annotations

import math

import pynmea2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeai.clock import VirtualClock
from edgeai.errors import DeviceLost
from edgeai_drivers.sensors.nmea import Nmea


def sentence(kind, fields):
    return str(getattr(pynmea2, kind)("GP", kind, fields.split(","))).encode()


GGA = sentence("GGA", "120000.50,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,")
RMC = sentence("RMC", "120000.50,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W")
NO_FIX = sentence("GGA", "120001.50,,,,,0,00,99.9,,,,,,")


@pytest.fixture
def gps(opened):
    return opened(Nmea)


def test_a_real_log_gives_its_one_fix(gps, line, assets):
    line.send(b"\n" + (assets / "sensors/nmea.log").read_bytes() + b"\n")
    reading = gps.read(5.0)
    assert reading["latitude"] == pytest.approx(-(19 + 29.045 / 60))
    assert reading["longitude"] == pytest.approx(24 + 10.506 / 60)
    assert (reading["altitude"], reading["satellites"], reading["hdop"], reading["quality"]) == (100.0, 4, 2.6, 1)
    assert gps.read(0.0) is None
    assert gps.rejected == 1, "foobar"


def test_position_speed_and_course_of_several_sentences_are_one_reading(gps, line):
    line.send(b"\n" + RMC + b"\r\n" + GGA + b"\r\n")
    reading = gps.read(5.0)
    assert reading["latitude"] == pytest.approx(48 + 7.038 / 60)
    assert reading["speed"] == pytest.approx(22.4 * 1852 / 3600)
    assert reading["course"] == 84.4
    assert (reading.timing.clock, reading.timing.raw) == ("device", 43_200_500_000_000)
    assert reading.encoded == GGA


def test_without_a_fix_there_is_no_position(gps, line):
    line.send(b"\n" + RMC + b"\n" + NO_FIX + b"\n")
    reading = gps.read(5.0)
    assert reading["quality"] == 0
    assert math.isnan(reading["latitude"])
    assert math.isnan(reading["longitude"])


def test_a_receiver_without_gga_is_read_by_rmc(opened, line):
    gps = opened(Nmea, sentence="RMC")
    line.send(b"\n" + RMC + b"\n")
    assert gps.read(5.0)["longitude"] == pytest.approx(11 + 31 / 60)


def test_a_flipped_bit_is_counted_and_never_a_position(gps, line):
    damaged = bytearray(GGA)
    damaged[20] ^= 1
    line.send(b"\n" + bytes(damaged) + b"\n" + GGA.partition(b"*")[0] + b"\n" + GGA + b"\n")
    assert gps.read(5.0)["latitude"] == pytest.approx(48 + 7.038 / 60)
    assert gps.rejected == 2


def test_an_unplugged_receiver_is_lost(gps, line):
    line.unplug()
    with pytest.raises(DeviceLost, match="plug it back in"):
        gps.read(5.0)


def test_without_its_library_the_device_list_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert {device.missing for device in Nmea.devices()} == {"pynmea2 is not installed: pip install 'edgeai[nmea]'"}


FIELDS = st.text("0123456789.,NSEWAV-", max_size=60)


@given(lines=st.lists(st.one_of(FIELDS.map(str.encode), st.binary(max_size=200)), max_size=6))
@settings(max_examples=200, deadline=None)
def test_hostile_sentences_give_readings_in_range_or_none(lines):
    gps = Nmea("gps", Nmea.Options(port="loop://"))
    gps.open(VirtualClock())
    for body in lines:
        for kind in (b"GPGGA,", b"GPRMC,"):
            checksum = b"*%02X" % pynmea2.NMEASentence.checksum((kind + body).decode("latin-1"))
            for capture in gps._parse(b"\n$" + kind + body + checksum + b"\n"):
                latitude, longitude = capture.data[:2]
                assert math.isnan(latitude) or abs(latitude) <= 90
                assert math.isnan(longitude) or abs(longitude) <= 180
                assert not any(math.isinf(value) for value in capture.data)
    gps.close()
