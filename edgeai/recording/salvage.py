"""Makes a whole file of a torn one: every complete message, in order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeai.errors import RecordingError
from edgeai.recording.mcap import Channel, Scan
from edgeai.recording.mcap_writer import McapFile

__all__ = ["Salvaged", "salvage"]


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What was saved of a file: messages, and sentences on what was lost (none: the file was whole)."""

    messages: int
    lost: tuple[str, ...]


def salvage(torn: Path, whole: Path) -> Salvaged:
    """Copy all complete messages of `torn` to the new file `whole`. Raises RecordingError."""
    messages = 0
    try:
        with torn.open("rb") as file:
            scan = Scan(file, salvage=True)
            found = iter(scan)
            first = next(found, None)
            copy = McapFile(whole, scan.profile, "edgeai recover")
            schemas: dict[str, int] = {"": 0}
            channels: dict[Channel, int] = {}
            try:
                while first is not None:
                    channel = first.channel
                    if channel not in channels:
                        if channel.schema not in schemas:
                            encoding, data = scan.schema(channel.schema)
                            schemas[channel.schema] = copy.schema(channel.schema, encoding, data)
                        number = schemas[channel.schema]
                        channels[channel] = copy.channel(channel.topic, channel.encoding, number, dict(channel.facts))
                    copy.message(channels[channel], first.sequence, first.log_time, first.publish_time, first.data)
                    messages += 1
                    first = next(found, None)
                copy.finish()
            finally:
                copy.close()
    except OSError as error:
        raise RecordingError(
            f"{error.filename or torn}: {error.strerror}: give a recording, and a file that is new"
        ) from error
    return Salvaged(messages, tuple(scan.lost))
