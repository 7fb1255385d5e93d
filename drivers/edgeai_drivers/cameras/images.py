"""Camera `images`: pictures of a folder, a glob or one file, in natural order."""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass
from pathlib import Path

from edgeai.driver import NEVER_AGAIN, NS, Camera, CameraOptions, Capture, EndOfSource, Rate
from edgeai.errors import DeviceError, DeviceNotFound

from ._opencv import decode, is_jpeg

_GLOB = "*?["


class Images(Camera):
    """Pictures at a steady pace, or as fast as they are consumed; media clock. Each may have its own size."""

    retry = NEVER_AGAIN

    suffixes = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
    varying = True

    @dataclass(frozen=True, kw_only=True)
    class Options(CameraOptions):
        """path: a folder, a glob (`shots/*.png`) or one file. fps: the pace. lossless: as fast as they are consumed.

        loop: begin again after the last one, time running on.
        """

        path: str
        fps: Rate = 10.0
        lossless: bool = False
        loop: bool = False

    options: Options

    @classmethod
    def claims(cls, path: str) -> bool:
        """Claim pictures, folders, and globs."""
        return super().claims(path) or any(sign in path for sign in _GLOB) or Path(path).expanduser().is_dir()

    def _open(self) -> None:
        self.rate = self.options.fps
        self._paths = find(self.options.path, self.suffixes)
        self._count = 0
        if not self._paths:
            raise DeviceNotFound(
                f"{self.name}: no picture at {self.options.path!r}: give a folder, a glob or a file of pictures "
                f"({', '.join(ending[1:] for ending in self.suffixes)})"
            )

    def _read(self, timeout: float) -> Capture:
        if self._count >= len(self._paths) and not self.options.loop:
            raise EndOfSource
        path = self._paths[self._count % len(self._paths)]
        try:
            data = path.read_bytes()
        except OSError as error:
            raise DeviceError(f"{self.name}: {str(path)!r} cannot be read: {error.strerror}") from error
        image = decode(data)
        if image is None:
            raise DeviceError(
                f"{self.name}: {str(path)!r} is damaged, cut short or no picture: replace it or take it out"
            )
        raw = round(self._count * NS / self.options.fps)
        taken = Capture(image, raw, clock="media", encoded=data if is_jpeg(data) else None)
        self._count += 1
        return taken

    def _close(self) -> None:
        self._paths = []


def find(path: str, suffixes: tuple[str, ...]) -> list[Path]:
    """List the pictures a path names: a folder's pictures, a glob's files, or the file; `img2` comes before `img10`."""
    place = Path(path).expanduser()
    if place.is_dir():
        found = [item for item in place.iterdir() if item.suffix.lower() in suffixes]
    elif place.exists():
        found = [place]
    else:
        found = [Path(item) for item in glob.glob(str(place), recursive=True)]
    return sorted((item for item in found if item.is_file() and not item.name.startswith(".")), key=_natural)


def _natural(path: Path) -> tuple[list[tuple[int, int, str]], str]:
    parts = re.split(r"(\d+)", str(path).casefold())
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts], str(path)
