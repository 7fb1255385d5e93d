"""Folders of pictures with a file of their times: TUM RGB-D, EuRoC, KITTI, or a CSV file of one's own.

    seq/rgb.txt                    # timestamp filename          TUM: seconds, names relative to the file
    seq/mav0/cam0/data.csv         #timestamp [ns],filename      EuRoC: names relative to data/ beside it
    seq/image_02/timestamps.txt    2011-09-26 13:02:25.964389    KITTI: one time a line, for the pictures in order
    seq/shots.csv                  time_ms,file                  any: a column of times, a column of picture names

Files beside them whose rows are a time and numbers (accelerometer.txt, imu0/data.csv) are sensors.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgeai.errors import RecordingError
from edgeai.messages import Column
from edgeai.recording.foreign.log import Damaged, Entry, Log, LogSource
from edgeai.recording.foreign.pictures import is_picture_name, read_inside
from edgeai.recording.foreign.table import Table, read_table
from edgeai.recording.foreign.times import TimeUnit, since_1970

__all__ = ["find_tables", "open_folder"]

_log = logging.getLogger("edgeai")
_PLAIN_NAMES = ("data", "timestamps", "times", "index")
"""Names of files that say nothing: the source takes the folder's."""
_MOST_FILES = 64
_DEPTH = 2


@dataclass(frozen=True, slots=True)
class _Track:
    """A table, and what it is: pictures by name (`names`: that column), pictures in order (`listed`), or numbers."""

    table: Table
    names: int | None = None
    listed: tuple[str, ...] = ()

    @property
    def is_camera(self) -> bool:
        return self.names is not None or bool(self.listed)


def find_tables(path: Path, time_unit: TimeUnit | None = None) -> dict[str, _Track]:
    """Return {name of the source: its table} for a folder, its folders, and theirs.

    Raises RecordingError with the first complaint when no file of pictures can be read; else complaints are warnings.
    """
    found: dict[str, _Track] = {}
    complaints: list[RecordingError] = []
    for file in _text_files(path, _DEPTH):
        try:
            table = read_table(file, time_unit)
        except RecordingError as error:
            complaints.append(error)
            continue
        track = None if table is None else _track(table)
        if track is not None:
            name = _name_of(file, path)
            found[file.relative_to(path).with_suffix("").as_posix() if name in found else name] = track
    if complaints and not any(track.is_camera for track in found.values()):
        raise complaints[0]
    for complaint in complaints:
        _log.warning("%s; it is passed over", complaint)
    return found


def open_folder(path: Path, time_unit: TimeUnit | None = None) -> Log:
    """Open a folder of pictures with a file of times. Raises RecordingError when there is no such file, or no row."""
    tracks = find_tables(path, time_unit)
    sources = tuple(source for name, track in tracks.items() if (source := _described(name, track)) is not None)
    if not any(source.kind == "camera" for source in sources):
        raise RecordingError(
            f"{str(path)!r} has no file that gives pictures their times: add one with a line 'time name' for each "
            "picture, such as rgb.txt, or read the folder at a steady rate with the camera images:"
        )
    clock = since_1970(min(source.start for source in sources))
    return Log("folder", path, clock, sources, lambda source: _entries(source, tracks[source.name], path))


def _text_files(path: Path, depth: int) -> list[Path]:
    items = sorted(path.iterdir(), key=_natural)
    files = [item for item in items if item.suffix.lower() in (".txt", ".csv") and item.is_file()]
    if depth:
        for item in items:
            if item.is_dir() and not item.is_symlink() and not item.name.startswith("."):
                files += _text_files(item, depth - 1)[:_MOST_FILES]
    return [file for file in files if not file.name.startswith(".")][:_MOST_FILES]


def _track(table: Table) -> _Track | None:
    if table.times_only:
        listed = _pictures_beside(table.path.parent)
        return _Track(table, listed=listed) if listed else None
    names = next((i for i, field in enumerate(table.first) if is_picture_name(field)), None)
    if names is None and _numbers(table, table.first) is None:
        return None
    return _Track(table, names)


def _pictures_beside(folder: Path) -> tuple[str, ...]:
    """Name the pictures in the folder, or in its `data` or `images`, in natural order."""
    for place in (folder, folder / "data", folder / "images", folder / "image_0"):
        if place.is_dir():
            names = [item for item in place.iterdir() if is_picture_name(item.name) and not item.name.startswith(".")]
            if names:
                return tuple(str(item.relative_to(folder)) for item in sorted(names, key=_natural))
    return ()


def _natural(path: Path) -> tuple[list[tuple[int, int, str]], str]:
    parts = re.split(r"([0-9]+)", path.name.casefold())
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts], path.name


def _name_of(file: Path, root: Path) -> str:
    return file.parent.name if file.stem.lower() in _PLAIN_NAMES and file.parent != root else file.stem


def _described(name: str, track: _Track) -> LogSource | None:
    count, start, end = 0, None, None
    for stamp, _ in track.table.rows():
        count += 1
        if stamp is not None:
            start = stamp if start is None else start
            end = stamp if end is None else max(end, stamp)
    if start is None or end is None:
        return None
    if track.is_camera:
        return LogSource(name, "camera", count, start, end)
    return LogSource(name, "sensor", count, start, end, _value_columns(track.table))


def _value_columns(table: Table) -> tuple[Column, ...]:
    return tuple(column for i, column in enumerate(table.columns) if i != table.time)


def _entries(source: LogSource, track: _Track, root: Path) -> Iterator[Entry]:
    table, last = track.table, source.start
    for number, (stamp, fields) in enumerate(table.rows()):
        if stamp is None:
            yield Entry(source.name, last, Damaged(f"a line of {table.path.name} has no time"))
            continue
        last = max(last, stamp)
        if track.is_camera:
            yield Entry(source.name, stamp, _picture(track, number, fields, root))
        else:
            values = _numbers(table, fields)
            complaint = Damaged(f"a line of {table.path.name} is not {len(table.columns)} numbers")
            yield Entry(source.name, stamp, complaint if values is None else values)


def _picture(track: _Track, number: int, fields: tuple[str, ...], root: Path) -> bytes | Damaged:
    folder = track.table.path.parent.relative_to(root)
    if track.names is None:
        if number >= len(track.listed):
            return Damaged(f"{track.table.path.name} has more lines than there are pictures")
        return read_inside(root, str(folder / track.listed[number]))
    if track.names >= len(fields):
        return Damaged(f"a line of {track.table.path.name} names no picture")
    beside = read_inside(root, str(folder / fields[track.names]))
    if isinstance(beside, bytes):
        return beside
    within = read_inside(root, str(folder / "data" / fields[track.names]))
    return within if isinstance(within, bytes) else beside


def _numbers(table: Table, fields: tuple[str, ...]) -> tuple[float, ...] | None:
    if len(fields) != len(table.columns) or any("_" in field for field in fields):
        return None
    try:
        values = tuple(float(field) for i, field in enumerate(fields) if i != table.time)
    except ValueError:
        return None
    return values if all(map(math.isfinite, values)) else None
