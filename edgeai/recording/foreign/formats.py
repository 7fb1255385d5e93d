"""Which format a log is of: found by looking into it, never by its name alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgeai.errors import RecordingError
from edgeai.recording.foreign.folder import find_tables, open_folder
from edgeai.recording.foreign.log import Log
from edgeai.recording.foreign.own import is_recording, open_recording
from edgeai.recording.foreign.rosbag import is_bag, open_bag
from edgeai.recording.foreign.times import UNITS, TimeUnit
from edgeai.recording.foreign.tub import is_tub, open_tub
from edgeai.recording.foreign.video import open_video, video_and_lines

__all__ = ["FORMATS", "Format", "open_log"]


@dataclass(frozen=True, slots=True)
class Format:
    """A format that is read: what it looks like, in words and in code."""

    looks_like: str
    recognises: Callable[[Path], bool]
    open: Callable[[Path, TimeUnit | None], Log]


FORMATS: dict[str, Format] = {
    "edgeai": Format("a recording that `edgeai record` wrote", is_recording, lambda p, _: open_recording(p)),
    "rosbag2": Format(
        "a ROS 2 bag: a folder with metadata.yaml, an .mcap of ROS 2, or a .db3", is_bag, lambda p, _: open_bag(p)
    ),
    "tub": Format(
        "a donkeycar tub: a folder with manifest.json, or with record_*.json", is_tub, lambda p, _: open_tub(p)
    ),
    "video": Format(
        "a video with lines of JSON: NAME.mp4 and NAME.jsonl", lambda p: video_and_lines(p) is not None, open_video
    ),
    "folder": Format(
        "pictures with a file of times: rgb.txt, data.csv, timestamps.txt, or a CSV file of times and names",
        lambda p: p.is_dir() and any(track.is_camera for track in find_tables(p, "s").values()),
        open_folder,
    ),
}
"""The formats by name, in the order in which they are tried."""

_FOREIGN = ((b"#ROSBAG V2.0", "a bag of ROS 1: convert it with rosbags-convert"), (b"\x89MCAP0\r\n", "no bag of ROS 2"))


def open_log(path: str | Path, format: str | None = None, *, time_unit: TimeUnit | None = None) -> Log:
    """Open a log that another program recorded.

    `format` is one of FORMATS, or found by looking. `time_unit` is that of the numbers in text files; without it their
    headers and sizes tell (see `times.unit_of`). Raises RecordingError, which lists what a log could be; PluginError
    when a bag of ROS is to be read and rosbags is not installed.
    """
    place = Path(path).expanduser()
    if not place.is_dir() and not place.is_file():
        found = "is no file" if place.exists() else "does not exist"
        raise RecordingError(f"{str(place)!r} {found}: correct the path of the log")
    if time_unit is not None and time_unit not in UNITS:
        raise RecordingError(f"time_unit is {time_unit!r}: give one of {', '.join(UNITS)}")
    if format is not None and format not in FORMATS:
        raise RecordingError(f"there is no format {format!r} of logs: give one of {', '.join(FORMATS)}")
    try:
        name = format or _recognised(place)
        if name == "folder" and not place.is_dir():
            raise RecordingError(f"{str(place)!r} is a file: give the folder that holds the pictures and their times")
        return FORMATS[name].open(place, time_unit)
    except OSError as error:
        raise RecordingError(
            f"{str(error.filename or place)!r} cannot be read ({error.strerror or error}): mend it or its permissions"
        ) from error


def _recognised(path: Path) -> str:
    for name, known in FORMATS.items():
        if known.recognises(path):
            return name
    could_be = "; ".join(f"{known.looks_like} ({name})" for name, known in FORMATS.items())
    raise RecordingError(f"{str(path)!r} is {_instead(path)}. A log can be {could_be}")


def _instead(path: Path) -> str:
    if path.is_dir():
        return "a folder that holds no log" if any(path.iterdir()) else "an empty folder"
    with path.open("rb") as file:
        head = file.read(16)
    return next((what for magic, what in _FOREIGN if head.startswith(magic)), "no log that is read here")
