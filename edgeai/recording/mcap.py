"""MCAP records as they lie in a file, one after the other: every length is checked before a byte is allocated.

Reads what is complete of a torn file, which a reader that begins at the index at the end cannot.
(The MCAP specification, mcap.dev/spec.)
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import IO

import lz4.frame
import zstandard

from edgeai.errors import RecordingError
from edgeai.recording.format import MAX_CHUNK, MAX_RECORD

__all__ = ["MAGIC", "Channel", "Message", "Scan"]

MAGIC = b"\x89MCAP0\r\n"
_HEADER, _FOOTER, _SCHEMA, _CHANNEL, _MESSAGE, _CHUNK, _MESSAGE_INDEX, _DATA_END = 1, 2, 3, 4, 5, 6, 7, 15
_PREFIX = struct.Struct("<BQ")
_MESSAGE_HEAD = struct.Struct("<HIQQ")
_CHUNK_HEAD = struct.Struct("<QQQII")
_LENGTH = struct.Struct("<Q")
_NUMBER = struct.Struct("<H")

_LARGE = 64 << 10
"""Bytes of a chunk from which on it is worth while to look first whether it holds anything that is wanted."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A topic, the encoding of its messages, the name of their schema (empty: none), and facts of its writer."""

    topic: str
    encoding: str
    schema: str
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A message: `data` as it was written; times in ns."""

    channel: Channel
    sequence: int
    log_time: int
    publish_time: int
    data: bytes


class _Torn(Exception):  # noqa: N818 - it is an outcome
    """The file ends inside a record, or a record makes no sense."""


class Scan:
    """Iterates over the messages of a file in the order they lie in it; one chunk is held at a time.

    With `salvage` a damaged chunk is passed over and counted and a torn end ends the iteration; `lost` then says what
    was passed over. Without it both raise RecordingError, after all messages before them.
    """

    def __init__(self, file: IO[bytes], *, salvage: bool = False, topics: Collection[str] | None = None) -> None:
        """`file` is open for reading and seekable; `topics` are those that are wanted, None: all.

        Raises RecordingError when it is no MCAP file.
        """
        self._file = file
        self._topics = topics
        self._salvage = salvage
        self.size = file.seek(0, io.SEEK_END)
        file.seek(0)
        if file.read(len(MAGIC)) != MAGIC:
            what = "is empty" if not self.size else "is no MCAP file"
            raise RecordingError(f"{_name(file)} {what}: give a recording that edgeai or another MCAP writer made")
        self.lost: list[str] = []
        self.complete = False
        """True when the end of the data was met: the file was closed in order."""
        self.profile = ""
        self._schemas: dict[int, str] = {0: ""}
        self._forms: dict[str, tuple[str, bytes]] = {}
        self._channels: dict[int, Channel] = {}
        self._unwanted: set[int] = set()

    def __iter__(self) -> Iterator[Message]:
        try:
            for opcode, body in self._records():
                if opcode == _CHUNK:
                    yield from self._chunk(body)
                elif opcode in (_DATA_END, _FOOTER):
                    self.complete = True
                    return
                else:
                    message = self._record(opcode, body)
                    if message is not None:
                        yield message
            raise _Torn("the file ends before its end was written")
        except _Torn as torn:
            if not self._salvage:
                raise RecordingError(f"{_name(self._file)}: {torn}; `edgeai recover` writes what is complete") from None
            self.lost.append(str(torn))

    def schema(self, name: str) -> tuple[str, bytes]:
        """Return the encoding and the text of a schema that was met."""
        return self._forms[name]

    # -- inside ------------------------------------------------------------------------------------------------

    def _records(self) -> Iterator[tuple[int, memoryview]]:
        """Give the records at the top level; what is cut out of them is not copied, for pictures are large."""
        at = len(MAGIC)
        prefix = memoryview(self._file.read(_PREFIX.size))
        while at < self.size:
            if len(prefix) < _PREFIX.size:
                raise _Torn(f"the last {len(prefix)} bytes are part of a record")
            opcode, length = _PREFIX.unpack(prefix)
            at += _PREFIX.size
            if length > self.size - at:
                raise _Torn(f"the last {self.size - at + _PREFIX.size} bytes are part of a record")
            if length > MAX_RECORD:
                raise _Torn(f"a record of {length} bytes is more than the {MAX_RECORD} that are read")
            if opcode == _CHUNK and length > _LARGE and self._unwanted and self._passes_over(length):
                at += length
                prefix = memoryview(self._file.read(_PREFIX.size))
                continue
            body = memoryview(self._file.read(length + _PREFIX.size))  # and what the next record begins with
            if len(body) < length:
                raise _Torn("the file became shorter while it was read")
            at += length
            prefix = body[length:]
            if opcode != _MESSAGE_INDEX:  # everything is read in order
                yield opcode, body[:length]

    def _passes_over(self, length: int) -> bool:
        """Pass over the body of a chunk whose index, which follows it, names only channels that are not wanted."""
        start = self._file.tell()
        end = self._file.seek(length, io.SEEK_CUR)
        named = set()
        while len(head := self._file.read(_PREFIX.size + _NUMBER.size)) == _PREFIX.size + _NUMBER.size:
            opcode, size = _PREFIX.unpack_from(head)
            if opcode != _MESSAGE_INDEX or size > self.size:
                break
            named.add(_NUMBER.unpack_from(head, _PREFIX.size)[0])
            self._file.seek(size - _NUMBER.size, io.SEEK_CUR)
        passes = bool(named) and named <= self._unwanted
        self._file.seek(end if passes else start)
        return passes

    def _chunk(self, body: memoryview) -> Iterator[Message]:
        try:
            data = _unpacked(body)
        except _Torn as torn:
            if not self._salvage:
                raise
            self.lost.append(str(torn))
            return
        at, end = 0, len(data)
        while at < end:
            if end - at < _PREFIX.size:
                raise _Torn("a chunk ends inside a record")
            opcode, length = _PREFIX.unpack_from(data, at)
            at += _PREFIX.size
            if length > end - at:
                raise _Torn("a record is longer than its chunk")
            if opcode != _MESSAGE or length < _NUMBER.size or _NUMBER.unpack_from(data, at)[0] not in self._unwanted:
                message = self._record(opcode, data[at : at + length])
                if message is not None:
                    yield message
            at += length

    def _record(self, opcode: int, body: memoryview) -> Message | None:
        if opcode == _MESSAGE:
            if len(body) < _MESSAGE_HEAD.size:
                raise _Torn("a message is shorter than its head")
            number, sequence, log_time, publish_time = _MESSAGE_HEAD.unpack_from(body)
            channel = self._channels.get(number)
            if channel is None:
                raise _Torn(f"a message belongs to channel {number}, which is not there")
            if number in self._unwanted:
                return None
            return Message(channel, sequence, log_time, publish_time, bytes(body[_MESSAGE_HEAD.size :]))
        fields = _Fields(body)
        if opcode == _CHANNEL:
            number, schema = fields.integer(2), fields.integer(2)
            if schema not in self._schemas:
                raise _Torn(f"a channel has schema {schema}, which is not there")
            channel = Channel(fields.text(), fields.text(), self._schemas[schema], fields.pairs())
            self._channels[number] = channel
            if self._topics is not None and channel.topic not in self._topics:
                self._unwanted.add(number)
        elif opcode == _SCHEMA:
            number = fields.integer(2)
            name, encoding = fields.text(), fields.text()
            self._schemas[number] = name
            self._forms[name] = encoding, bytes(fields.rest()[4:])
        elif opcode == _HEADER:
            self.profile = fields.text()
        return None


def _unpacked(body: memoryview) -> memoryview:
    """Return the records in a chunk, never more than MAX_CHUNK bytes."""
    if len(body) < _CHUNK_HEAD.size:
        raise _Torn("a chunk is shorter than its head")
    _, _, size, crc, letters = _CHUNK_HEAD.unpack_from(body)
    at = _CHUNK_HEAD.size + letters
    data = body[at + _LENGTH.size :]
    if at + _LENGTH.size > len(body) or _LENGTH.unpack_from(body, at)[0] != len(data) or size > MAX_CHUNK:
        raise _Torn("a chunk is not as long as it says, or longer than is read")
    compression = str(body[_CHUNK_HEAD.size : at], "utf-8", "replace")
    try:
        if compression == "zstd":
            with zstandard.ZstdDecompressor(max_window_size=MAX_CHUNK).stream_reader(data) as reader:
                data = memoryview(reader.read(size + 1))
        elif compression == "lz4":
            data = memoryview(lz4.frame.LZ4FrameDecompressor().decompress(data, max_length=size + 1))
        elif compression:
            raise _Torn(f"a chunk is compressed in a way that is not known, {compression[:20]!r}")
    except (zstandard.ZstdError, RuntimeError, EOFError, MemoryError) as error:
        raise _Torn(f"a chunk cannot be unpacked ({error})") from None
    if len(data) != size or (crc and zlib.crc32(data) != crc):
        raise _Torn(f"a chunk of {len(data)} bytes is damaged")
    return data


class _Fields:
    """Reads the fields of a record's body one after the other."""

    def __init__(self, body: memoryview) -> None:
        self._body, self._at = body, 0

    def integer(self, size: int) -> int:
        """Return a little-endian integer of so many bytes."""
        return int.from_bytes(self._take(size), "little")

    def text(self) -> str:
        """Return a string, its length before it in four bytes."""
        try:
            return str(self._take(self.integer(4)), "utf-8")
        except UnicodeDecodeError:
            raise _Torn("a name is no text") from None

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return a map of strings, its length in bytes before it."""
        end = self.integer(4) + self._at
        found = []
        while self._at < end:
            found.append((self.text(), self.text()))
        return tuple(found)

    def rest(self) -> memoryview:
        """Return what is left."""
        return self._body[self._at :]

    def _take(self, size: int) -> memoryview:
        taken = self._body[self._at : self._at + size]
        if len(taken) < size:
            raise _Torn("a record is shorter than its fields")
        self._at += size
        return taken


def _name(file: IO[bytes]) -> str:
    return str(getattr(file, "name", "the recording"))
