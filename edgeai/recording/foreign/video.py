"""A video with lines of JSON beside it: `drive.mp4` and `drive.jsonl`, or a folder that holds one video.

`video_lines` says how a line is matched to the video.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edgeai.errors import RecordingError
from edgeai.recording.foreign.log import Entry, Log, LogSource
from edgeai.recording.foreign.pictures import is_picture_name
from edgeai.recording.foreign.times import TimeUnit
from edgeai.recording.foreign.video_frames import extent, frames, is_video
from edgeai.recording.foreign.video_lines import Track, described, entries, is_jsonl, tracks

__all__ = ["open_video", "video_and_lines"]

_CAMERA = "video"
_MOST_FILES = 64


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
    """Open a video and its lines: a camera `video`, and a sensor for each stream of lines, or each file without any.

    The pictures are decoded ones: a video holds no picture as bytes. Raises RecordingError.
    """
    pair = video_and_lines(path)
    if pair is None:
        raise RecordingError(f"{str(path)!r} is no video with lines of JSON: put NAME.jsonl beside NAME.mp4")
    video, files = pair
    count, start, end = extent(video)
    found: dict[str, Track] = {}
    for track in (track for file in files for track in tracks(file, video, end, time_unit)):
        taken = track.name in found or track.name == _CAMERA
        found[f"{track.file.stem}.{track.stream or 'lines'}" if taken else track.name] = track
    sensors = [source for name, track in found.items() if (source := described(track, name)) is not None]
    if not sensors:
        raise RecordingError(f"no line of {str(files[0])!r} has a time or a frame, and numbers: give each line both")

    def read(source: LogSource) -> Iterator[Entry]:
        if source.name == _CAMERA:
            return (Entry(_CAMERA, stamp, picture) for stamp, picture in frames(video))
        return entries(found[source.name], source.name)

    return Log("video", path, "media", (LogSource(_CAMERA, "camera", count, start, end), *sensors), read)
