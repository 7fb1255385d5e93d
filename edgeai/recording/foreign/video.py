"""A video with lines of JSON beside it: `drive.mp4` and `drive.jsonl`, or a folder that holds one video.

A line belongs to a time in the video: by `frame` (or frame_index, index), the number of a frame from 0; or by t, time,
timestamp or stamp, with the unit behind it if need be (`time_ms`). Times that begin behind the video's end count from
another start, and are shifted so that the first line lies on the first frame. Lines of edgeai's own jsonl output are
placed by the media time of the frame that was looked at.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edgeai.clock import NS
from edgeai.errors import RecordingError
from edgeai.messages import Column
from edgeai.recording.foreign.json_lines import is_number, json_lines
from edgeai.recording.foreign.log import Damaged, Entry, Log, LogSource
from edgeai.recording.foreign.pictures import is_picture_name
from edgeai.recording.foreign.times import UNITS, TimeUnit, nanoseconds, unit_of

__all__ = ["is_jsonl", "is_video", "open_video", "video_and_lines"]

_FRAME_KEYS = ("frame", "frame_index", "index")
_TIME_KEYS = ("t", "time", "timestamp", "stamp", "_timestamp")
_USUAL_RATE = 25.0
_SAMPLE = 64
_MOST_FILES = 64
_LONGEST_GAP = 60 * NS
"""A step in a file's time beyond this is an error of the container."""


def is_video(path: Path) -> bool:
    """Say by its first bytes whether a file is a video: MP4, MOV, AVI, Matroska, WebM, MPEG."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return (
        head[4:8] in (b"ftyp", b"moov", b"mdat")
        or (head[:4] == b"RIFF" and head[8:] == b"AVI ")
        or head[:4] in (b"\x1a\x45\xdf\xa3", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3")
    )


def is_jsonl(path: Path) -> bool:
    """Say by its first line whether a file holds objects of JSON, one a line."""
    if path.suffix.lower() not in (".jsonl", ".ndjson", ".json", ".txt"):
        return False
    return next(iter(islice(json_lines(path), 1)), None) is not None


def video_and_lines(path: Path) -> tuple[Path, tuple[Path, ...]] | None:
    """Return the video and the files of lines that a path names together; None when it names no such pair."""
    if path.is_dir():
        names = sorted(item for item in path.iterdir() if not item.name.startswith("."))
        files = [item for item in names if not is_picture_name(item.name) and item.is_file()][:_MOST_FILES]
        videos = [item for item in files if is_video(item)]
        lines = tuple(item for item in files if is_jsonl(item))
        return (videos[0], lines) if len(videos) == 1 and lines else None
    beside = [item for item in sorted(path.parent.glob("*")) if item.stem == path.stem and item.is_file()]
    if is_video(path):
        lines = tuple(item for item in beside if is_jsonl(item))
        return (path, lines) if lines else None
    video = next((item for item in beside if is_video(item)), None) if is_jsonl(path) else None
    return (video, (path,)) if video is not None else None


def open_video(path: Path, time_unit: TimeUnit | None = None) -> Log:
    """Open a video and its lines: a camera `video`, and a sensor for each file or stream of lines.

    The columns of a sensor are the numbers of its first line. The pictures are decoded ones: a video holds no picture
    as bytes. Raises RecordingError.
    """
    pair = video_and_lines(path)
    if pair is None:
        raise RecordingError(f"{str(path)!r} is no video with lines of JSON: put NAME.jsonl beside NAME.mp4")
    video, files = pair
    count, end = _extent(video)
    camera = LogSource("video", "camera", count, 0, end)
    tracks = {track.name: track for file in files for track in _tracks(file, video, end, time_unit)}
    if not tracks:
        raise RecordingError(f"no line of {str(files[0])!r} has a time or a frame, and numbers: give each line both")
    sources = [camera, *(source for track in tracks.values() if (source := _described(track)) is not None)]

    def read(source: LogSource) -> Iterator[Entry]:
        return _pictures(video) if source.name == "video" else _lines(tracks[source.name])

    return Log("video", path, "media", tuple(sources), read)


@dataclass(frozen=True, slots=True)
class _Track:
    """Lines of one stream: where their time is, in which unit, and how far it is shifted (ns) to the video's."""

    name: str
    stream: str | None
    file: Path
    video: Path
    by: str
    unit: TimeUnit
    shift: int
    columns: tuple[str, ...]


def _tracks(file: Path, video: Path, end: int, time_unit: TimeUnit | None) -> Iterator[_Track]:
    sample = [line for line in islice(json_lines(file), _SAMPLE) if line is not None]
    firsts: dict[str | None, Mapping[str, Any]] = {}
    for line in sample:
        firsts.setdefault(line.get("stream") if isinstance(line.get("stream"), str) else None, line)
    for stream, first in firsts.items():
        own = stream is not None and "stamp" in first
        by = ("raw" if first.get("clock") == "media" else "stamp") if own else _time_key(first)
        if by is None:
            continue
        values = _flat(first["values"] if own and isinstance(first.get("values"), dict) else {} if own else first)
        columns = tuple(key for key in values if key != by and key not in (*_FRAME_KEYS, *_TIME_KEYS, "seq"))
        if not columns:
            continue
        if by in _FRAME_KEYS:
            yield _Track(stream or file.stem, stream, file, video, by, "s", 0, columns)
            continue
        texts = [str(line[by]) for line in sample if is_number(line.get(by))]
        unit: TimeUnit = "ns" if own else time_unit or _suffix(by) or unit_of(texts, str(file))
        began = nanoseconds(str(first[by]), unit) if is_number(first.get(by)) else None
        shift = -began if began is not None and began > end else 0
        yield _Track(stream or file.stem, stream, file, video, by, unit, shift, columns)


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


def _lines(track: _Track) -> Iterator[Entry]:
    last = 0
    frames = _FrameTimes(track.video) if track.by in _FRAME_KEYS else None
    for line in json_lines(track.file):
        if line is not None and track.stream is not None and line.get("stream") != track.stream:
            continue
        told = line.get(track.by) if line is not None else None
        stamp = None
        if is_number(told):
            stamp = frames.of(told) if frames is not None else nanoseconds(str(told), track.unit)
        if stamp is None:
            yield Entry(track.name, last, Damaged("a line is damaged, or has no time in the video"))
            continue
        stamp += track.shift
        last = max(last, stamp)
        found = _flat(line.get("values", {}) if track.by in ("raw", "stamp") and track.stream else line)
        if any(column in found for column in track.columns):
            yield Entry(track.name, stamp, tuple(found.get(column, math.nan) for column in track.columns))
        else:
            yield Entry(track.name, stamp, Damaged(f"a line has none of {', '.join(track.columns)}"))


def _described(track: _Track) -> LogSource | None:
    count, start, end = 0, None, 0
    for entry in _lines(track):
        count += 1
        if not isinstance(entry.data, Damaged):
            start = entry.stamp if start is None else start
            end = max(end, entry.stamp)
    columns = tuple(Column(name) for name in track.columns)
    return None if start is None else LogSource(track.name, "sensor", count, start, end, columns)


class _FrameTimes:
    """The times of a video's frames by number, read as far as they are asked for, in rising order."""

    def __init__(self, video: Path) -> None:
        self._stamps = _stamps(video)
        self._number = -1
        self._stamp: int | None = None

    def of(self, number: float) -> int | None:
        """Return the time (ns) of a frame; None when the video has no such frame, or it lies behind the last."""
        if number != int(number) or number < self._number:
            return None
        while self._number < number and (stamp := next(self._stamps, None)) is not None:
            self._number, self._stamp = self._number + 1, stamp
        return self._stamp if self._number == number else None


def _extent(video: Path) -> tuple[int, int]:
    """Return the number of frames and the time (ns) of the last. They are counted, for containers only guess."""
    count, end = 0, 0
    for stamp in _stamps(video):
        count, end = count + 1, stamp
    if not count:
        raise RecordingError(f"no frame of {str(video)!r} can be decoded: it is damaged; give another")
    return count, end


def _pictures(video: Path) -> Iterator[Entry]:
    with contextlib.closing(_Opened(video)) as opened:
        while (stamp := opened.grab()) is not None:
            yield Entry("video", stamp, opened.picture())


def _stamps(video: Path) -> Iterator[int]:
    with contextlib.closing(_Opened(video)) as opened:
        while (stamp := opened.grab()) is not None:
            yield stamp


class _Opened:
    """A video under way; its times are the container's, or counted where those do not run on."""

    def __init__(self, path: Path) -> None:
        self._capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            raise RecordingError(f"{str(path)!r} holds no video that can be read: it is damaged or cut short")
        told = self._capture.get(cv2.CAP_PROP_FPS)
        self._frame = round(NS / (told if 0 < told < 1000 else _USUAL_RATE))
        self._last: int | None = None

    def grab(self) -> int | None:
        """Go to the next frame and return its time (ns), or None at the end."""
        if not self._capture.grab():
            return None
        told = self._capture.get(cv2.CAP_PROP_POS_MSEC)
        stamp = round(told * 1e6) if math.isfinite(told) else -1
        if self._last is None:
            stamp = stamp if 0 <= stamp <= _LONGEST_GAP else 0
        elif not self._last < stamp <= self._last + _LONGEST_GAP:
            stamp = self._last + self._frame
        self._last = stamp
        return stamp

    def picture(self) -> npt.NDArray[np.uint8] | Damaged:
        """Decode the frame that `grab` went to."""
        found, image = self._capture.retrieve()
        return image if found else Damaged("a frame cannot be decoded")

    def close(self) -> None:
        """Close the file."""
        self._capture.release()
