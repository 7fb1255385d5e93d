"""Bags of ROS 2, in MCAP or sqlite, by rosbags (extra `ros`).

Types are the standard ones that rosbags brings: definitions inside a bag are not used, for they would be code of a
stranger. A stamp is the message's own (the time of capture); of a source whose first message bears none, or one that
is more than a minute away from the time of recording, it is the time of recording.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from edgeai.clock import NS
from edgeai.driver import vendor
from edgeai.errors import EdgeAIError, RecordingError
from edgeai.recording.foreign.log import Damaged, Entry, Log, LogSource
from edgeai.recording.foreign.ros_messages import TYPES
from edgeai.recording.foreign.times import since_1970

__all__ = ["is_bag", "open_bag"]

_SQLITE = b"SQLite format 3\0"
_MCAP = b"\x89MCAP0\r\n"
_ROS2 = b"\x04\x00\x00\x00ros2"
_NEAR = 60 * NS
"""A capture further than this from the time of its recording is not on the same clock."""

_MOST_CHUNK = 256 << 20
"""Bytes of an unpacked chunk; writers cut them at 1 to 4 MiB, or behind a message that is larger."""


def is_bag(path: Path) -> bool:
    """Say whether a path is a folder with a bag's metadata.yaml, an MCAP file of ROS 2, or a database of sqlite."""
    if path.is_dir():
        with contextlib.suppress(OSError), (path / "metadata.yaml").open("rb") as file:
            return b"rosbag2_bagfile_information" in file.read(4096)
        return False
    with contextlib.suppress(OSError), path.open("rb") as file:
        head = file.read(25)
        return head.startswith(_SQLITE) or (head.startswith(_MCAP) and head[17:25] == _ROS2)
    return False


def open_bag(path: Path) -> Log:
    """Open a bag: each topic of a type that is read is a source of the topic's name.

    Of topics of other types nothing is said. Raises RecordingError, and PluginError when rosbags is not installed.
    """
    with _reading(path) as reader:
        sources = tuple(
            source for connection in _connections(reader) if (source := _described(reader, connection)) is not None
        )
        types = sorted({connection.msgtype for connection in reader.connections})
    if not sources:
        wanted = ", ".join(name.rpartition("/")[2] for name in TYPES)
        raise RecordingError(
            f"{str(path)!r} has no message that can be read, of {wanted}; its types are {', '.join(types) or 'none'}"
        )
    clock = since_1970(min(source.start for source in sources))
    return Log("rosbag2", path, clock, sources, lambda source: _entries(path, source))


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[Any]:
    """Give an open reader of rosbags; whatever it raises over a damaged bag is a RecordingError."""
    library = vendor("rosbags.rosbag2", "ros")
    try:
        with library.Reader(path) as reader:
            _refuse_large_chunks(path, reader)
            yield reader
    except EdgeAIError:
        raise
    except Exception as error:  # a damaged bag brings up anything, from struct.error to MemoryError
        said = str(error).strip() or type(error).__name__
        raise RecordingError(
            f"the bag {str(path)!r} cannot be read ({said[:300]}): it is damaged, cut short or no bag of ROS 2; try "
            "'ros2 bag reindex', or record again"
        ) from error


def _refuse_large_chunks(path: Path, reader: Any) -> None:
    """Raise RecordingError for a chunk of MCAP that announces more than a chunk ever holds, before it is unpacked."""
    for storage in getattr(reader.storage, "storages", (reader.storage,)):
        for chunk in getattr(storage, "chunks", ()):
            if chunk.uncompressed_size > _MOST_CHUNK:
                raise RecordingError(
                    f"the bag {str(path)!r} announces a chunk of {chunk.uncompressed_size >> 20} MiB: it is damaged or "
                    "made to fill the memory; give another"
                )


def _connections(reader: Any) -> list[Any]:
    """Return one connection for each topic that is read: that of the most messages where several publish on it."""
    wanted: dict[str, Any] = {}
    for connection in reader.connections:
        known = wanted.get(connection.topic)
        if connection.msgtype in TYPES and (known is None or connection.msgcount > known.msgcount):
            wanted[connection.topic] = connection
    return list(wanted.values())


@cache
def _store() -> Any:
    library = vendor("rosbags.typesys", "ros")
    return library.get_typestore(library.Stores.ROS2_HUMBLE)


def _message(data: bytes, msgtype: str) -> Any:
    """Return the message, or None when its bytes are damaged."""
    try:
        return _store().deserialize_cdr(data, msgtype)
    except Exception:  # noqa: BLE001 - rosbags' generated code raises whatever the bytes lead it to
        return None


def _own_stamp(message: Any) -> int:
    return int(message.header.stamp.sec) * NS + int(message.header.stamp.nanosec)


def _described(reader: Any, connection: Any) -> LogSource | None:
    end = reader.end_time - 1
    for _, recorded, data in reader.messages([connection]):
        message, kind = _message(data, connection.msgtype), TYPES[connection.msgtype]
        if message is None or (kind.kind == "sensor" and isinstance(kind.data(message), Damaged)):
            continue
        start = _own_stamp(message) if _is_near(message, recorded) else recorded
        count = max(1, connection.msgcount)
        return LogSource(connection.topic, kind.kind, count, start, max(start, end), kind.columns(message))
    return None


def _is_near(message: Any, recorded: int) -> bool:
    return abs(_own_stamp(message) - recorded) <= _NEAR


def _entries(path: Path, source: LogSource) -> Iterator[Entry]:
    with _reading(path) as reader:
        connection = next(item for item in _connections(reader) if item.topic == source.name)
        kind, by_own = TYPES[connection.msgtype], None
        last = source.start
        for _, recorded, data in reader.messages([connection]):
            message = _message(data, connection.msgtype)
            if message is None or not isinstance(recorded, int):
                yield Entry(source.name, last, Damaged("a message is damaged"))
                continue
            by_own = _is_near(message, recorded) if by_own is None else by_own
            last = _own_stamp(message) if by_own else recorded
            found = kind.data(message)
            if isinstance(found, tuple) and len(found) != len(source.columns):
                found = Damaged(f"a message has {len(found)} values, and the first one had {len(source.columns)}")
            yield Entry(source.name, last, found)
