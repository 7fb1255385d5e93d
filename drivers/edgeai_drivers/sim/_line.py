"""The simulated motor controller's serial line: a pseudo-terminal when met live, plain calls in virtual time."""

from __future__ import annotations

import contextlib
import os
import threading
import tty
from collections.abc import Callable

import serial

_CHUNK = 4096


class Port(serial.Serial):
    """A serial port that tells when it is closed."""

    on_close: Callable[[], None] | None = None

    def close(self) -> None:
        """Close the port; may be called twice."""
        super().close()
        told, self.on_close = self.on_close, None
        if told:
            told()


class Pty:
    """A pseudo-terminal: the controller holds one end, programs open `path` like any serial port.

    It lasts until it and all ports from `connect` are closed, so that an output which ends after the controller finds
    a wire for its last command.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 1
        self._controller, self._held = os.openpty()
        tty.setraw(self._held)
        os.set_blocking(self._controller, False)
        self.path = os.ttyname(self._held)

    def connect(self) -> Port:
        """Open the other end as a serial port that never waits for long."""
        port = Port(self.path, timeout=0, write_timeout=0.1)
        with self._lock:
            self._users += 1
        port.on_close = self.close
        return port

    def receive(self) -> bytes:
        """Return the bytes that have arrived, without waiting."""
        with contextlib.suppress(BlockingIOError):
            return os.read(self._controller, _CHUNK)
        return b""

    def send(self, data: bytes) -> None:
        """Send bytes; those that find no room, because nobody reads, are lost as on a wire."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._controller, data)

    def close(self) -> None:
        """Leave the line; the last one to do so ends it."""
        with self._lock:
            self._users -= 1
            if self._users == 0:
                os.close(self._controller)
                os.close(self._held)


class Direct:
    """The line in virtual time: what is written has arrived."""

    def __init__(self, arrive: Callable[[bytes], None]) -> None:
        self._arrive = arrive

    def write(self, data: bytes) -> int:
        """Hand bytes to the controller, all of them."""
        self._arrive(data)
        return len(data)

    def flush(self) -> None:
        """Return at once: nothing waits."""

    def close(self) -> None:
        """Return at once: nothing is held."""
