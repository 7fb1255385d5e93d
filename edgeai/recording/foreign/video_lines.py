"""Lines of JSON that belong to a video: where their time is, and what numbers they bear.

A line belongs to a time in the video: by `frame` (or frame_index, index), the number of a frame from 0; or by t, time,
timestamp or stamp, with the unit behind it if need be (`time_ms`). Times that begin behind the video's end count from
another start, and are shifted so that the first line lies at the video's beginning. Lines of edgeai's own jsonl output
are placed by the media time of the frame that was looked at.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from edgeai.messages import Column
from edgeai.recording.foreign.json_lines import is_number, json_lines
from edgeai.recording.foreign.log import Damaged, Entry, LogSource
from edgeai.recording.foreign.times import UNITS, TimeUnit, nanoseconds, unit_of
from edgeai.recording.foreign.video_frames import stamps

__all__ = ["Track", "described", "entries", "is_jsonl", "tracks"]

_FRAME_KEYS = ("frame", "frame_index", "index")
_TIME_KEYS = ("t", "time", "timestamp", "stamp", "_timestamp")
_NO_VALUES = (*_FRAME_KEYS, *_TIME_KEYS, "seq")
_SAMPLE = 64


def is_jsonl(path: Path) -> bool:
    """Say by its first line whether a file holds objects of JSON, one a line."""
    if path.suffix.lower() not in (".jsonl", ".ndjson", ".json", ".txt"):
        return False
    return next(iter(islice(json_lines(path), 1)), None) is not None


@dataclass(frozen=True, slots=True)
class Track:
    """Lines of one stream of a file: their time is in `by`, in `unit`, and `shift` ns from the video's.

    `stream` is None where lines name none; `own`: they are written by edgeai's jsonl output.
    """

    stream: str | None
    file: Path
    video: Path
    by: str
    columns: tuple[str, ...]
    own: bool
    unit: TimeUnit = "ns"
    shift: int = 0

    @property
    def name(self) -> str:
        """What the source is called."""
        return self.stream or self.file.stem


def tracks(file: Path, video: Path, end: int, time_unit: TimeUnit | None) -> Iterator[Track]:
    """Yield what lines there are of a video that ends at `end` (ns): a track for each stream that a line names.

    Its columns are the numbers of its first line. Raises RecordingError for times of a unit that cannot be told.
    """
    sample = [line for line in islice(json_lines(file), _SAMPLE) if line is not None]
    firsts: dict[str | None, Mapping[str, Any]] = {}
    for line in sample:
        firsts.setdefault(_stream(line), line)
    for stream, first in firsts.items():
        own = stream is not None and "stamp" in first
        by = ("raw" if first.get("clock") == "media" else "stamp") if own else _time_key(first)
        columns = tuple(key for key in _values(first, own) if key != by and key not in _NO_VALUES)
        if by is None or not columns:
            continue
        track = Track(stream, file, video, by, columns, own)
        if by in _FRAME_KEYS:
            yield track
            continue
        texts = [str(line[by]) for line in sample if _stream(line) == stream and is_number(line.get(by))]
        unit: TimeUnit = "ns" if own else time_unit or _suffix(by) or unit_of(texts, str(file))
        began = nanoseconds(texts[0], unit) if texts else None
        yield replace(track, unit=unit, shift=-began if began is not None and began > end else 0)


def entries(track: Track, name: str) -> Iterator[Entry]:
    """Yield the readings of a track as a source of that name, in the order of the lines."""
    last = 0
    numbers = _FrameTimes(track.video) if track.by in _FRAME_KEYS else None
    for line in json_lines(track.file):
        if line is not None and _stream(line) != track.stream:
            continue
        told = line.get(track.by) if line is not None else None
        stamp = None
        if is_number(told):
            stamp = numbers.of(told) if numbers is not None else nanoseconds(str(told), track.unit)
        if line is None or stamp is None:
            yield Entry(name, last, Damaged("a line is damaged, or has no time in the video"))
            continue
        last = max(last, stamp + track.shift)
        found = _values(line, track.own)
        if any(column in found for column in track.columns):
            values = tuple(found.get(column, math.nan) for column in track.columns)
            yield Entry(name, stamp + track.shift, values)
        else:
            yield Entry(name, stamp + track.shift, Damaged(f"a line has none of {', '.join(track.columns)}"))


def described(track: Track, name: str) -> LogSource | None:
    """Describe a track as a source of that name; None when no line of it can be read."""
    count, start, end = 0, None, 0
    for entry in entries(track, name):
        count += 1
        if not isinstance(entry.data, Damaged):
            start = entry.stamp if start is None else start
            end = max(end, entry.stamp)
    columns = tuple(Column(column) for column in track.columns)
    return None if start is None else LogSource(name, "sensor", count, start, end, columns)


def _stream(line: Mapping[str, Any]) -> str | None:
    stream = line.get("stream")
    return stream if isinstance(stream, str) else None


def _values(line: Mapping[str, Any], own: bool) -> dict[str, float]:
    values = line.get("values") if own else line
    return _flat(values) if isinstance(values, Mapping) else {}


def _time_key(line: Mapping[str, Any]) -> str | None:
    frame = next((key for key in _FRAME_KEYS if is_number(line.get(key))), None)
    named = (key for key in line if is_number(line[key]) and _bare(key) in _TIME_KEYS)
    return frame or next(named, None)


def _bare(key: str) -> str:
    stem, _, unit = key.lower().rpartition("_")
    return stem if stem and unit in UNITS else key.lower()


def _suffix(key: str) -> TimeUnit | None:
    unit = key.lower().rpartition("_")[2]
    return unit if "_" in key and unit in UNITS else None  # type: ignore[return-value]


def _flat(values: Mapping[str, Any], prefix: str = "", depth: int = 3) -> dict[str, float]:
    """Return the numbers of an object, those of objects in it too: `{"imu": {"ax": 1}}` gives `imu.ax`."""
    found: dict[str, float] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and depth:
            found |= _flat(value, f"{prefix}{key}.", depth - 1)
        elif isinstance(value, bool) or is_number(value):
            found[f"{prefix}{key}"] = float(value)
    return found


class _FrameTimes:
    """The times of a video's frames by number, read as far as they are asked for, in rising order."""

    def __init__(self, video: Path) -> None:
        self._stamps = stamps(video)
        self._number = -1
        self._stamp: int | None = None

    def of(self, number: float) -> int | None:
        """Return the time (ns) of a frame; None when the video has no such frame, or it lies behind the last."""
        if number != int(number) or number < self._number:
            return None
        while self._number < number and (stamp := next(self._stamps, None)) is not None:
            self._number, self._stamp = self._number + 1, stamp
        return self._stamp if self._number == number else None
