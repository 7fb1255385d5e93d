"""The parent's end: drivers that stand for a source in another process."""

from __future__ import annotations

import contextlib
import json
import math
import mmap
import os
import pickle
import select
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeai import errors
from edgeai.clock import NS
from edgeai.driver import Camera, Capture, Column, Driver, EndOfSource, Sensor, Source
from edgeai.errors import ConfigError, DeviceError, DeviceLost, DeviceTimeout, Problem
from edgeai.runtime.isolation.wire import LONGEST, MEMORY

if TYPE_CHECKING:
    from typing import Self

__all__ = ["isolated"]

_OPEN = 30.0
"""Seconds that the child may take to start and open its device."""

_HANG = 2.0
"""Seconds without an answer after which the child is ended."""

_GRACE = 0.05
"""Seconds that an answer may come later than asked for."""

_LAST = 0.3
"""Seconds that the child has to close its device, before it is killed."""

_ERRORS: dict[str, type[Exception]] = {
    name: cls
    for name in ("DeviceError", "DeviceLost", "DeviceNotFound", "DeviceTimeout", "PluginError")
    if isinstance(cls := getattr(errors, name), type)
}


def isolated(source: Source[Any]) -> Source[Any]:
    """Return a source that runs the driver of `source` in a process of its own.

    Raises ConfigError for one that needs other drivers, or whose class cannot be imported by another process.
    """
    cls = type(source)
    section = "cameras" if isinstance(source, Camera) else "sensors"
    where = f"{section}.{source.name}.isolate"
    if cls.attach is not Driver.attach:
        raise ConfigError(Problem(where, "a driver that needs others of this process", "a device by itself"))
    if cls.__module__ == "__main__" or "<locals>" in cls.__qualname__:
        raise ConfigError(Problem(where, f"{cls.__qualname__}, made in the program itself", "a driver of a module"))
    made = _IsolatedCamera(source) if isinstance(source, Camera) else _IsolatedSensor(source)
    made.retry, made.lossless = source.retry, source.lossless
    return made


class _Isolated(Source[Any]):
    """A source elsewhere: `_read` asks for it."""

    _child: subprocess.Popen[bytes] | None = None

    def __init__(self, source: Source[Any]) -> None:
        super().__init__(source.name, source.options)
        self._original = source
        self.rate, self.period, self.stall = source.rate, source.period, source.stall

    def anew(self) -> Self:
        """Return another, with a process of its own."""
        made = type(self)(self._original.anew())
        made.retry, made.lossless = self.retry, self.lossless
        made.captured, made.lost, made._stamper = self.captured, self.lost, self._stamper
        return made

    def _open(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        memory = os.memfd_create(f"edgeai-{self.name}")
        life, self._lifeline = os.pipe()
        self._socket, self._asked = ours, 0
        try:
            os.ftruncate(memory, MEMORY)
            self._shared = mmap.mmap(memory, MEMORY, prot=mmap.PROT_READ)
            numbers = theirs.fileno(), memory, life
            command = [sys.executable, "-m", "edgeai.runtime.isolation.child", *map(str, numbers)]
            path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
            self._child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command, pass_fds=numbers, env={**os.environ, "PYTHONPATH": path}, stdin=subprocess.DEVNULL, stdout=2
            )
        finally:
            theirs.close()
            os.close(memory)
            os.close(life)
        ours.send(pickle.dumps((type(self._original), self.name, self.options)))
        about = self._hear(_OPEN)
        if about is None:
            raise DeviceTimeout(f"{self.name} could not be opened in {_OPEN:g} s by a process of its own")
        self._learn(about)

    def _learn(self, about: dict[str, Any]) -> None:
        self.rate, self.period, self.stall = about["rate"], about["period"], about["stall"]

    def _read(self, timeout: float) -> Capture | None:
        now = self._clock.now()
        if not self._asked:
            self._asked = now
            asked = {"timeout": timeout, "capture_time": self.capture_time}
            self._say({**asked, "captured": self.captured, "lost": self.lost})
        elif now - self._asked > _HANG * NS:
            raise DeviceTimeout(f"{self.name} hangs: its process has not answered for {_HANG:g} s and is ended")
        told = self._hear(timeout + _GRACE)
        if told is None:
            return None
        self._asked = 0
        if "end" in told:
            raise EndOfSource
        if "none" in told:
            self.lost += told["lost"]
            return None
        return self._capture(told)

    def _capture(self, told: dict[str, Any]) -> Capture:
        data: Any = told.get("values")
        encoded = None
        if data is None:
            shape, dtype = tuple(told["shape"]), np.dtype(told["dtype"])
            size = math.prod(shape) * dtype.itemsize
            data = np.frombuffer(self._shared[:size], dtype).reshape(shape).copy()
            encoded = self._shared[size : size + told["encoded"]] or None
        measured = None if told["measured"] is None else (told["measured"][0], told["measured"][1])
        return Capture(data, told["raw"], told["clock"], told["lost"], encoded, measured)

    def _say(self, message: dict[str, Any]) -> None:
        try:
            self._socket.send(json.dumps(message).encode())
        except OSError as error:
            raise self._gone() from error

    def _hear(self, timeout: float) -> dict[str, Any] | None:
        """Return the child's next message, None when none comes in time. Raises what it says, or DeviceLost."""
        waiting = select.poll()
        waiting.register(self._socket, select.POLLIN)
        if not waiting.poll(timeout * 1000):
            return None
        try:
            data = self._socket.recv(LONGEST)
        except OSError as error:
            raise self._gone() from error
        if not data:
            raise self._gone()
        told: dict[str, Any] = json.loads(data)
        if "error" in told:
            self._asked = 0
            if told["error"] in _ERRORS:
                raise _ERRORS[told["error"]](told["text"])
            raise DeviceError(f"{self.name} failed: {told['error']}: {told['text']}")
        return told

    def _gone(self) -> DeviceLost:
        code = None if self._child is None else self._child.poll()
        return DeviceLost(f"{self.name} has lost its process ({'it ended' if code is None else f'exit code {code}'})")

    def _close(self) -> None:
        child, self._child = self._child, None
        with contextlib.suppress(OSError):
            self._socket.close()
        if child is not None:
            try:
                child.wait(0 if self._asked else _LAST)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        with contextlib.suppress(OSError):
            os.close(self._lifeline)


class _IsolatedCamera(_Isolated, Camera):
    """A camera elsewhere."""

    def _learn(self, about: dict[str, Any]) -> None:
        super()._learn(about)
        self.colour, self.varying = about["colour"], about["varying"]  # type: ignore[misc]


class _IsolatedSensor(_Isolated, Sensor):
    """A sensor elsewhere."""

    def _learn(self, about: dict[str, Any]) -> None:
        super()._learn(about)
        self.columns = tuple(Column(name, unit) for name, unit in about["columns"])
        self.headline = tuple(about["headline"])
