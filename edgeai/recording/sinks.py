"""Where entries go: to a file that is rotated, or to memory that looks back. Used by one thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from edgeai.recording.header import Header, Opening
from edgeai.recording.logbook import Entry, Logbook
from edgeai.recording.options import RecordOptions, free_path

__all__ = ["Headers", "LookBack", "Rotating", "Sink", "size_of"]

Headers = Callable[[str, int], Header]
"""From kind and part to the header of a file."""

MEMORY = 512 << 20
"""Bytes that looking back keeps at the most, whatever its seconds."""

SEGMENTS = 4
"""Looking back forgets a quarter at a time: each begins with the scheduler's state."""


def size_of(value: object) -> int:
    """Return about how many bytes a value takes while it waits."""
    image = getattr(value, "image", None)
    if image is None:
        return 1000
    encoded = getattr(value, "encoded", None)
    return int(image.nbytes) if encoded is None else len(encoded)


class Sink(Protocol):
    """Takes openings and entries, in order."""

    paths: list[Path]
    """The files written so far, oldest first."""

    @property
    def size(self) -> int:
        """Bytes written, or kept in memory."""

    @property
    def progress(self) -> int:
        """Bytes written to files so far."""

    def open(self, opening: Opening, items: tuple[Entry, ...]) -> None:
        """Begin anew with this state and the messages that what follows builds on."""

    def write(self, entry: Entry) -> None:
        """Take an entry."""

    def flush(self, *, sync: bool) -> None:
        """Hand all to the operating system, and with `sync` to the disk."""

    def save(self, path: Path | None) -> None:
        """Write what is kept."""

    def due(self, t: int) -> bool:
        """Say whether it is time for a new state. Any thread may ask."""

    def close(self, *, finish: bool) -> None:
        """End; with `finish` in order."""


class Rotating:
    """A file, and the next one when it is full or old."""

    def __init__(self, options: RecordOptions, headers: Headers, qualities: dict[str, int]) -> None:
        self._options, self._headers, self._qualities = options, headers, qualities
        self._bytes, self._time = options.rotation()
        self._book: Logbook | None = None
        self._part = 0
        self._began: int | None = None
        self._full = False
        self._before = 0
        self.paths: list[Path] = []

    @property
    def size(self) -> int:
        """Bytes in all files."""
        return self._before + (0 if self._book is None else self._book.size)

    @property
    def progress(self) -> int:
        """Bytes in all files."""
        return self.size

    def open(self, opening: Opening, items: tuple[Entry, ...]) -> None:
        """Begin the next file."""
        self.close(finish=True)
        path = free_path(self._options.path)
        self._book = Logbook(path, self._headers("recording", self._part), opening, self._qualities)
        self.paths.append(path)
        self._part += 1
        self._full = False
        for entry in items:
            self._book.write(entry)

    def write(self, entry: Entry) -> None:
        """Write an entry."""
        if self._book is not None:
            self._book.write(entry)
            self._full = self._bytes is not None and self._book.size >= self._bytes

    def flush(self, *, sync: bool) -> None:
        """Flush the file."""
        if self._book is not None:
            self._book.flush()
            if sync:
                self._book.sync()

    def save(self, path: Path | None) -> None:
        """Flush: everything is being written anyway."""
        self.flush(sync=True)

    def due(self, t: int) -> bool:
        """Say whether a new file is due."""
        if self._began is None:
            self._began = t
        due = self._full or (self._time is not None and t - self._began >= self._time)
        if due:
            self._began, self._full = t, False
        return due

    def close(self, *, finish: bool) -> None:
        """Close the file."""
        book, self._book = self._book, None
        if book is not None:
            book.close(finish=finish)
            self._before += book.size


@dataclass(slots=True)
class _Segment:
    opening: Opening
    entries: list[Entry] = field(default_factory=list)
    size: int = 0


class LookBack:
    """The last seconds, in memory."""

    def __init__(self, options: RecordOptions, headers: Headers, qualities: dict[str, int]) -> None:
        self._options, self._headers, self._qualities = options, headers, qualities
        self._span = round((options.look_back or 0.0) * 1e9)
        self._segments: deque[_Segment] = deque()
        self._size = 0
        self._began: int | None = None
        self._saved = 0
        self._book: Logbook | None = None
        self.paths: list[Path] = []

    @property
    def size(self) -> int:
        """Bytes kept in memory."""
        return self._size

    @property
    def progress(self) -> int:
        """Bytes in the newest file."""
        return 0 if self._book is None else self._book.size

    def open(self, opening: Opening, items: tuple[Entry, ...]) -> None:
        """Begin a segment; forget those that ended before the time looked back to."""
        while len(self._segments) > 1 and self._segments[1].opening.t <= opening.t - self._span:
            self._forget()
        self._segments.append(_Segment(opening))
        for entry in items:
            self.write(entry)

    def write(self, entry: Entry) -> None:
        """Keep an entry; where memory is short, forget the oldest segment."""
        size = size_of(entry.value)
        if self._segments:
            segment = self._segments[-1]
            segment.entries.append(entry)
            segment.size += size
            self._size += size
        while self._size > MEMORY and len(self._segments) > 1:
            self._forget()

    def flush(self, *, sync: bool) -> None:
        """Nothing is on its way to a file."""

    def save(self, path: Path | None) -> None:
        """Write what is kept to a new file."""
        if not self._segments:
            return
        free = free_path(path or self._options.path)
        book = Logbook(free, self._headers("look-back", self._saved), self._segments[0].opening, self._qualities)
        self._book = book
        finished = False
        try:
            for segment in self._segments:
                for entry in segment.entries:
                    book.write(entry)
            finished = True
        finally:
            book.close(finish=finished)
        self._saved += 1
        self.paths.append(free)

    def due(self, t: int) -> bool:
        """Say whether a new segment is due."""
        if self._began is None or t - self._began >= self._span // SEGMENTS:
            first, self._began = self._began is None, t
            return not first
        return False

    def close(self, *, finish: bool) -> None:
        """Forget everything."""
        self._segments.clear()

    def _forget(self) -> None:
        self._size -= self._segments.popleft().size
