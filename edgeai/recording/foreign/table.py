"""Tables of times in text files: columns by commas, semicolons, tabs or blanks, with a header or without one."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from edgeai.errors import RecordingError
from edgeai.messages import Column
from edgeai.recording.foreign.times import UNITS, TimeUnit, nanoseconds, unit_of

__all__ = ["Table", "read_table"]

_LINE_LIMIT = 1 << 16
_SAMPLE = 64
"""Rows looked at to learn how a file is written."""
_TITLED = re.compile(r"(.*?)\s*(?:[(\[]([^)\]]*)[)\]]|:\s*(\S+))")
_TIME = re.compile(r"(?:t|time|timestamp|stamp|time_?stamp)(?:_(s|ms|us|ns))?", re.IGNORECASE)
_UNIT_WORDS = {"sec": "s", "seconds": "s", "msec": "ms", "usec": "us", "µs": "us", "nsec": "ns"}


@dataclass(frozen=True, slots=True)
class Table:
    """A text file of rows in time: where the time is, in which unit, and what the other columns are.

    `columns` holds every column, the time's too; `first` is the first row of values; `headed`: a line of names comes
    before it.
    """

    path: Path
    separator: str
    columns: tuple[Column, ...]
    time: int
    unit: TimeUnit
    first: tuple[str, ...]
    headed: bool

    @property
    def times_only(self) -> bool:
        """True when a line holds a time and nothing else."""
        return len(self.columns) == 1

    def rows(self) -> Iterator[tuple[int | None, tuple[str, ...]]]:
        """Yield (stamp in ns or None when it is none, fields) for each line that is not empty or a comment.

        Raises RecordingError when the file cannot be read.
        """
        body = (line for line in _lines(self.path) if not line.startswith("#"))
        for line in islice(body, 1 if self.headed else 0, None):
            fields = _split(line, self.separator)
            yield nanoseconds(fields[self.time], self.unit) if self.time < len(fields) else None, fields


def read_table(path: Path, time_unit: TimeUnit | None = None) -> Table | None:
    """Learn how a file of times is written; None when it is none.

    The time is the column named t, time, timestamp or stamp, or else the first. Its unit is `time_unit`, or what the
    header says (`#timestamp [ns]`, `time_ms`), or what `times.unit_of` makes of the numbers. Raises RecordingError
    when the file cannot be read or the unit cannot be told.
    """
    sample = list(islice(_lines(path), _SAMPLE))
    body = [line for line in sample if not line.startswith("#")]
    if not body:
        return None
    separator = _separator(body)
    rows = [_split(line, separator) for line in body]
    header = _header(sample, rows, separator)
    headed = header is not None and rows[0] is header
    if headed:
        rows = rows[1:]
    width = len(rows[0])
    if header is None or len(header) != width:
        header = tuple(f"c{index}" for index in range(width))
    columns = tuple(_column(text) for text in header)
    time = next((i for i, column in enumerate(columns) if _TIME.fullmatch(column.name)), 0)
    times = [row[time] for row in rows if len(row) == width]
    if not _is_time(times[0]):
        return None
    unit = time_unit or _said(columns[time]) or unit_of(times, str(path))
    return Table(path, separator, columns, time, unit, rows[0], headed)


def _header(sample: list[str], rows: list[tuple[str, ...]], separator: str) -> tuple[str, ...] | None:
    """Return the names of the columns: of the last comment before the rows, or of a first row without any number."""
    comment = None
    for line in sample:
        if not line.startswith("#"):
            break
        comment = line.lstrip("#").strip()
    if all(not _is_time(field) for field in rows[0]) and len(rows) > 1:
        return rows[0]
    if comment is None:
        return None
    fields = _split(comment, separator)
    return fields if len(fields) == len(rows[0]) else None


def _column(text: str) -> Column:
    match = _TITLED.fullmatch(text.strip())
    name, unit = (match[1], match[2] or match[3]) if match else (text.strip(), None)
    return Column(name or text.strip(), unit or "1")


def _said(column: Column) -> TimeUnit | None:
    match = _TIME.fullmatch(column.name)
    said = match[1] if match is not None and match[1] else _UNIT_WORDS.get(column.unit, column.unit)
    return said.lower() if said.lower() in UNITS else None  # type: ignore[return-value]


def _is_time(text: str) -> bool:
    return nanoseconds(text, "ns") is not None


def _separator(body: list[str]) -> str:
    for separator in (",", ";", "\t"):
        if all(separator in line for line in body):
            return separator
    single = all(_is_time(line) for line in body[1:] or body)
    return "\n" if single else " "


def _split(line: str, separator: str) -> tuple[str, ...]:
    if separator == " ":
        return tuple(line.split()) or ("",)
    if separator == "\n":
        return (line.strip(),)
    try:
        return tuple(field.strip() for field in next(csv.reader([line], delimiter=separator))) or ("",)
    except csv.Error:
        return (line,)


def _lines(path: Path) -> Iterator[str]:
    """Yield the lines that are not empty, without their ends; an endless line is cut into pieces that fit no table."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            while line := file.readline(_LINE_LIMIT):
                if text := line.replace("\0", "").strip():
                    yield text
    except OSError as error:
        raise RecordingError(f"{str(path)!r} cannot be read ({error.strerror}): mend or copy it again") from error
