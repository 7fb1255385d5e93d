"""Times as logs write them, to integer nanoseconds without rounding through floats."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from edgeai.clock import NS
from edgeai.errors import RecordingError

__all__ = ["UNITS", "TimeUnit", "nanoseconds", "since_1970", "unit_of"]

TimeUnit = Literal["s", "ms", "us", "ns"]
UNITS: dict[str, int] = {"s": NS, "ms": 10**6, "us": 10**3, "ns": 1}
"""Nanoseconds in each unit."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,2})?")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,12}))?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_LARGEST = 1 << 63
_EPOCH = ((10**17, "ns"), (10**14, "us"), (10**11, "ms"), (10**8, "s"))
"""From which number on a time counts from 1970 in that unit: all dates from 1973 to 2262 fall into these."""


def nanoseconds(text: str, unit: TimeUnit) -> int | None:
    """Return a time in ns: a number in `unit`, or a date with time of day (UTC where it names no zone), or None."""
    text = text.strip()
    if _NUMBER.fullmatch(text):
        ns = Decimal(text) * UNITS[unit]
        return round(ns) if abs(ns) < _LARGEST else None
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    day, time, fraction, zone = match.groups()
    try:
        whole = datetime.fromisoformat(f"{day}T{time}{zone or '+00:00'}") - datetime(1970, 1, 1, tzinfo=UTC)
    except ValueError:
        return None
    return (whole.days * 86400 + whole.seconds) * NS + int((fraction or "0").ljust(9, "0")[:9])


def unit_of(texts: Sequence[str], where: str) -> TimeUnit:
    """Tell the unit of a column of times from how the numbers look.

    Numbers from 10^8 on count from 1970, in s below 10^11, ms below 10^14, us below 10^17, ns above. Smaller ones are
    seconds when they have a decimal point. Dates have no unit to tell. Raises RecordingError for small whole numbers,
    which might be anything: `where` names the file in its sentence.
    """
    numbers = [text.strip() for text in texts if _NUMBER.fullmatch(text.strip())]
    if not numbers:
        return "s"
    largest = max(abs(Decimal(text)) for text in numbers)
    for bound, unit in _EPOCH:
        if largest >= bound:
            return unit  # type: ignore[return-value]
    if any(not text.lstrip("+-").isdigit() for text in numbers):
        return "s"
    raise RecordingError(
        f"{where}: times such as {numbers[0]!r} may be in any unit: give time_unit (s, ms, us or ns), or name the unit "
        "in the file's header, as in 'time [ms]'"
    )


def since_1970(stamp: int) -> Literal["utc", "media"]:
    """Name the clock of a stamp (ns) by its size: from 1973 on it is a date."""
    return "utc" if stamp >= 10**17 else "media"
