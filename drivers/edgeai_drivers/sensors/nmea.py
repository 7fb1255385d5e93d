"""A GPS receiver that writes NMEA 0183 sentences to a serial port, by pynmea2."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from edgeai.driver import NS, Capture, Column, Device, vendor
from edgeai_drivers.ports import list_devices

from ._serial import SerialSensor, SerialSensorOptions
from .serial_lines import LineBuffer

_LONGEST = 120
"""Characters of a sentence: the standard allows 82, some receivers write more."""
_KNOT = 1852 / 3600
"""m/s."""
_NONE = math.nan


@dataclass(frozen=True, kw_only=True)
class NmeaOptions(SerialSensorOptions):
    """The port, and the sentence that makes a reading.

    sentence: a reading comes with each one of this kind; what the other kinds tell is the newest at that moment.
    """

    baud: int = 9600
    sentence: Literal["GGA", "RMC", "GLL"] = "GGA"


class Nmea(SerialSensor):
    """Where the receiver is.

    Without a fix `quality` is 0 and the position NaN: the receiver is there and does not know. Anything it has not
    told is NaN too. Stamps are the UTC of the fix, counted from midnight, as a clock of the receiver's own. Lines that
    are no sentence or fail their checksum are skipped and counted; sentences of other kinds are passed over.
    """

    Options = NmeaOptions
    columns = (
        Column("latitude", "deg"),
        Column("longitude", "deg"),
        Column("altitude", "m"),
        Column("speed", "m/s"),
        Column("course", "deg"),
        Column("quality"),
        Column("satellites"),
        Column("hdop"),
    )
    headline = ("latitude", "longitude", "quality")

    @classmethod
    def devices(cls) -> list[Device]:
        """List the serial ports of this machine: which of them is a receiver, nobody can know."""
        return list_devices("nmea", needs=("pynmea2", "nmea"))

    def _begin(self) -> None:
        self._pynmea2: Any = vendor("pynmea2", "nmea")
        self._lines = LineBuffer(_LONGEST)
        self._known = {column.name: _NONE for column in self.columns} | {"quality": 0.0}

    def _parse(self, data: bytes) -> Iterator[Capture]:
        self._lines.feed(data)
        for line in self._lines:
            sentence = self._sentence(line)
            if sentence is None:
                self.rejected += 1
                continue
            kind = getattr(sentence, "sentence_type", None)
            if kind in _READERS:
                self._known |= _READERS[kind](sentence)
            if kind == self.options.sentence:
                yield self._capture(line, sentence)

    def _sentence(self, line: bytes) -> Any:
        """Return the sentence of a line, or None where it is damaged; one without a checksum is."""
        try:
            return self._pynmea2.parse(line.decode("ascii"), check=True)
        except self._pynmea2.SentenceTypeError:
            return ""
        except ValueError:  # ParseError and ChecksumError are such, and so are bytes that are no ASCII
            return None

    def _capture(self, line: bytes, sentence: Any) -> Capture:
        values = [self._known[column.name] for column in self.columns]
        raw = _time_of_day(sentence)
        return Capture(values, raw, "none" if raw is None else "device", encoded=line)


def _position(sentence: Any, *, fixed: bool) -> dict[str, float]:
    latitude, longitude = _number(sentence, "latitude"), _number(sentence, "longitude")
    told = sentence.lat and sentence.lat_dir in ("N", "S") and sentence.lon and sentence.lon_dir in ("E", "W")
    if fixed and told and abs(latitude) <= 90 and abs(longitude) <= 180:
        return {"latitude": latitude, "longitude": longitude}
    return {"latitude": _NONE, "longitude": _NONE}


def _gga(sentence: Any) -> dict[str, float]:
    quality = _number(sentence, "gps_qual")
    told = {"altitude": "altitude", "satellites": "num_sats", "hdop": "horizontal_dil"}
    values = {name: _number(sentence, field) for name, field in told.items()}
    return _position(sentence, fixed=quality > 0) | values | {"quality": 0.0 if math.isnan(quality) else quality}


def _rmc(sentence: Any) -> dict[str, float]:
    fixed = sentence.status == "A"
    speed, course = _number(sentence, "spd_over_grnd") * _KNOT, _number(sentence, "true_course")
    return _position(sentence, fixed=fixed) | {"speed": speed, "course": course, "quality": float(fixed)}


def _gll(sentence: Any) -> dict[str, float]:
    fixed = sentence.status == "A"
    return _position(sentence, fixed=fixed) | {"quality": float(fixed)}


_READERS = {"GGA": _gga, "RMC": _rmc, "GLL": _gll}


def _number(sentence: Any, field: str) -> float:
    """Return a field as a finite number, or NaN: a checksum of eight bits lets strange ones through."""
    try:
        told = getattr(sentence, field)
        value = _NONE if told in (None, "") else float(told)
    except (ValueError, TypeError, AttributeError, IndexError):
        return _NONE
    return value if math.isfinite(value) else _NONE


def _time_of_day(sentence: Any) -> int | None:
    """Return the UTC of a fix in ns since midnight."""
    try:
        time: datetime.time = sentence.timestamp
        seconds = time.hour * 3600 + time.minute * 60 + time.second
    except (ValueError, TypeError, AttributeError):
        return None
    return seconds * NS + time.microsecond * 1000
