"""A sensor read from a CSV file of its log, at the pace of the log."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from edgeai.driver import NEVER_AGAIN, Capture, Column, EndOfSource, Sensor, SensorOptions
from edgeai.errors import ConfigError, DeviceError, DeviceNotFound, Problem

from ._columns import columns, numbers, time_index

_TIME_NAMES = ("t", "time", "timestamp", "stamp")


@dataclass(frozen=True, kw_only=True)
class CsvLogOptions(SensorOptions):
    """The file and how it is read.

    path: a CSV file whose first line names the columns (`Gyroscope X (deg/s)` or `gyro_x:deg/s`), or whose columns are
    given here, all of them in order. time_column: the one that holds the time, with its unit where the file has none
    (`t:ms`); left out, it is the column called t, time, timestamp or stamp. separator: between fields. loop: begin
    again at the end. lossless: as fast as they are read instead of at the pace of the log; a stage that is slower than
    that leaves windows out.
    """

    path: str
    columns: str | tuple[str | Column, ...] | None = None
    time_column: str | None = None
    separator: str = ","
    loop: bool = False
    lossless: bool = False


class CsvLog(Sensor):
    """Replay a log: the raw stamp of a reading is the time in the file, on the media clock.

    A row that is not all finite numbers, or whose time runs backwards, is skipped and counted (`rejected`).
    """

    retry = NEVER_AGAIN

    Options = CsvLogOptions
    suffixes = (".csv",)

    rejected: int = 0
    """Rows that were not numbers in the order of time."""
    _file: TextIO | None = None

    def check(self) -> list[Problem]:
        """Require a path and a separator of one character."""
        path, options = f"sensors.{self.name}", self.options
        rules = [
            ("path", bool(options.path), "a CSV file"),
            ("separator", len(options.separator) == 1, "one character"),
        ]
        return [
            Problem(f"{path}.{key}", repr(getattr(options, key)), expected) for key, good, expected in rules if not good
        ]

    def _open(self) -> None:
        self.lossless = self.options.lossless
        self.rejected = 0
        self._shift = 0
        self._first: int | None = None
        self._last: int | None = None
        self._step = 0
        self._path = Path(self.options.path).expanduser()
        try:
            self._file = self._path.open(encoding="utf-8-sig", errors="replace", newline="")
        except OSError as error:
            raise DeviceNotFound(
                f"{self.name} cannot read {self._path} ({error.strerror}): correct the path or its permissions"
            ) from error
        self._rows = self._begin()

    def _begin(self) -> Iterator[list[str]]:
        """Return the rows of numbers from the first, and learn the columns. Raises ConfigError, DeviceError."""
        assert self._file is not None
        self._file.seek(0)
        rows = csv.reader(self._file, delimiter=self.options.separator)
        first = self._pull(rows)
        if first is None:
            raise DeviceError(f"{self.name} finds nothing in {self._path}: give a CSV file with a line of column names")
        headed = numbers(first, len(first)) is None
        self._learn(self._present(first if headed else None))
        return rows if headed else _chain(first, rows)

    def _present(self, header: list[str] | None) -> tuple[Column, ...]:
        specs = self.options.columns or header
        path = f"sensors.{self.name}.columns"
        if specs is None:
            found = f"nothing, and a first line of numbers in {self._path}"
            raise ConfigError(Problem(path, found, "the names of the columns, such as t:s, ax:m/s2"))
        try:
            return columns(specs)
        except ValueError as error:
            raise ConfigError(
                Problem(path, repr(specs), "columns, each with a name of its own", hint=str(error))
            ) from error

    def _learn(self, present: tuple[Column, ...]) -> None:
        path = f"sensors.{self.name}.time_column"
        named = next((c.name for c in present if c.name.lower() in _TIME_NAMES), None)
        wanted = self.options.time_column or named
        if wanted is None:
            raise ConfigError(Problem(path, "nothing", f"which of {', '.join(c.name for c in present)} holds the time"))
        self._index, self._unit = time_index(path, wanted, present)
        self._count = len(present)
        self.columns = tuple(c for i, c in enumerate(present) if i != self._index)

    def _read(self, timeout: float) -> Capture | None:
        lost = 0
        while True:
            row = self._next_row()
            values = numbers(row, self._count)
            raw = None if values is None else round(values.pop(self._index) * self._unit) + self._shift
            if values is not None and raw is not None and self._is_later(raw):
                return Capture(values, raw, "media", lost)
            self.rejected += 1
            lost += 1

    def _is_later(self, raw: int) -> bool:
        if self._last is not None and raw < self._last:
            return False
        self._first = raw if self._first is None else self._first
        self._step = raw - self._last if self._last is not None else 0
        self._last = raw
        return True

    def _next_row(self) -> list[str]:
        """Return the next row that is not empty, from the beginning again with `loop`. Raises EndOfSource."""
        row = self._pull(self._rows)
        if row is not None:
            return row
        lap = 0 if self._last is None or self._first is None else self._last - self._first + self._step
        if not self.options.loop or lap == 0:
            raise EndOfSource
        self._shift += lap
        self._first = None
        self._rows = self._begin()
        return self._next_row()

    def _pull(self, rows: Iterator[list[str]]) -> list[str] | None:
        try:
            return next((row for row in rows if any(text.strip() for text in row)), None)
        except (OSError, csv.Error) as error:
            raise DeviceError(f"{self.name} cannot read {self._path} further ({error}): mend or shorten it") from error

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _chain(first: list[str], rest: Iterator[list[str]]) -> Iterator[list[str]]:
    yield first
    yield from rest
