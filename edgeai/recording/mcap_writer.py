"""Writes MCAP: chunks without compression, each whole in the file as soon as it is written.

The library's own writer closes a chunk only when that is full; a recording has to be on its way to the disk before.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections import defaultdict
from pathlib import Path

from mcap.data_stream import RecordBuilder
from mcap.records import (
    Channel,
    ChunkIndex,
    DataEnd,
    Footer,
    Header,
    McapRecord,
    MessageIndex,
    Schema,
    Statistics,
    SummaryOffset,
)

from edgeai.recording.mcap import MAGIC

__all__ = ["CHUNK", "McapFile"]

CHUNK = 64 << 10
"""Bytes after which a chunk is written."""

_MESSAGE = struct.Struct("<BQHIQQ")
_CHUNK = struct.Struct("<BQQQQIIQ")
_MESSAGE_HEAD, _CHUNK_HEAD = 22, 40
_SCHEMA_OP, _CHANNEL_OP, _STATISTICS_OP, _CHUNK_INDEX_OP = 3, 4, 11, 8


class McapFile:
    """A file being written. Every method but `close` may raise OSError; what was flushed before can still be read."""

    def __init__(self, path: Path, profile: str, library: str) -> None:
        """Make the file; one that exists is left alone and FileExistsError raised."""
        self.size = 0
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        self._schemas: list[Schema] = []
        self._channels: list[Channel] = []
        self._chunks: list[ChunkIndex] = []
        self._counts: dict[int, int] = defaultdict(int)
        self._first: int | None = None
        self._last = 0
        self._parts: list[bytes] = []
        self._filled = 0
        self._index: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._begin: int | None = None
        self._end = 0
        self._write(MAGIC + _packed(Header(profile, library)))

    def schema(self, name: str, encoding: str, data: bytes) -> int:
        """Add a schema; returns its number."""
        record = Schema(data=data, encoding=encoding, id=len(self._schemas) + 1, name=name)
        self._schemas.append(record)
        self._add(_packed(record))
        return record.id

    def channel(self, topic: str, encoding: str, schema: int, facts: dict[str, str]) -> int:
        """Add a topic; returns its channel's number."""
        record = Channel(len(self._channels) + 1, topic, encoding, facts, schema)
        self._channels.append(record)
        self._add(_packed(record))
        return record.id

    def message(self, channel: int, sequence: int, log_time: int, publish_time: int, data: bytes) -> None:
        """Add a message; a large one has a chunk for itself, so that readers of other topics can pass over it."""
        if len(data) >= CHUNK:
            self.flush()
        self._index[channel].append((log_time, self._filled))
        self._counts[channel] += 1
        self._begin = log_time if self._begin is None else min(self._begin, log_time)
        self._end = max(self._end, log_time)
        length = _MESSAGE_HEAD + len(data)
        self._add(_MESSAGE.pack(5, length, channel, sequence & 0xFFFFFFFF, log_time, publish_time))
        self._add(data)
        if self._filled >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the operating system: it survives the end of this process."""
        if not self._parts:
            return
        data = b"".join(self._parts)
        begin, end, start = self._begin or 0, self._end, self.size
        body = _CHUNK_HEAD + len(data)
        head = _CHUNK.pack(6, body, begin, end, len(data), zlib.crc32(data), 0, len(data))
        indexes, offsets = b"", {}
        for channel, rows in self._index.items():
            offsets[channel] = start + len(head) + len(data) + len(indexes)
            indexes += _packed(MessageIndex(channel, rows))
        had_messages = bool(self._index)
        self._begin_chunk()
        self._write(head + data + indexes)
        if had_messages:
            self._first = begin if self._first is None else min(self._first, begin)
            self._last = max(self._last, end)
        self._chunks.append(
            ChunkIndex(
                chunk_length=len(head) + len(data),
                chunk_start_offset=start,
                compression="",
                compressed_size=len(data),
                message_end_time=end,
                message_index_length=len(indexes),
                message_index_offsets=offsets,
                message_start_time=begin,
                uncompressed_size=len(data),
            )
        )

    def sync(self) -> None:
        """Have the disk keep what was flushed: it survives a power cut."""
        os.fdatasync(self._file)

    def finish(self) -> None:
        """Flush, and write the summary by which other readers find their way."""
        self.flush()
        self._write(_packed(DataEnd(0)))
        start = self.size
        groups = (
            (_SCHEMA_OP, self._schemas),
            (_CHANNEL_OP, self._channels),
            (_STATISTICS_OP, [self._statistics()]),
            (_CHUNK_INDEX_OP, self._chunks),
        )
        summary, offsets = b"", b""
        for opcode, records in groups:
            packed = b"".join(_packed(record) for record in records)
            if packed:
                offsets += _packed(SummaryOffset(opcode, len(packed), start + len(summary)))
            summary += packed
        footer = Footer(summary_crc=0, summary_offset_start=start + len(summary), summary_start=start)
        summary += offsets
        head = _packed(footer)[:-4]
        self._write(summary + head + struct.pack("<I", zlib.crc32(head, zlib.crc32(summary))) + MAGIC)
        self.sync()

    def close(self) -> None:
        """Close the file as it is."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    # -- inside ------------------------------------------------------------------------------------------------

    def _begin_chunk(self) -> None:
        self._parts = []
        self._filled = 0
        self._index = defaultdict(list)
        self._begin = None
        self._end = 0

    def _add(self, data: bytes) -> None:
        self._parts.append(data)
        self._filled += len(data)

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            written = os.write(self._file, left)
            self.size += written
            left = left[written:]

    def _statistics(self) -> Statistics:
        return Statistics(
            attachment_count=0,
            channel_count=len(self._channels),
            channel_message_counts=dict(self._counts),
            chunk_count=len(self._chunks),
            message_count=sum(self._counts.values()),
            message_end_time=self._last,
            message_start_time=self._first or 0,
            metadata_count=0,
            schema_count=len(self._schemas),
        )


def _packed(record: McapRecord) -> bytes:
    builder = RecordBuilder()
    record.write(builder)
    return bytes(builder.end())  # type: ignore[no-untyped-call]
