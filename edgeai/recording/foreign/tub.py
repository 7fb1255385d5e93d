"""Tubs of donkeycar: manifest.json, catalogues of JSON lines and pictures (version 2), or record_*.json (version 1)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from edgeai.clock import NS
from edgeai.errors import RecordingError
from edgeai.messages import Column
from edgeai.recording.foreign.json_lines import is_number, json_lines, parsed
from edgeai.recording.foreign.log import Damaged, Entry, Log, LogSource
from edgeai.recording.foreign.pictures import read_inside

__all__ = ["is_tub", "open_tub"]

_MODES = ("user", "local_angle", "local")
"""Who drives: a person, the pilot at the wheel only, the pilot; a reading holds the place in this list."""
_RECORD = re.compile(r"record_([0-9]{1,12})\.json")
_MS = NS // 1000


@dataclass(frozen=True, slots=True)
class _Tub:
    """A tub: its folder, the folder of its pictures, keys of pictures and of numbers, and where the records are."""

    path: Path
    images: Path
    pictures: tuple[str, ...]
    numbers: tuple[str, ...]
    catalogues: tuple[Path, ...]
    deleted: frozenset[int]
    began: int | None = None
    """For version 1: the time (ns) from which its records count, where meta.json tells it."""

    def records(self) -> Iterator[tuple[int | None, Mapping[str, Any] | None]]:
        """Yield (stamp in ns, record) of each that is not deleted; None for what cannot be read."""
        for catalogue in self.catalogues:
            for record in json_lines(catalogue) if catalogue.suffix == ".catalog" else [parsed(catalogue)]:
                if record is None:
                    yield None, None
                elif not is_number(index := record.get("_index")) or index not in self.deleted:
                    yield _stamp(record, self.began), record


def is_tub(path: Path) -> bool:
    """Say whether a folder is a tub."""
    if (path / "manifest.json").is_file():
        return True
    return any(_RECORD.fullmatch(item.name) for item in islice(path.glob("record_*.json"), 16))


def open_tub(path: Path) -> Log:
    """Open a tub: a camera for each picture of a record, and a sensor `drive` of its numbers.

    Stamps are those of the records, in UTC. `drive` has the tub's own names: `user/angle` and `user/throttle` from -1
    to 1, `user/mode` as 0 user, 1 local_angle, 2 local. Deleted records are left out. Raises RecordingError.
    """
    tub = _version_2(path) if (path / "manifest.json").is_file() else _version_1(path)
    count, start, end = 0, None, 0
    for stamp, _ in tub.records():
        count += 1
        if stamp is not None:
            start = stamp if start is None else start
            end = max(end, stamp)
    if start is None:
        raise RecordingError(f"the tub {str(path)!r} holds no record with a time: record again, or give another")
    cameras = {_camera_name(key, tub.pictures): key for key in tub.pictures}
    sources = [LogSource(name, "camera", count, start, end) for name in cameras]
    if tub.numbers:
        columns = tuple(Column(key) for key in tub.numbers)
        sources.append(LogSource("drive", "sensor", count, start, end, columns))
    return Log("tub", path, "utc", tuple(sources), lambda source: _entries(source, tub, cameras.get(source.name)))


def _version_2(path: Path) -> _Tub:
    lines = list(islice(json_lines(path / "manifest.json", any_value=True), 5))
    if len(lines) < 5 or not isinstance(lines[0], list) or not isinstance(lines[4], dict):
        raise RecordingError(
            f"{str(path / 'manifest.json')!r} is not the manifest of a tub: it is cut short or foreign"
        )
    inputs, types, places = lines[0], lines[1], lines[4]
    if not isinstance(types, list) or not isinstance(places.get("paths"), list):
        raise RecordingError(f"{str(path / 'manifest.json')!r} names no types or no catalogues: it is damaged")
    kinds = [(key, kind) for key, kind in zip(inputs, types, strict=False) if isinstance(key, str)]
    catalogues = tuple(path / Path(str(name)).name for name in places["paths"])
    deleted = places.get("deleted_indexes")
    pictures = tuple(key for key, kind in kinds if kind == "image_array")
    numbers = tuple(key for key, kind in kinds if kind in ("float", "int", "boolean") or key == "user/mode")
    return _Tub(
        path,
        path / "images",
        pictures,
        numbers,
        catalogues,
        frozenset(index for index in deleted if isinstance(index, int)) if isinstance(deleted, list) else frozenset(),
    )


def _version_1(path: Path) -> _Tub:
    found = [(int(match[1]), item) for item in path.iterdir() if (match := _RECORD.fullmatch(item.name))]
    records = tuple(item for _, item in sorted(found))
    meta = parsed(path / "meta.json") if (path / "meta.json").is_file() else None
    began: Any = (meta or {}).get("start")
    first = next((record for item in records if (record := parsed(item)) is not None), {})
    pictures = tuple(key for key, value in first.items() if isinstance(value, str) and key.endswith("image_array"))
    numbers = tuple(key for key in first if key == "user/mode" or (is_number(first[key]) and key != "milliseconds"))
    return _Tub(path, path, pictures, numbers, records, frozenset(), round(began * NS) if is_number(began) else None)


def _stamp(record: Mapping[str, Any], began: int | None) -> int | None:
    for key, offset in (("_timestamp_ms", 0), ("milliseconds", began or 0)):
        told = record.get(key)
        if is_number(told) and abs(told) < 1e14:
            return round(told * _MS) + offset
    return None


def _camera_name(key: str, keys: tuple[str, ...]) -> str:
    short = key.partition("/")[0]
    return short if sum(other.partition("/")[0] == short for other in keys) == 1 else key.replace("/", "_")


def _entries(source: LogSource, tub: _Tub, key: str | None) -> Iterator[Entry]:
    last = source.start
    for stamp, record in tub.records():
        if record is None or stamp is None:
            yield Entry(source.name, last, Damaged("a record is damaged or has no time"))
            continue
        last = max(last, stamp)
        if key is None:
            yield Entry(source.name, stamp, tuple(_value(record.get(name)) for name in tub.numbers))
        elif isinstance(name := record.get(key), str):
            yield Entry(source.name, stamp, read_inside(tub.images, name))
        else:
            yield Entry(source.name, stamp, Damaged(f"a record has no {key}"))


def _value(value: Any) -> float:
    if isinstance(value, str):
        return float(_MODES.index(value)) if value in _MODES else math.nan
    return float(value) if isinstance(value, bool) or is_number(value) else math.nan
