"""Whole lines into a file, a pipe or a terminal, without ever blocking for long."""

from __future__ import annotations

import os
import select
import stat
import sys
from typing import Literal, Protocol, TextIO

PATIENCE = 0.5
"""Seconds to wait for the reader of a pipe that is full."""


class Lines(Protocol):
    """What a line is written to."""

    dropped: int
    """Lines given up because nobody read them in time."""

    def write(self, line: str) -> None:
        """Write `line` and its end. Raises OSError."""
        ...

    def close(self) -> None:
        """Write what is left and let go."""
        ...


class FileLines:
    """Lines into a file of our own, each by one system call: a process that is killed leaves whole lines behind.

    A line that does not fit on the disk is taken back before the error is raised.
    """

    def __init__(self, fd: int) -> None:
        self.dropped = 0
        self._fd = fd
        self._end = os.lseek(fd, 0, os.SEEK_END)
        if self._end and os.pread(fd, 1, self._end - 1) != b"\n":
            self.write("")

    def write(self, line: str) -> None:
        """Write a line, all of it or nothing. Raises OSError."""
        data = line.encode() + b"\n"
        try:
            _write_all(self._fd, data)
        except OSError:
            os.ftruncate(self._fd, self._end)
            os.lseek(self._fd, self._end, os.SEEK_SET)
            raise
        self._end += len(data)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


class PipeLines:
    """Lines into a pipe or a terminal. When its reader pauses, whole lines are dropped and counted.

    A write waits PATIENCE for the reader once, and not at all until the reader takes bytes again. A line of which a
    part has gone out is always finished before the next begins.
    """

    def __init__(self, fd: int, *, owned: bool) -> None:
        self.dropped = 0
        self._fd = fd
        self._owned = owned
        self._rest = memoryview(b"")
        self._patience = PATIENCE
        self._room = select.poll()
        self._room.register(fd, select.POLLOUT)

    def write(self, line: str) -> None:
        """Write a line, or drop it when nobody reads. Raises OSError."""
        if not self._push():
            self.dropped += 1
            return
        data = memoryview(line.encode() + b"\n")
        self._rest = data
        if not self._push() and len(self._rest) == len(data):
            self._rest = data[:0]
            self.dropped += 1

    def close(self) -> None:
        """Finish a line that was begun, if its reader lets us, and close the pipe if it is ours."""
        try:
            self._push()
        except OSError:
            self._rest = self._rest[:0]
        if self._owned:
            os.close(self._fd)

    def _push(self) -> bool:
        """Write what is left of a line; say whether all went out. A ready pipe takes PIPE_BUF without blocking."""
        while self._rest:
            if not self._room.poll(self._patience * 1000):
                self._patience = 0.0
                return False
            try:
                written = os.write(self._fd, self._rest[: select.PIPE_BUF])
            except BlockingIOError:
                return False
            self._rest = self._rest[written:]
            self._patience = PATIENCE
        return True


class StreamLines:
    """Lines into a text stream without a file behind it: a notebook, or a program that captures its output."""

    def __init__(self, stream: TextIO) -> None:
        self.dropped = 0
        self._stream = stream

    def write(self, line: str) -> None:
        """Write a line. Raises OSError."""
        self._stream.write(line + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Leave the stream open: it is not ours."""


def standard(name: Literal["stdout", "stderr"]) -> Lines:
    """Return the lines of standard output or standard error, whatever stands behind it."""
    stream: TextIO = getattr(sys, name)
    try:
        stream.flush()
        return PipeLines(stream.fileno(), owned=False)
    except (OSError, ValueError):
        return StreamLines(stream)


def open_lines(path: str, *, append: bool) -> Lines:
    """Open a file, a named pipe or a device for lines; a file is emptied unless `append`. Raises OSError."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | (os.O_APPEND if append else os.O_TRUNC)
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            flags = os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC
    except FileNotFoundError:
        pass
    fd = os.open(path, flags, 0o644)
    try:
        return FileLines(fd) if stat.S_ISREG(os.fstat(fd).st_mode) else PipeLines(fd, owned=True)
    except OSError:
        os.close(fd)
        raise


def _write_all(fd: int, data: bytes) -> None:
    written = os.write(fd, data)
    while written < len(data):
        written += os.write(fd, data[written:])
