"""One line of JSON a result, into a file, a pipe or standard output."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from edgeai.driver import NEVER_AGAIN, Clock, DriverOptions, Output
from edgeai.errors import Problem
from edgeai.messages import Frame, Result

from ._files import file_error
from ._lines import Lines, open_lines, standard
from ._record import record, to_json


@dataclass(frozen=True, kw_only=True)
class JsonlOptions(DriverOptions):
    """Where the lines go.

    path: a file in a folder that exists, a named pipe, or `-` for standard output. append: keep what the file holds
    and write behind it; without, the file is begun anew.
    """

    path: str
    append: bool = False


class Jsonl(Output):
    """Write each result as one line of JSON, out of the process at once: after a kill every line is whole.

    `_record.record` says what a line holds; NaN and infinity are written as null. On a full disk the line that does
    not fit is taken back and DeviceError raised. When the reader of a pipe pauses for
    more than half a second, lines are dropped and counted in `dropped`.
    """

    Options = JsonlOptions
    suffixes = (".jsonl", ".ndjson")

    _lines: Lines | None = None
    _append = False

    def __init__(self, name: str, options: Any) -> None:
        super().__init__(name, options)
        if options.path == "-":
            self.retry = NEVER_AGAIN  # a reader of standard output that left does not come back

    def reopen(self, clock: Clock) -> None:
        """Go on behind what was written. Raises DeviceError."""
        self._append = True
        super().reopen(clock)

    @property
    def dropped(self) -> int:
        """Lines that the reader of the pipe did not take in time."""
        return self._lines.dropped if self._lines else 0

    def check(self) -> list[Problem]:
        """Require a path."""
        if self.options.path:
            return []
        return [Problem(f"outputs.{self.name}.path", "nothing", "a file, or - for standard output")]

    def _open(self) -> None:
        self._lines = None
        path = os.path.expanduser(self.options.path)
        try:
            append = self.options.append or self._append
            self._lines = standard("stdout") if path == "-" else open_lines(path, append=append)
        except OSError as error:
            raise file_error(self.name, path, error) from error

    def _write(self, result: Result, frame: Frame | None) -> None:
        assert self._lines is not None
        try:
            self._lines.write(to_json(record(result)))
        except OSError as error:
            path = "standard output" if self.options.path == "-" else self.options.path
            raise file_error(self.name, path, error) from error

    def _close(self) -> None:
        if self._lines:
            self._lines.close()
