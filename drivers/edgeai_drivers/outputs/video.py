"""The annotated picture of each result, as a video file."""

from __future__ import annotations

import itertools
import os
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import cv2

from edgeai.driver import NEVER_AGAIN, NS, DriverOptions, Output, Rate
from edgeai.errors import DeviceError, Problem
from edgeai.messages import Frame, Result

from ._files import file_error
from ._picture import Picture, annotated, require_frame

_HELD = 6
"""Pictures kept back to learn the rate from."""
_FALLBACK_FPS = 10.0
_CROWDED = -2
"""A picture that is due so many slots in the past is left out; one slot is the jitter of a camera."""
_LONGEST_GAP = 10.0
"""Seconds between two pictures beyond which the video goes on with the later one: a clip that begins again, a stop."""


@dataclass(frozen=True, kw_only=True)
class VideoOptions(DriverOptions):
    """Where the video goes, and how it plays.

    path: .mp4 (needs its close: after a kill it cannot be read), .mkv (readable after a kill, up to the last 256 KiB)
    or .avi. fps: show one result after another at this rate; without it the video plays in the time of the capture,
    at the rate of the first results, a picture standing where results were dropped. codec: mp4v works everywhere, avc1
    (H.264) where the machine has an encoder for it, mjpg is quick and large. reserve: MiB of the disk left free; what
    has been written needs them to be finished.
    """

    path: str
    fps: Rate | None = None
    codec: Literal["mp4v", "avc1", "mjpg"] = "mp4v"
    reserve: float = 16.0


class Video(Output):
    """Draw each result on its frame and append it to a video. An existing file is begun anew.

    One picture a result, so give each stream a video of its own. Before the disk is full the file is finished, and
    DeviceError raised: what was written plays.
    """

    retry = NEVER_AGAIN

    Options = VideoOptions
    suffixes = (".mp4", ".mkv", ".avi")
    wants_frames = True

    _writer: cv2.VideoWriter | None = None

    def check(self) -> list[Problem]:
        """Require a path that names a container."""
        path = self.options.path
        if path.lower().endswith(self.suffixes):
            return []
        return [Problem(f"outputs.{self.name}.path", repr(path), f"a file that ends in {', '.join(self.suffixes)}")]

    def _open(self) -> None:
        self._path = Path(self.options.path).expanduser()
        self._held: list[tuple[int, Picture]] = []
        self._size: tuple[int, int] | None = None
        self._finished: DeviceError | None = None
        try:
            self._path.open("wb").close()
        except OSError as error:
            raise file_error(self.name, self._path, error) from error

    def _write(self, result: Result, frame: Frame | None) -> None:
        if self._finished is not None:
            raise self._finished
        looked_at = require_frame(self.name, result, frame)
        self._require_size(looked_at)
        self._require_room()
        self._held.append((shown_at(looked_at), annotated(result, looked_at)))
        if self._writer is not None or len(self._held) >= _HELD:
            self._drain()

    def _require_size(self, frame: Frame) -> None:
        self._size = self._size or frame.size
        if frame.size != self._size:
            raise DeviceError(
                f"{self.name} began with pictures of {self._size[0]}x{self._size[1]} and is given "
                f"{frame.size[0]}x{frame.size[1]}: give each camera a video of its own"
            )

    def _require_room(self) -> None:
        """Finish the file while there is room for its index. OpenCV's writer is silent when the disk is full."""
        disk = os.statvfs(self._path.parent)
        if disk.f_bavail * disk.f_frsize >= self.options.reserve * 1024 * 1024:
            return
        self._finish()
        self._finished = DeviceError(
            f"{self.name} has closed {self._path}: the disk has less than {self.options.reserve:g} MiB left; free some "
            "space or write elsewhere; what was written plays"
        )
        raise self._finished

    def _drain(self) -> None:
        held, self._held = self._held, []
        if self._writer is None and held:
            self._start([t for t, _ in held], held[0][1])
        for t, picture in held:
            self._append(t, picture)

    def _start(self, times: list[int], first: Picture) -> None:
        assert self._size is not None
        self._fps = self.options.fps or rate_of(times)
        self._zero = self._last = times[0]
        self._count, self._shown = 0, first
        code = cv2.VideoWriter.fourcc(*self.options.codec.replace("mjpg", "MJPG"))
        writer = cv2.VideoWriter(str(self._path), cv2.CAP_FFMPEG, code, self._fps, self._size)
        if not writer.isOpened():
            raise DeviceError(
                f"{self.name} cannot encode {self.options.codec} into {self._path.name} on this machine: "
                "use `codec: mp4v` and a file that ends in .mp4"
            )
        self._writer = writer

    def _append(self, t: int, picture: Picture) -> None:
        """Write a picture at its time: the one before it stands in a gap; where it is crowded it is left out."""
        ahead = 0 if self.options.fps else self._slots_ahead(t)
        if ahead <= _CROWDED:
            return
        for shown in [self._shown] * max(ahead, 0) + [picture]:
            self._encode(shown)
        self._shown = picture

    def _encode(self, picture: Picture) -> None:
        assert self._writer is not None
        self._writer.write(picture)
        self._count += 1

    def _slots_ahead(self, t: int) -> int:
        """Return how many slots of the video are empty before time t; a jump in time starts afresh."""
        ahead = round((t - self._zero) * self._fps / NS) - self._count
        jumped = t < self._last or ahead > _LONGEST_GAP * self._fps
        self._last = t
        if jumped:
            self._zero = t - round(self._count * NS / self._fps)
            return 0
        return ahead

    def _finish(self) -> None:
        self._drain()
        if self._writer is not None:
            self._writer.release()
            self._writer = None
            if not is_whole(self._path):
                raise DeviceError(
                    f"{self.name} could not finish {self._path}: the disk is full or failed; free some space, and use "
                    "a file that ends in .mkv where a video must survive that"
                )

    def _close(self) -> None:
        if self._size is not None and self._finished is None:
            self._finish()


def shown_at(frame: Frame) -> int:
    """Return when a frame is shown, in ns: a file's own time where it has one, else its stamp."""
    timing = frame.timing
    return timing.raw if timing.clock == "media" and timing.raw is not None else frame.stamp


def rate_of(times: list[int]) -> float:
    """Return the pictures a second of these times (ns): the median, so that a gap does not count, from 1 to 120."""
    gaps = [after - before for before, after in itertools.pairwise(times) if after > before]
    return min(max(round(NS / statistics.median(gaps), 2), 1.0), 120.0) if gaps else _FALLBACK_FPS


def is_whole(path: Path) -> bool:
    """Say whether a video was finished: an mp4 has its index (`moov`), any other has bytes."""
    try:
        with path.open("rb") as file:
            return b"moov" in list(_boxes(file)) if path.suffix.lower() == ".mp4" else bool(file.read(1))
    except OSError:
        return False


def _boxes(file: BinaryIO) -> list[bytes]:
    """List the types of an mp4's top-level boxes (ISO/IEC 14496-12, 4.2)."""
    kinds: list[bytes] = []
    while len(header := file.read(8)) == 8:
        size, kind = int.from_bytes(header[:4], "big"), header[4:]
        if size == 1:
            size, header = int.from_bytes(file.read(8), "big"), header + bytes(8)
        if size < len(header):
            break
        kinds.append(kind)
        file.seek(size - len(header), os.SEEK_CUR)
    return kinds
