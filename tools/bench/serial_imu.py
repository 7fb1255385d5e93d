"""A serial IMU behind a pseudo-terminal, in a process of its own, that suffers what devices and their cables suffer.

    python tools/bench/serial_imu.py LINK

LINK leads to the port, as a name in /dev/serial/by-id does, and is gone while the device is unplugged. Fifty times a
second it writes a line: its own time in ms, two numbers. A line `KIND BEGIN END` on its standard input plans a fault
between two times of the monotonic clock (ns); it ends with its standard input.
"""

from __future__ import annotations

import os
import random
import select
import sys
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE, Popen

PERIOD = 20_000_000
OPTIONS = {"driver": "serial_lines", "columns": "t:ms,ax,ay", "time_column": "t"}
"""How a graph reads it, but for the port."""
SUFFERED = ("unplug", "stall", "slow", "garble", "shape", "duplicate", "skip", "jump")
"""Kinds that happen at the port; others happen in its driver."""
AHEAD = 5000
"""ms that its clock is ahead after a jump."""
SLOWER = 4


class Imu:
    """The device: what it writes at a time (ns), None where that is nothing. Pure."""

    def __init__(self) -> None:
        self._turn = 0
        self._ahead = 0
        self._last = b""
        self._noise = random.Random(1)

    def says(self, t: int, fault: str | None) -> bytes | None:
        self._turn += 1
        if fault == "jump":
            self._ahead = AHEAD
        line = b"%d,0.0,1.0\n" % (t // 1_000_000 + self._ahead)
        if fault == "stall" or (fault == "slow" and self._turn % SLOWER) or (fault == "skip" and self._turn % 2):
            return None
        if fault == "garble":
            return self._noise.randbytes(len(line))
        if fault == "shape":
            return line.rpartition(b",")[0] + b"\n"
        self._last = self._last if fault == "duplicate" else line
        return self._last


class Port:
    """A pseudo-terminal that a link leads to; `plug` and `unplug` may be called again and again."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._ends: tuple[int, int] | None = None

    def plug(self) -> None:
        if self._ends is None:
            ours, port = self._ends = os.openpty()
            tty.setraw(port)
            os.set_blocking(ours, False)
            self._link.symlink_to(os.ttyname(port))

    def unplug(self) -> None:
        if self._ends is not None:
            self._link.unlink()
            for end in self._ends:
                os.close(end)
            self._ends = None

    def write(self, data: bytes) -> None:
        with suppress(BlockingIOError):
            os.write(self._ends[0], data)


def live(link: Path) -> None:
    """Be the device until the standard input ends."""
    imu, port, kind, begin, end = Imu(), Port(link), "", 0, 0
    port.plug()
    print("plugged in", flush=True)
    due = time.monotonic_ns()
    while True:
        due += PERIOD
        if select.select([sys.stdin], [], [], max(0, due - time.monotonic_ns()) / 1e9)[0]:
            if not (words := sys.stdin.readline().split()):
                break
            kind, begin, end = words[0], int(words[1]), int(words[2])
        now = time.monotonic_ns()
        fault = kind if begin <= now < end else None
        if fault == "unplug":
            port.unplug()
            continue
        port.plug()
        if (line := imu.says(now, fault)) is not None:
            port.write(line)
    port.unplug()


class Device:
    """The device as who drives the bench holds it."""

    def __init__(self, process: Popen[str]) -> None:
        self._process = process

    def suffer(self, kind: str, begin: int, end: int) -> None:
        """Have it suffer from `begin` to `end`, ns of the monotonic clock."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{kind} {begin} {end}\n")
        self._process.stdin.flush()


@contextmanager
def plugged(link: Path) -> Iterator[Device]:
    """Have the device at a link, until the end of the block."""
    with Popen([sys.executable, __file__, str(link)], stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield Device(process)
        process.stdin.close()


if __name__ == "__main__":
    live(Path(sys.argv[1]))
