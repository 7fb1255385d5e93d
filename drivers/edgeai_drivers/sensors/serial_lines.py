"""A sensor that writes lines of numbers to a serial port: an Arduino, a GPS logger, an IMU."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from edgeai.driver import NS, Capture, Column
from edgeai.errors import ConfigError, Problem
from edgeai.messages import Device
from edgeai_drivers.ports import list_devices

from ._columns import columns, numbers, split, time_index
from ._serial import SerialSensor, SerialSensorOptions

_LONGEST_LINE = 1024
_OVERLONG = b"?"
"""Stands for a line that is longer: it is no number, so it is counted with the rejected ones."""
_WRAP = 1 << 32
"""Where a microcontroller's millis() and micros() begin again."""
_NEAR = NS
"""How close (ns) a wrapped clock must come to the time that went by to be taken for one."""


@dataclass(frozen=True, kw_only=True)
class SerialLinesOptions(SerialSensorOptions):
    """The port and what its lines hold.

    columns: what the numbers of a
    line are, in order: `name:unit`, a mapping of name and unit, or a name alone. separator: between numbers; a blank,
    or `whitespace`, stands for any run of blanks. time_column: the column that holds the device's own time, in s, ms,
    us or ns; it stamps the readings and is not one of their values.
    """

    columns: str | tuple[str | Column, ...]
    separator: str = ","
    time_column: str | None = None


class SerialLines(SerialSensor):
    """Read one line of numbers a reading.

    A line that is not the right count of finite numbers is skipped and counted (`rejected`); between good lines it is
    a capture lost. The first line is skipped unread, for it may be a part of one. Without a time column a reading bears
    the time at which its line was taken from the port: of lines that arrive together, nobody knows more.
    """

    Options = SerialLinesOptions

    @classmethod
    def devices(cls) -> list[Device]:
        """List the serial ports of this machine."""
        return list_devices("serial_lines")

    def check(self) -> list[Problem]:
        """Require a port, columns that differ and a time column among them."""
        problems = super().check()
        if not self.options.separator:
            problems.append(Problem(f"sensors.{self.name}.separator", "''", "a character, or whitespace"))
        try:
            self._layout()
        except ConfigError as error:
            problems += error.problems
        return problems

    def _layout(self) -> tuple[tuple[Column, ...], tuple[int, int] | None]:
        """Return all columns of a line, and where the time is and its unit in ns. Raises ConfigError."""
        path = f"sensors.{self.name}"
        try:
            present = columns(self.options.columns)
        except ValueError as error:
            found = repr(self.options.columns)
            expected = "columns such as ax:m/s2, each with a name of its own"
            raise ConfigError(Problem(f"{path}.columns", found, expected, hint=str(error))) from error
        wanted = self.options.time_column
        return present, None if wanted is None else time_index(f"{path}.time_column", wanted, present)

    def _begin(self) -> None:
        present, self._time = self._layout()
        self._count = len(present)
        self.columns = tuple(c for i, c in enumerate(present) if self._time is None or i != self._time[0])
        self._lines = LineBuffer()
        self._device_clock = DeviceClock()
        self._garbled: int | None = None

    def _parse(self, data: bytes) -> Iterator[Capture]:
        self._lines.feed(data)
        for line in self._lines:
            values = numbers(split(line.decode("ascii", "replace"), self.options.separator), self._count)
            if values is None:
                self.rejected += 1
                self._garbled = None if self._garbled is None else self._garbled + 1
            else:
                yield self._capture(line, values)

    def _capture(self, line: bytes, values: list[float]) -> Capture:
        lost, self._garbled = self._garbled or 0, 0
        if self._time is None:
            return Capture(values, lost=lost, encoded=line)
        index, unit = self._time
        ticks = round(values.pop(index) * unit)
        return Capture(values, self._device_clock.unwrap(ticks, unit, self._clock.now()), "device", lost, line)


class LineBuffer:
    """Cuts bytes into lines, of bounded length; the first is thrown away. Iterating takes the lines out."""

    def __init__(self, longest: int = _LONGEST_LINE) -> None:
        self._longest = longest
        self._lines: deque[bytes] = deque()
        self._part = b""
        self._skipping = True

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        *whole, rest = (self._part + data).replace(b"\r", b"\n").split(b"\n")
        for line in whole:
            if line.strip() and not self._skipping:
                self._lines.append(line if len(line) <= self._longest else _OVERLONG)
            self._skipping = False
        self._part = rest[: self._longest + 1]

    def __iter__(self) -> LineBuffer:
        return self

    def __next__(self) -> bytes:
        if not self._lines:
            raise StopIteration
        return self._lines.popleft()


class DeviceClock:
    """Makes a device's counter run on where it begins again, at 2^32 of its unit or after a reset of the device."""

    def __init__(self) -> None:
        self._ahead = 0
        self._last: tuple[int, int] | None = None

    def unwrap(self, ticks: int, unit: int, now: int) -> int:
        """Return the device's time in ns without the jump back; `ticks` ns in steps of `unit`, arrived at `now`."""
        raw = ticks + self._ahead
        if self._last is not None and raw < self._last[0]:
            expected = self._last[0] + now - self._last[1]
            wrapped = raw + _WRAP * unit
            self._ahead += (wrapped if abs(wrapped - expected) < _NEAR else expected) - raw
            raw = ticks + self._ahead
        self._last = raw, now
        return raw
