"""What a log of somebody else's is to edgeai: sources, and for each its entries in the order of time."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from edgeai.clock import NS
from edgeai.errors import RecordingError
from edgeai.messages import Column

__all__ = ["Damaged", "Entry", "Log", "LogSource"]


@dataclass(frozen=True, slots=True)
class Damaged:
    """Stands where an entry could not be read; `why` is half a sentence that says what was found."""

    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One capture of a log.

    `stamp` is in ns on the log's own clock. `data` is, for a camera, the encoded picture as the bytes that are in the
    log (JPEG, PNG ...), or a picture that the log holds raw: BGR uint8 (height, width, 3), or (height, width) when
    gray. For a sensor it is a value for each of its columns; NaN where the log says that a value is unknown.
    """

    source: str
    stamp: int
    data: bytes | npt.NDArray[np.uint8] | tuple[float, ...] | Damaged


@dataclass(frozen=True, slots=True)
class LogSource:
    """A camera or sensor of a log.

    `count` is how many entries the log says it has of it, damaged ones included. `start` and `end` are the stamps (ns)
    of the first and the last; where a format keeps no range for each source, `end` is that of the whole log.
    """

    name: str
    kind: Literal["camera", "sensor"]
    count: int
    start: int
    end: int
    columns: tuple[Column, ...] = ()

    @property
    def rate(self) -> float | None:
        """Captures a second, on average; None where there are too few to tell."""
        return (self.count - 1) * NS / (self.end - self.start) if self.count > 1 and self.end > self.start else None


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """A log that was opened; it holds no file open and may be read any number of times, also at the same time.

    `clock` says what the stamps are on: `utc` (ns since 1970) or `media` (ns since some start). `reader` returns the
    entries of one source as they come in the log; use `entries`, which puts them right.
    """

    format: str
    path: Path
    clock: Literal["utc", "media"]
    sources: tuple[LogSource, ...]
    reader: Callable[[LogSource], Iterator[Entry]]

    @property
    def start(self) -> int:
        """The earliest stamp (ns)."""
        return min(source.start for source in self.sources)

    @property
    def end(self) -> int:
        """The latest stamp (ns)."""
        return max(source.end for source in self.sources)

    def source(self, name: str) -> LogSource:
        """Return the source of that name. Raises RecordingError that lists what there is."""
        for source in self.sources:
            if source.name == name:
                return source
        there = ", ".join(source.name for source in self.sources)
        raise RecordingError(f"{str(self.path)!r} has no source {name!r}: it has {there}")

    def entries(self, *names: str) -> Iterator[Entry]:
        """Yield the entries of these sources, or of all, in the order of time; of equal stamps the first named first.

        One entry of each source is in memory at a time (for a bag in MCAP: a chunk of each). What cannot be read, and
        what lies before its predecessor of the same source, is there as `Damaged`, so that nothing is lost silently.
        Raises RecordingError when the log cannot be read further.
        """
        sources = [self.source(name) for name in names] or list(self.sources)
        if len(sources) == 1:
            return _forwards(self.reader(sources[0]))
        return heapq.merge(*(_forwards(self.reader(source)) for source in sources), key=lambda entry: entry.stamp)


def _forwards(entries: Iterator[Entry]) -> Iterator[Entry]:
    last: int | None = None
    for entry in entries:
        if last is not None and entry.stamp < last:
            yield Entry(entry.source, last, Damaged(f"its time lies {(last - entry.stamp) / NS:.6g} s back"))
        else:
            last = entry.stamp
            yield entry
