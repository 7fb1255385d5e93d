"""Which source of which log a device of a graph is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgeai.driver import DriverOptions
from edgeai.errors import RecordingError
from edgeai.recording.foreign.formats import open_log
from edgeai.recording.foreign.log import Log, LogSource
from edgeai.recording.foreign.own import is_recording
from edgeai.recording.foreign.rosbag import is_bag
from edgeai.recording.foreign.times import TimeUnit
from edgeai.recording.foreign.tub import is_tub

__all__ = ["FormatName", "LogOptions", "chosen", "is_log"]

FormatName = Literal["edgeai", "rosbag2", "tub", "video", "folder"]


@dataclass(frozen=True, kw_only=True)
class LogOptions(DriverOptions):
    """path: a recording, a ROS 2 bag, a tub, a folder of pictures with their times, or a video with lines of JSON.

    source: its name in the log; left out, the one that is called like this device, or the only one. format: edgeai,
    rosbag2, tub, video or folder, where looking at it does not tell. time_unit: s, ms, us or ns, of the numbers in text
    files, where they do not tell. lossless: as fast as what is read is consumed.
    """

    path: str
    source: str | None = None
    format: FormatName | None = None
    time_unit: TimeUnit | None = None
    lossless: bool = False


def is_log(path: str) -> bool:
    """Say whether a path is that of a log which nothing else would be made of: a recording, a bag, a tub."""
    place = Path(path).expanduser()
    return is_recording(place) or is_bag(place) or (place.is_dir() and is_tub(place))


def chosen(kind: Literal["camera", "sensor"], name: str, options: LogOptions) -> tuple[Log, LogSource]:
    """Return the log, and its source: the one that is named, or called `name`, or the only one of the kind.

    Raises RecordingError, which says what there is.
    """
    log = open_log(options.path, options.format, time_unit=options.time_unit)
    if options.source is not None:
        source = log.source(options.source)
        if source.kind != kind:
            raise RecordingError(
                f"{source.name} of {options.path!r} is a {source.kind}, no {kind}: name another source"
            )
        return log, source
    there = [source for source in log.sources if source.kind == kind]
    mine = [source for source in there if source.name == name] or there
    if len(mine) == 1:
        return log, mine[0]
    names = ", ".join(source.name for source in there)
    found = f"has the {kind}s {names}: say which" if there else f"has no {kind}: it has {_all(log)}"
    raise RecordingError(f"{name}: {options.path!r} {found}" + (" (source: NAME)" if there else ""))


def _all(log: Log) -> str:
    return ", ".join(f"{source.kind} {source.name}" for source in log.sources)
