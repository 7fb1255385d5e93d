"""What is in a recording: each topic's messages, rate and gaps, what was lost, in one pass over the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgeai.recording import format as layout
from edgeai.recording.codec import from_bytes
from edgeai.recording.mcap import Scan
from edgeai.recording.reader import Recording

__all__ = ["Survey", "Topic", "survey"]

_GAP = 3.0
"""A pause this many times the mean interval is a gap."""


@dataclass(slots=True)
class Topic:
    """One topic: messages, bytes, first and last publish_time (ns), the longest pause (ns), stamps that went back."""

    schema: str
    messages: int = 0
    bytes: int = 0
    first: int = 0
    last: int = 0
    longest: int = 0
    backwards: int = 0

    def count(self, stamp: int, size: int) -> None:
        """Count a message."""
        if self.messages:
            self.longest = max(self.longest, stamp - self.last)
            self.backwards += stamp < self.last
        else:
            self.first = stamp
        self.last = stamp
        self.messages += 1
        self.bytes += size

    @property
    def rate(self) -> float:
        """Messages a second."""
        span = (self.last - self.first) * 1e-9
        return (self.messages - 1) / span if span > 0 else 0.0

    @property
    def gap(self) -> float:
        """Seconds of the longest pause, 0 where it is not much more than the mean interval."""
        longest = self.longest * 1e-9
        return longest if self.rate and longest * self.rate > _GAP else 0.0


@dataclass(frozen=True, slots=True)
class Survey:
    """A recording at a glance. damage: sentences on what cannot be read; lost: what the recorder had no room for."""

    seconds: float
    topics: dict[str, Topic]
    drops: dict[str, int]
    lost: dict[str, int]
    complete: bool
    damage: tuple[str, ...]


def survey(recording: Recording) -> Survey:
    """Look through a recording, passing over what is damaged."""
    topics: dict[str, Topic] = {}
    drops: dict[str, int] = {}
    lost: dict[str, int] = {}
    begin, end = None, 0
    with recording.path.open("rb") as file:
        scan = Scan(file, salvage=True)
        for message in scan:
            topic = message.channel.topic
            topics.setdefault(topic, Topic(message.channel.schema)).count(message.publish_time, len(message.data))
            begin, end = message.log_time if begin is None else begin, max(end, message.log_time)
            if topic == layout.DROPS:
                cause = str(_field(message.data, "cause"))
                drops[cause] = drops.get(cause, 0) + 1
            elif topic == layout.LOSSES:
                lost[str(_field(message.data, "topic"))] = int(_field(message.data, "count") or 0)
    return Survey((end - (begin or 0)) * 1e-9, topics, drops, lost, scan.complete, tuple(scan.lost))


def _field(data: bytes, name: str) -> Any:
    plain = from_bytes(data)
    return plain.get(name) if isinstance(plain, dict) else None
