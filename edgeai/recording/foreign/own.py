"""A recording of edgeai as a log: its cameras and sensors, without what was found and decided."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgeai.errors import RecordingError
from edgeai.messages import Column, Frame, Reading
from edgeai.recording import format as layout
from edgeai.recording.foreign.log import Entry, Log, LogSource
from edgeai.recording.reader import Recording
from edgeai.recording.survey import Topic, survey

__all__ = ["is_recording", "open_recording"]

_MAGIC = b"\x89MCAP0\r\n"
_NAME = layout.PROFILE.encode()


def is_recording(path: Path) -> bool:
    """Say whether a path is an MCAP file with the profile of edgeai."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        head = file.read(21 + len(_NAME))
        return head.startswith(_MAGIC) and head[21:] == _NAME
    return False


def open_recording(path: Path) -> Log:
    """Open a recording; a torn one as far as it goes. Raises RecordingError when it has no camera and no sensor."""
    recording = Recording.open(path)
    topics = survey(recording).topics
    cameras = [
        _source(name, "camera", topic)
        for name in recording.header.cameras
        if (topic := topics.get(layout.image_of(name))) is not None
    ]
    sensors = [
        _source(name, "sensor", topic, _columns(recording, name))
        for name in recording.header.sensors
        if (topic := topics.get(layout.readings_of(name))) is not None
    ]
    if not cameras and not sensors:
        raise RecordingError(f"{str(path)!r} holds no picture and no reading: record a pipeline with a source")

    def read(source: LogSource) -> Iterator[Entry]:
        of_camera = layout.frames_of(source.name), layout.image_of(source.name)
        topics = of_camera if source.kind == "camera" else (layout.readings_of(source.name),)
        for record in recording.records(topics, salvage=True):
            if isinstance(record.value, Frame):
                yield Entry(source.name, record.value.stamp, record.value.encoded or _bgr(record.value))
            elif isinstance(record.value, Reading):
                yield Entry(source.name, record.value.stamp, record.value.values)

    return Log("edgeai", path, "media", (*cameras, *sensors), read)


def _source(name: str, kind: str, topic: Topic, columns: tuple[Column, ...] = ()) -> LogSource:
    made: LogSource = LogSource(name, kind, topic.messages, topic.first, topic.last, columns)  # type: ignore[arg-type]
    return made


def _columns(recording: Recording, name: str) -> tuple[Column, ...]:
    records = recording.records((layout.readings_of(name),), salvage=True)
    return next((record.value.columns for record in records if isinstance(record.value, Reading)), ())


def _bgr(frame: Frame) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.ascontiguousarray(frame.image[:, :, ::-1]) if frame.colour == "rgb" else frame.image
