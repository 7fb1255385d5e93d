"""A recording's cameras and sensors as drivers, which give the very same messages again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeVar

from edgeai.clock import Clock
from edgeai.driver import NEVER_AGAIN, Camera, CameraOptions, Capture, EndOfSource, Sensor, SensorOptions, Source
from edgeai.messages import Frame, Reading
from edgeai.recording.format import frames_of, image_of, readings_of
from edgeai.recording.reader import Record, Recording
from edgeai.runtime.prefetch import Prefetch

__all__ = ["RecordedCamera", "RecordedSensor"]

M = TypeVar("M", Frame, Reading)


class _Recorded(Source[M]):
    """Messages at the time at which they arrived then; with `lossless`, each as soon as the last one was taken.

    Sequence numbers, stamps and everything else stay as they were. It is read in virtual time; with `lossless` only the
    machine's speed counts, and the next messages are read while a model looks at the last one.
    """

    kind: type[M]
    retry = NEVER_AGAIN

    def __init__(self, recording: Recording, name: str, options: Any, *, lossless: bool = False) -> None:
        super().__init__(name, options)
        self.lossless = lossless
        self.began = recording.opening.t
        """When the recording begins, ns."""
        self._recording = recording
        self._records: Iterator[Record] = iter(())
        self._ahead: Prefetch[Record] | None = None
        self._next: Record | None = None

    def _topics(self) -> tuple[str, ...]:
        raise NotImplementedError

    def open(self, clock: Clock) -> None:
        """Go to the first message. Raises RecordingError."""
        super().open(clock)
        self._records = self._recording.records(self._topics(), salvage=True)
        if self.lossless:
            self._records = self._ahead = Prefetch(self._records, self.name)
        self._advance()

    def due(self) -> int | None:
        """Return when the next message arrived, or now when lossless; None at the end."""
        self._require_open()
        if self._next is None:
            return None
        return self._clock.now() if self.lossless else self._next.t

    def read(self, timeout: float) -> M | None:
        """Return the next message that has arrived."""
        due, record = self.due(), self._next
        if due is None or record is None or due > self._clock.now():
            return None
        self._advance()
        self.captured += 1
        message = record.value
        assert isinstance(message, self.kind)
        return replace(message, stamp=self._clock.now()) if self.lossless else message

    def _advance(self) -> None:
        record = next(self._records, None)
        self.ended = record is None
        self._next = record

    def _open(self) -> None:
        pass

    def _close(self) -> None:
        if self._ahead is not None:
            self._ahead.close()
            self._ahead = None
        self._records = iter(())

    def _read(self, timeout: float) -> Capture:
        raise EndOfSource


class RecordedCamera(_Recorded[Frame], Camera):
    """A camera of a recording."""

    kind = Frame

    def __init__(self, recording: Recording, name: str, *, lossless: bool = False) -> None:
        super().__init__(recording, name, CameraOptions(), lossless=lossless)
        self.rate = recording.header.cameras[name].rate

    def _topics(self) -> tuple[str, ...]:
        return frames_of(self.name), image_of(self.name)


class RecordedSensor(_Recorded[Reading], Sensor):
    """A sensor of a recording."""

    kind = Reading

    def __init__(self, recording: Recording, name: str) -> None:
        super().__init__(recording, name, SensorOptions())

    def _topics(self) -> tuple[str, ...]:
        return (readings_of(self.name),)
