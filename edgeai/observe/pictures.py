"""The newest annotated picture of every stream, encoded once for all who look, and not at all while nobody does."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import numpy as np

from edgeai.clock import NS, Clock
from edgeai.draw import annotate
from edgeai.messages import Frame, Result
from edgeai.runtime.taps import Tap

__all__ = ["BOUNDARY", "Pictures"]

BOUNDARY = "edgeai-picture"

FASTEST = NS // 30
"""ns between two pictures for one reader: an eye wants no more, however fast a stream is."""

WIDEST = 960
"""Pixels: a wider picture is shown smaller. Encoding is what a viewer costs, and it costs by the pixel."""

QUALITY, SNAPSHOT_QUALITY = 80, 95
"""JPEG qualities: to look at, and to keep."""

_AGAIN = 2.0
"""Seconds after which the last picture is sent again: a reader who left is noticed while a stream stands still."""


class Pictures(Tap):
    """Keeps each stream's newest result and frame; draws and encodes when somebody asks, all on one thread.

    On the readers' own threads each of them would keep memory for pictures to itself: nine megabytes a reader.
    """

    def __init__(self, streams: Iterable[str], clock: Clock) -> None:
        self._encoder = ThreadPoolExecutor(1, "edgeai-pictures")
        self._streams = {name: _Stream(self._encoder) for name in streams}
        self._clock = clock
        self._over = threading.Event()

    def published(self, result: Result, frame: Frame | None) -> None:
        """Keep the newest, if there is a picture of it."""
        if frame is not None or _is_picture(result.value):
            self._streams[result.stream].put(result, frame)

    def knows(self, stream: str) -> bool:
        """Say whether there is such a stream."""
        return stream in self._streams

    def has(self, stream: str) -> bool:
        """Say whether a stream has had a picture."""
        return stream in self._streams and self._streams[stream].newest is not None

    def looked_at(self, stream: str) -> int:
        """Return how many look at a stream now."""
        return self._streams[stream].readers

    def newest(self, stream: str, *, keep: bool = False) -> bytes | None:
        """Return the newest picture as a JPEG, None where there is none yet; `keep`: whole, and of high quality."""
        slot = self._streams[stream]
        if slot.newest is None:
            return None
        if keep:
            return self._encoder.submit(_encoded, *slot.newest[1:], None, SNAPSHOT_QUALITY).result()
        return slot.jpeg()[1]

    def follow(self, stream: str) -> Iterator[bytes]:
        """Yield parts of multipart/x-mixed-replace, always the newest picture, until the pipeline stops."""
        slot, seen, due = self._streams[stream], -1, 0
        with slot:
            while not self._over.is_set():
                if slot.wait(seen, _AGAIN):
                    due = max(due + FASTEST, self._clock.now())
                    seen, jpeg = slot.jpeg()
                    yield _part(jpeg)
                    self._over.wait(max(0, due + FASTEST - self._clock.now()) / NS)
                elif slot.newest is not None and not self._over.is_set():
                    yield _part(slot.jpeg()[1])

    def finished(self) -> None:
        """End every reader's stream."""
        self._over.set()
        for slot in self._streams.values():
            slot.wake()

    def close(self) -> None:
        """Draw nothing more."""
        self._encoder.shutdown(wait=False, cancel_futures=True)


class _Stream:
    """The newest result of one stream, and its picture once somebody has asked for it."""

    def __init__(self, encoder: Executor) -> None:
        self._encoder = encoder
        self.newest: tuple[int, Result, Frame | None] | None = None
        self.readers = 0
        self._changed = threading.Condition()
        self._encoding = threading.Lock()
        self._jpeg: tuple[int, bytes] = (-1, b"")

    def __enter__(self) -> _Stream:
        with self._changed:
            self.readers += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self.readers -= 1

    def put(self, result: Result, frame: Frame | None) -> None:
        """Take the newest; wakes readers where there are any."""
        self.newest = (0 if self.newest is None else self.newest[0] + 1, result, frame)
        if self.readers:
            self.wake()

    def wake(self) -> None:
        """Let every reader look again."""
        with self._changed:
            self._changed.notify_all()

    def wait(self, seen: int, timeout: float) -> bool:
        """Wait for a picture newer than number `seen`; False where none came in time."""
        with self._changed:
            if self.newest is None or self.newest[0] <= seen:
                self._changed.wait(timeout)
        return self.newest is not None and self.newest[0] > seen

    def jpeg(self) -> tuple[int, bytes]:
        """Return the newest picture and its number, encoded by the first who asks for it."""
        with self._encoding:
            newest = self.newest
            assert newest is not None
            if self._jpeg[0] != newest[0]:
                self._jpeg = newest[0], self._encoder.submit(_encoded, *newest[1:], WIDEST, QUALITY).result()
            return self._jpeg


def _encoded(result: Result, frame: Frame | None, widest: int | None, quality: int) -> bytes:
    import cv2

    picture = result.value
    if frame is not None and not _is_picture(picture):
        picture = annotate(_bgr(cv2, frame), result)
    height, width = picture.shape[:2]
    if widest is not None and width > widest:
        picture = cv2.resize(picture, (widest, round(height * widest / width)), interpolation=cv2.INTER_AREA)
    written, jpeg = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))
    return jpeg.tobytes() if written else b""


def _bgr(cv2: Any, frame: Frame) -> Any:
    return cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR) if frame.colour == "rgb" else frame.image


def _is_picture(value: Any) -> bool:
    """Say whether a stage has drawn a picture itself: uint8 (height, width, 3), in BGR order."""
    return isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim == 3 and value.shape[2] == 3


def _part(jpeg: bytes) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    return b"".join((head.encode(), jpeg, b"\r\n"))
