"""`edgeai export`: pictures, results, readings and annotated video out of a recording."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeai.cli import screen
from edgeai.cli.options import Recorded
from edgeai.errors import ConfigError, DeviceError
from edgeai.messages import Frame, Reading, Result, plain

if TYPE_CHECKING:
    from edgeai.recording.reader import Record, Recording

__all__ = ["export"]

_PENDING = 64
"""Frames of a camera that wait for their results; most results come within a few."""


def export(
    recording: Recorded,
    frames: Annotated[Path | None, typer.Option(help="A folder for the pictures, CAMERA-SEQ.png.")] = None,
    jsonl: Annotated[Path | None, typer.Option(help="A file for results and readings, a JSON object a line.")] = None,
    table: Annotated[Path | None, typer.Option("--csv", help="A file for the readings: time, source, values.")] = None,
    video: Annotated[Path | None, typer.Option(help="A video (.mkv, .mp4, .avi) of results on their frames.")] = None,
    rerun: Annotated[Path | None, typer.Option(help="A file (.rrd) for rerun.io; needs the extra rerun.")] = None,
    fps: Annotated[float, typer.Option(help="Pictures a second of the video.", min=0.1)] = 15.0,
) -> None:
    """Take pictures, results, readings or an annotated video out of a recording; what is damaged is passed over.

    Example: edgeai export drive.mcap --jsonl results.jsonl --video drive.mkv
    """
    from edgeai.recording.reader import Recording

    if all(asked is None for asked in (frames, jsonl, table, video, rerun)):
        raise ConfigError("nothing to export: give --frames, --jsonl, --csv, --video or --rerun")
    opened = Recording.open(recording)
    try:
        if frames is not None:
            _frames(opened, frames)
        if jsonl is not None:
            _jsonl(opened, jsonl)
        if table is not None:
            _csv(opened, table)
        if video is not None:
            _video(opened, video, fps)
        if rerun is not None:
            _rerun(opened, rerun)
    except OSError as error:
        if isinstance(error, DeviceError):
            raise
        raise ConfigError(f"{error.filename}: {error.strerror}: give a place that can be written") from error


def _values(recording: Recording, what: str) -> Iterator[Any]:
    """Give every value, with a progress bar on standard error."""
    return (record.value for record in _records(recording, what))


def _records(recording: Recording, what: str) -> Iterator[Record]:
    from edgeai import plugins

    with screen.progress_bar() as progress:
        for record in recording.records(salvage=True, policies=lambda name: plugins.find("policies", name)):
            progress(what, None)
            yield record


def _frames(recording: Recording, folder: Path) -> None:
    import cv2

    folder.mkdir(parents=True, exist_ok=True)
    for value in _values(recording, "pictures"):
        if isinstance(value, Frame):
            image = value.image[:, :, ::-1] if value.colour == "rgb" else value.image
            path = folder / f"{value.source}-{value.seq:06d}.png"
            if not cv2.imwrite(str(path), image):
                raise ConfigError(f"{path} cannot be written: make room or choose another folder")


def _jsonl(recording: Recording, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for value in _values(recording, "results"):
            if isinstance(value, Result | Reading):
                name = value.stream if isinstance(value, Result) else value.source
                content = plain(value.value if isinstance(value, Result) else value)
                row = {"t": value.stamp, "name": name, "seq": value.seq, "value": content}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _csv(recording: Recording, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("t", "source", "seq", "column", "unit", "value"))
        for value in _values(recording, "readings"):
            if isinstance(value, Reading):
                for column, number in zip(value.columns, value.values, strict=True):
                    rows.writerow((value.stamp, value.source, value.seq, column.name, column.unit, repr(number)))


def _rerun(recording: Recording, path: Path) -> None:
    """Write what rerun can show."""
    from edgeai.recording.rerun import to_rerun

    stages = recording.header.workload.stages
    origins = {stage.name: stage.origin for stage in stages}
    cameras = {name: _root(name, origins) for name in origins}
    if not to_rerun(_records(recording, "rerun"), path, cameras):
        raise ConfigError(f"{recording.path} holds nothing that rerun can show")


def _root(stage: str, origins: dict[str, str]) -> str:
    """Return the source that a chain of stages begins with; a source may bear the name of the stage it feeds."""
    met = [stage]
    while origins.get(met[-1], met[-1]) not in met:
        met.append(origins[met[-1]])
    return origins.get(met[-1], met[-1])


def _video(recording: Recording, path: Path, fps: float) -> None:
    """Write the results of the first stage on the frames they were found in."""
    import cv2

    from edgeai.draw import annotate

    codec = {".mkv": "MJPG", ".avi": "MJPG", ".mp4": "mp4v"}.get(path.suffix.lower())
    if codec is None:
        raise ConfigError(f"{path}: give a name that ends in .mkv, .avi or .mp4")
    kept: dict[tuple[str, int], Frame] = {}
    writer: Any = None
    stream = None
    try:
        for value in _values(recording, "video"):
            if isinstance(value, Frame):
                kept[value.source, value.seq] = value
                if len(kept) > _PENDING:
                    kept.pop(next(iter(kept)))
            elif isinstance(value, Result) and value.inputs[:1] and value.inputs[0] in kept:
                stream = stream or value.stream
                if value.stream != stream:
                    continue
                frame = kept[value.inputs[0]]
                image = frame.image[:, :, ::-1] if frame.colour == "rgb" else frame.image
                picture = annotate(image, value.value)
                if writer is None:
                    size = (picture.shape[1], picture.shape[0])
                    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, size)
                    if not writer.isOpened():
                        raise ConfigError(f"{path} cannot be written: make room or choose another folder")
                writer.write(picture)
    finally:
        if writer is not None:
            writer.release()
    if writer is None:
        raise ConfigError(f"{recording.path} holds no result with its frame: there is nothing for a video")
