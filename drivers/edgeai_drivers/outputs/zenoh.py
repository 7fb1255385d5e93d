"""Frames and results to another machine, by eclipse-zenoh: the sending half of a split pipeline."""

from __future__ import annotations

import secrets
import struct
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

from edgeai.driver import Device, DriverOptions, Output, vendor
from edgeai.errors import DeviceError, Problem
from edgeai.messages import Frame, Result
from edgeai_drivers.cameras._opencv import encode
from edgeai_drivers.ports import absent
from edgeai_drivers.split import wire
from edgeai_drivers.split.session import check_place, open_session

_TIMES = struct.Struct("<Qqq")
_ASKED = struct.Struct("<q")


@dataclass(frozen=True, kw_only=True)
class ZenohOptions(DriverOptions):
    """Under which name things are sent, and where the other side is.

    key: what both sides call this robot. listen: a port of loopback, or host:port, where the others connect; connect:
    the host:port where another listens. frames, results: what is sent. jpeg: the quality, 1 to 100, at which pictures
    are compressed, which loses some of them; 0 sends them as they are, a camera's own JPEG byte for byte.
    """

    key: str = "edgeai"
    listen: str | int | None = None
    connect: str | int | None = None
    frames: bool = True
    results: bool = True
    jpeg: int = 0


class Zenoh(Output):
    """Sends the frames of its cameras, and of its stages the frames they looked at and the numbers of their results.

    Nobody waits for the network: what it does not take in time is dropped by zenoh, newest first. Each message carries
    its capture's stamp on this machine's clock, and the receiver asks this side for the time to map it to its own.
    """

    Options: ClassVar[type[DriverOptions]] = ZenohOptions
    keeps = "newest"
    _session: Any = None

    def __init__(self, name: str, options: Any) -> None:
        super().__init__(name, options)
        self.wants_frames = options.frames

    @classmethod
    def devices(cls) -> list[Device]:
        """Say whether pipelines can be split."""
        return [Device("zenoh", "zenoh:edgeai", "frames and results to another machine", absent("zenoh", "zenoh"))]

    def check(self) -> list[Problem]:
        """Require a key, a place and a quality."""
        options, path = self.options, f"outputs.{self.name}"
        problems = check_place(path, options.key, options.connect, options.listen)
        if not 0 <= options.jpeg <= 100:
            problems.append(Problem(f"{path}.jpeg", str(options.jpeg), "a quality from 1 to 100, or 0 for none"))
        return problems

    def _open(self) -> None:
        self._id = secrets.randbits(63)
        self._numbers: Counter[str] = Counter()
        self._publishers: dict[str, Any] = {}
        self._last: tuple[str, int] | None = None
        self._lock = threading.Lock()
        self._session = open_session(self.name, self.options.connect, self.options.listen)
        self._clocks = self._session.declare_queryable(f"edgeai/{self.options.key}/clock", self._tell_time)

    def _tell_time(self, query: Any) -> None:
        """Answer with the question's own time and ours; called on a thread of zenoh's."""
        now = self._clock.now()
        asked = bytes(query.payload) if query.payload is not None else b""
        if len(asked) == _ASKED.size:
            query.reply(query.key_expr, asked + _TIMES.pack(self._id, now, self._clock.now()))

    def _write(self, result: Result, frame: Frame | None) -> None:
        if frame is not None and self._last != (frame.source, frame.seq):
            self._last = (frame.source, frame.seq)
            self._send_frame(frame)
        if self.options.results and result.value is not None:
            self._put(f"results/{result.stream}", wire.result_told(result))

    def _send_frame(self, frame: Frame) -> None:
        picture, stored = self._picture(frame)
        self._put(f"frames/{frame.source}", wire.frame_told(frame, stored), picture)

    def _picture(self, frame: Frame) -> tuple[bytes | memoryview, str]:
        if self.options.jpeg:
            return encode(frame.image, frame.colour, self.options.jpeg), "jpeg"
        if frame.encoded is not None:
            return frame.encoded, "jpeg"
        return frame.image.reshape(-1).data, "raw"

    def _put(self, what: str, told: dict[str, Any], picture: bytes | memoryview = b"") -> None:
        key = f"edgeai/{self.options.key}/{what}"
        try:
            data = wire.pack(self._id, self._numbers[what], told, picture)
            self._numbers[what] += 1
            self._publisher(key).put(data)
        except wire.WireError as error:
            raise DeviceError(f"{self.name} cannot send {what}: {error}") from error

    def _publisher(self, key: str) -> Any:
        if key not in self._publishers:
            drop = vendor("zenoh", "zenoh").CongestionControl.DROP
            self._publishers[key] = self._session.declare_publisher(key, congestion_control=drop, express=True)
        return self._publishers[key]

    def _close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
