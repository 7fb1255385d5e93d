"""A run as a service of systemd: it tells that it runs, that it is alive, and that it ends (sd_notify(3))."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping

__all__ = ["Service"]

_LONGEST_STATUS = 200


class Service:
    """Talks to the service manager that started this process, if one did; else says nothing.

    environment: NOTIFY_SOCKET is where it listens, WATCHDOG_USEC how long it waits for a sign of life, from the process
    WATCHDOG_PID. A manager that does not listen is no reason to fail.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        meant = environment.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        given = environment.get("WATCHDOG_USEC", "")
        self._period = int(given) * 1000 // 3 if given.isdecimal() and meant else None
        self._due = 0
        self._status = ""

    def ready(self) -> None:
        """Tell that everything is open and runs."""
        self._tell("READY=1")

    def alive(self, now: int, status: str) -> None:
        """Tell that this process gets on, thrice in the time the manager waits; `now` in ns, `status` for people."""
        if status != self._status:
            self._status = status
            self._tell(f"STATUS={' '.join(status.split())[:_LONGEST_STATUS]}")
        if self._period is not None and now >= self._due:
            self._due = now + self._period
            self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """Tell that it ends."""
        self._tell("STOPPING=1")

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.setblocking(False)
            to.sendto(text.encode(), self._address)
