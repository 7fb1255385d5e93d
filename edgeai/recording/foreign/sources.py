"""A log's sources as cameras and sensors of a pipeline."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar

from edgeai.driver import NEVER_AGAIN, Camera, CameraOptions, Capture, EndOfSource, Sensor, SensorOptions, Source
from edgeai.errors import DeviceError, RecordingError
from edgeai.messages import Frame, Reading
from edgeai.recording.foreign.log import Damaged, Entry, Log
from edgeai.recording.foreign.pictures import decode

__all__ = ["LoggedCamera", "LoggedSensor"]

M = TypeVar("M", Frame, Reading)
_log = logging.getLogger("edgeai")
_JPEG = b"\xff\xd8"


class _Playback:
    """The good entries of one source, one after another; the others counted, and the first of them told."""

    def __init__(self, log: Log, name: str) -> None:
        self._entries: Iterator[Entry] = log.entries(name)
        self._what = f"{name} of {str(log.path)!r}"
        self._delivered = 0
        self.rejected = 0
        self._why = ""

    def next(self) -> Capture:
        """Return the next good entry: a picture with its JPEG, or values. Raises EndOfSource at the end.

        Raises DeviceError when the log cannot be read further, or held nothing that could be read.
        """
        lost = 0
        try:
            for entry in self._entries:
                data = decode(entry.data) if isinstance(entry.data, bytes) else entry.data
                if not isinstance(data, Damaged):
                    self._delivered += 1
                    jpeg = entry.data if isinstance(entry.data, bytes) and entry.data.startswith(_JPEG) else None
                    return Capture(data, entry.stamp, "media", lost, jpeg)
                lost += 1
                self._reject(data)
        except RecordingError as error:
            raise DeviceError(str(error)) from error
        self._finish()
        raise EndOfSource

    def _reject(self, damaged: Damaged) -> None:
        self.rejected += 1
        if self.rejected == 1:
            self._why = damaged.why
            _log.warning("%s: an entry is passed over: %s; more of them are only counted", self._what, damaged.why)

    def _finish(self) -> None:
        if self.rejected and not self._delivered:
            raise DeviceError(f"{self._what}: none of {self.rejected} entries can be read: {self._why}")

    def close(self) -> None:
        """Close the files that are open."""
        close = getattr(self._entries, "close", None)
        if close is not None:
            close()


class _Logged(Source[M]):
    """What cameras and sensors of a log have in common: which source they are, and how its entries become captures."""

    retry = NEVER_AGAIN

    kind: ClassVar[Literal["camera", "sensor"]]
    _playback: _Playback | None = None

    def __init__(self, log: Log, source: str, options: Any = None) -> None:
        """Take a source of a log. Raises RecordingError when the log has none of that name and kind."""
        super().__init__(source, options or self.Options())
        self._log, self._logged = log, log.source(source)
        if self._logged.kind != self.kind:
            raise RecordingError(f"{source} of {str(log.path)!r} is a {self._logged.kind}, no {self.kind}")

    @property
    def rejected(self) -> int:
        """Entries that could not be read, so far."""
        return self._playback.rejected if self._playback else 0

    def _open(self) -> None:
        self.rate = self._logged.rate
        self._stamper.media_due(self._log.start, self._clock.now())
        self._playback = _Playback(self._log, self._logged.name)

    def _read(self, timeout: float) -> Capture:
        assert self._playback is not None
        return self._playback.next()

    def _close(self) -> None:
        if self._playback is not None:
            self._playback.close()


class LoggedCamera(_Logged[Frame], Camera):
    """A camera of a log, at the pace of the log; hand it to a Graph in the place of the real one.

    Stamps are on the media clock, and `timing.raw` is the log's own stamp in ns. The time at which it is opened stands
    for the log's start, so sources of one log that are opened at one time (as in virtual time) stay together as they
    were. Gaps stay gaps; a picture that cannot be read leaves a gap in `seq`, is counted in `rejected` and, the first
    time, told in a warning. Reading raises DeviceError when the log breaks off or has no picture that can be read.
    """

    @dataclass(frozen=True, kw_only=True)
    class Options(CameraOptions):
        """lossless: as fast as the pictures are consumed, instead of at the pace of the log."""

        lossless: bool = False

    kind = "camera"
    varying = True


class LoggedSensor(_Logged[Reading], Sensor):
    """A sensor of a log, at the pace of the log; stamps and damaged entries are as for `LoggedCamera`."""

    @dataclass(frozen=True, kw_only=True)
    class Options(SensorOptions):
        """lossless: as fast as they are read, instead of at the pace of the log; a slower stage leaves windows out."""

        lossless: bool = False

    kind = "sensor"

    def __init__(self, log: Log, source: str, options: Options | None = None) -> None:
        super().__init__(log, source, options)
        self.columns = self._logged.columns
