"""Reads recordings: the header, the state at the beginning, and what happened, in order and in bounded memory.

recording = Recording.open("run.mcap")
recording.header.cameras, recording.opening.calibrated
for record in recording.records():
    match record.value:
        case Decision(event, commands): ...
        case Frame() | Reading() | Result() | Announce() | Drop() | DriverState() | FaultNote() | Loss(): ...
"""

from __future__ import annotations

import functools
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeai.driver import DriverState
from edgeai.errors import RecordingError
from edgeai.messages import Frame, Reading, Result
from edgeai.recording import format as layout
from edgeai.recording.codec import Policies, decode, from_bytes
from edgeai.recording.header import Header, Opening, read_header, read_snapshot
from edgeai.recording.images import FrameNote, frame_of
from edgeai.recording.mcap import Message, Scan
from edgeai.recording.notes import Decision, FaultNote, Loss, UtcPair
from edgeai.schedule.commands import Announce, Drop

__all__ = ["Decision", "FaultNote", "Loss", "Record", "Recording", "UtcPair"]


@dataclass(frozen=True, slots=True)
class Record:
    """A message of a recording: its topic, when it was written down (ns), and its value."""

    topic: str
    t: int
    value: Decision | Frame | Reading | Result | Announce | Drop | DriverState | FaultNote | Loss | UtcPair


_BY_TOPIC: dict[str, Any] = {
    layout.DECISIONS: Decision,
    layout.ANNOUNCEMENTS: Announce,
    layout.DROPS: Drop,
    layout.DRIVERS: DriverState,
    layout.FAULTS: FaultNote,
    layout.LOSSES: Loss,
    layout.CLOCK: UtcPair,
}


class Recording:
    """A recording that was opened: its header and opening are read, everything else is read when asked for."""

    def __init__(self, path: Path, header: Header, opening: Opening) -> None:
        self.path = path
        self.header = header
        self.opening = opening

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Recording:
        """Read the beginning of a recording, complete or torn. Raises RecordingError."""
        path = Path(path)
        header: Header | None = None
        with _opened(path) as file:
            scan = Scan(file, salvage=True)
            for message in scan:
                if message.channel.topic == layout.HEADER and header is None:
                    header = read_header(_json(message))
                elif message.channel.topic == layout.SNAPSHOT and header is not None:
                    return cls(path, header, read_snapshot(_json(message)))
                else:
                    break
        what = "ends before its snapshot" if header else "has no header of edgeai"
        raise RecordingError(
            f"{path} {what}: nothing can be read of it here; a bag of ROS 2 runs as a source, --source log:{path}"
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of cameras and sensors."""
        return (*self.header.cameras, *self.header.sensors)

    def records(
        self, topics: Collection[str] | None = None, *, salvage: bool = False, policies: Policies | None = None
    ) -> Iterator[Record]:
        """Iterate over what happened, in order, each value as it was; only one chunk is held in memory.

        topics: only these, all when None; topics that are for display only are left out. salvage: pass over what is
        damaged and end where a file is torn. policies: from a plug-in's name to a policy's class, for Configure events.

        Raises RecordingError at what is damaged, after all records before it.
        """
        notes: dict[str, FrameNote] = {}
        for message in self.messages(topics, salvage=salvage):
            try:
                value = self._value(message, notes, policies)
            except RecordingError:
                if not salvage:
                    raise
                continue
            if value is not None:
                yield Record(message.channel.topic, message.log_time, value)

    def messages(self, topics: Collection[str] | None = None, *, salvage: bool = False) -> Iterator[Message]:
        """Iterate over the raw messages, as `records` does, those for display too."""
        with _opened(self.path) as file:
            yield from Scan(file, salvage=salvage, topics=topics)

    def _value(self, message: Message, notes: dict[str, FrameNote], policies: Policies | None) -> Any:
        """Return a message's value; None for what is for display, and for notes on a picture that follows."""
        topic = message.channel.topic
        if topic in _BY_TOPIC:
            return decode(_json(message), _BY_TOPIC[topic], policies)
        room, name, part = _place(topic)
        if room == "results" and not part:
            return decode(_json(message), Result)
        if room == "sensors" and not part:
            return decode(_json(message), Reading)
        if room == "sensors" and part == "bytes":
            return None
        if room == "cameras" and part == "frames":
            notes[name] = decode(_json(message), FrameNote)
        if room == "cameras" and part == "image" and name in notes:
            return frame_of(name, notes.pop(name), message.data)
        return None


@functools.lru_cache
def _place(topic: str) -> tuple[str, str, str]:
    """Return the room, the name and the part of a topic: `/cameras/front/image`."""
    _, _, rest = topic.partition("/")
    room, _, rest = rest.partition("/")
    name, _, part = rest.partition("/")
    return room, name, part


def _opened(path: Path) -> Any:
    try:
        return path.open("rb")
    except OSError as error:
        raise RecordingError(f"{path} cannot be read ({error.strerror}): give the path of a recording") from error


def _json(message: Message) -> Any:
    if len(message.data) > layout.MAX_JSON:
        raise RecordingError(
            f"{message.channel.topic} holds {len(message.data)} bytes, more than is read: it is damaged"
        )
    return from_bytes(message.data)
