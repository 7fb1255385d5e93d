"""The wire of an MJPEG stream over HTTP as pure machines: bytes in, pictures out, nothing unbounded."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgeai.jpeg import jpeg_is_whole

__all__ = ["Chunks", "Head", "Multipart", "Part", "WireError", "headers", "jpeg_is_whole"]

_HEAD_LIMIT = 16 << 10
_PART_LIMIT = 32 << 20
_SIZE = re.compile(rb"\s*([0-9A-Fa-f]{1,16})\s*(?:;.*)?", re.DOTALL)
"""The line before a chunk. `int` would take a sign, too, and a chunk of negative size would never end."""
_LONGEST_LENGTH = 16
"""Digits of a length: Python refuses to read thousands of them."""


class WireError(ValueError):
    """What came is not what the protocol allows; the message says what it was."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One part of a multipart stream: its headers, names in lower case, and its body."""

    headers: dict[str, str]
    body: bytes


def headers(block: bytes) -> dict[str, str]:
    """Read header lines into {name in lower case: value}; lines without a colon are passed over."""
    rows = (line.split(":", 1) for line in block.decode("latin-1").splitlines() if ":" in line)
    return {name.strip().lower(): value.strip() for name, value in rows}


class Head:
    """Collects the head of an HTTP answer; the bytes behind it stay in `rest`."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.status = 0
        self.headers: dict[str, str] = {}
        self.rest = b""

    def feed(self, data: bytes) -> bool:
        """Take the next bytes; return whether the head is complete. Raises WireError when it is no head of HTTP."""
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _HEAD_LIMIT or not b"HTTP/1."[: len(self._buffer)] == self._buffer[:7]:
                raise WireError("what answers does not speak HTTP")
            return False
        match = re.match(rb"HTTP/1\.[01] (\d{3})\b", self._buffer)
        if match is None:
            raise WireError("what answers does not speak HTTP")
        self.status = int(match[1])
        self.headers = headers(bytes(self._buffer[:end]).partition(b"\r\n")[2])
        self.rest = bytes(self._buffer[end + 4 :])
        return True


class Chunks:
    """Undoes HTTP's chunked transfer, however its bytes are split; `ended` after the last chunk."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._left = 0
        self.ended = False

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return the content they hold. Raises WireError."""
        self._buffer += data
        content = bytearray()
        while not self.ended:
            if self._left > 2:
                taken = self._buffer[: self._left - 2]
                content += taken
                del self._buffer[: len(taken)]
                self._left -= len(taken)
            if 0 < self._left <= 2:
                ending = min(len(self._buffer), self._left)
                del self._buffer[:ending]
                self._left -= ending
            if self._left or not self._next_chunk():
                break
        return bytes(content)

    def _next_chunk(self) -> bool:
        """Read the line before a chunk, its size in hexadecimal. `_left` counts content and the two bytes after it."""
        line, found, _ = self._buffer.partition(b"\r\n")
        if not found:
            if len(line) > 1024:
                raise WireError("its chunks have no size")
            return False
        del self._buffer[: len(line) + 2]
        if (told := _SIZE.fullmatch(line)) is None:
            raise WireError("its chunks have no size")
        size = int(told[1], 16)
        self.ended = size == 0
        self._left = size + 2
        return True


class Multipart:
    """Cuts a multipart stream into its parts, however its bytes are split.

    A part with a Content-Length is taken by it; one without goes up to the next boundary, or to the end of its JPEG
    when nothing came behind that: the next boundary may be a frame period away. `ended` after the closing boundary.
    """

    def __init__(self, boundary: str, limit: int = _PART_LIMIT) -> None:
        self._boundary = b"--" + boundary.strip('"').lstrip("-").encode("latin-1")
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0
        self._headers: dict[str, str] | None = None
        self.ended = False

    def feed(self, data: bytes) -> list[Part]:
        """Take the next bytes; return the parts they complete, in order. Raises WireError when a bound is passed."""
        self._buffer += data
        parts = []
        while not self.ended and (part := self._step()) is not None:
            if part.body:
                parts.append(part)
        if len(self._buffer) > self._limit + _HEAD_LIMIT:
            raise WireError(f"a picture is larger than {self._limit >> 20} MB, or has no boundary")
        return parts

    def _step(self) -> Part | None:
        if self._headers is None and not self._read_headers():
            return None
        assert self._headers is not None
        told = self._headers.get("content-length", "")
        if told.isdecimal() and int(told[:_LONGEST_LENGTH]):
            return self._take(int(told[:_LONGEST_LENGTH]))
        return self._take_to_boundary()

    def _read_headers(self) -> bool:
        start = self._find(self._boundary)
        if start < 0:
            del self._buffer[: max(0, len(self._buffer) - len(self._boundary))]
            self._searched = 0
            return False
        begin = start + len(self._boundary)
        if self._buffer[begin : begin + 2] == b"--":
            self.ended = True
            return False
        end = self._buffer.find(b"\r\n\r\n", begin)
        if end < 0:
            if len(self._buffer) - begin > _HEAD_LIMIT:
                raise WireError("its parts have no headers")
            self._searched = start
            return False
        self._headers = headers(bytes(self._buffer[begin:end]))
        self._drop(end + 4)
        return True

    def _take(self, size: int) -> Part | None:
        if size > self._limit:
            raise WireError(f"a picture is larger than {self._limit >> 20} MB")
        return self._cut(size) if len(self._buffer) >= size else None

    def _take_to_boundary(self) -> Part | None:
        end = self._find(self._boundary)
        if end < 0 and self._buffer.endswith((b"\xff\xd9", b"\xff\xd9\r\n")) and jpeg_is_whole(bytes(self._buffer)):
            end = len(self._buffer)
        if end < 0:
            return None
        part = self._cut(end)
        return Part(part.headers, part.body.removesuffix(b"\r\n"))

    def _find(self, wanted: bytes) -> int:
        """Find in what was not searched yet, so that a large part is not searched again for every packet."""
        found = self._buffer.find(wanted, max(0, self._searched - len(wanted)))
        self._searched = len(self._buffer)
        return found

    def _cut(self, end: int) -> Part:
        assert self._headers is not None
        part = Part(self._headers, bytes(self._buffer[:end]))
        self._headers = None
        self._drop(end)
        return part

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._searched = 0
