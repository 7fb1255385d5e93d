"""The program of the child: `python -m edgeai.runtime.isolation.child`, with the numbers of three descriptors."""

from __future__ import annotations

import contextlib
import fcntl
import json
import mmap
import os
import pickle
import socket
import sys
from typing import Any

import numpy as np

from edgeai.clock import SystemClock
from edgeai.driver import Camera, EndOfSource, Sensor, Source
from edgeai.runtime.isolation.wire import LONGEST, MEMORY

__all__ = ["main"]


def main(sock: int, memory: int, lifeline: int) -> None:
    """Open the source that the parent names, and read it as often as the parent asks."""
    _die_with_parent(lifeline)
    line = socket.socket(fileno=sock)
    shared = mmap.mmap(memory, MEMORY)
    made = line.recv(LONGEST)
    try:
        cls, name, options = pickle.loads(made)  # noqa: S301 - from our own parent, over a socket that it made
        source: Source[Any] = cls(name, options)
        source.open(SystemClock())
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent has to know
        _say(line, _failure(error))
        return
    try:
        _say(line, _about(source))
        while data := line.recv(LONGEST):
            _say(line, _answer(source, json.loads(data), shared))
    finally:
        with contextlib.suppress(Exception):
            source.close()


def _die_with_parent(lifeline: int) -> None:
    """Have the kernel end this process by SIGIO when the parent's end of a pipe is closed."""
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def _about(source: Source[Any]) -> dict[str, Any]:
    about: dict[str, Any] = {"rate": source.rate, "period": source.period, "stall": source.stall}
    if isinstance(source, Sensor):
        about["columns"] = [[column.name, column.unit] for column in source.columns]
        about["headline"] = list(source.headline)
    if isinstance(source, Camera):
        about |= {"colour": source.colour, "varying": source.varying}
    return about


def _answer(source: Source[Any], asked: dict[str, Any], shared: mmap.mmap) -> dict[str, Any]:
    source.capture_time, source.captured, source.lost = asked["capture_time"], asked["captured"], asked["lost"]
    try:
        capture = source._read(asked["timeout"])
    except EndOfSource:
        return {"end": True}
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent has to know
        return _failure(error)
    if capture is None:
        return {"none": True, "lost": source.lost - asked["lost"]}
    raw, clock = (SystemClock.now(), "monotonic") if capture.clock == "none" else (capture.raw, capture.clock)
    told: dict[str, Any] = {
        "raw": raw,
        "clock": clock,
        "lost": capture.lost,
        "encoded": 0,
        "measured": capture.measured,
    }
    if isinstance(capture.data, np.ndarray):
        picture = np.ascontiguousarray(capture.data)
        encoded = capture.encoded or b""
        if picture.nbytes + len(encoded) > MEMORY:
            return _failure(ValueError(f"a capture of {picture.nbytes} bytes is larger than the shared memory"))
        shared[: picture.nbytes] = picture.data.cast("B")
        shared[picture.nbytes : picture.nbytes + len(encoded)] = encoded
        return told | {"shape": picture.shape, "dtype": str(picture.dtype), "encoded": len(encoded)}
    return told | {"values": [float(value) for value in capture.data]}


def _failure(error: Exception) -> dict[str, Any]:
    return {"error": type(error).__name__, "text": str(error)}


def _say(line: socket.socket, message: dict[str, Any]) -> None:
    line.send(json.dumps(message).encode())


if __name__ == "__main__":
    main(*(int(number) for number in sys.argv[1:]))
