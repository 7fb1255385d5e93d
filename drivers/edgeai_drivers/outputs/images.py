"""A picture a result, into a folder."""

from __future__ import annotations

import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2

from edgeai.driver import NEVER_AGAIN, DriverOptions, Output
from edgeai.errors import DeviceError, Problem
from edgeai.messages import Frame, Result

from ._files import file_error
from ._picture import Picture, annotated, bgr, require_frame


@dataclass(frozen=True, kw_only=True)
class ImagesOptions(DriverOptions):
    """Which pictures are written, and how.

    folder: made when it is not there; the folder around it must be. format: jpg or png. quality: of jpg, 1 to 100.
    every: write every n-th result of each stream, beginning with the first. annotate: draw the result; without it the
    picture is the frame as it was looked at.
    """

    folder: str
    format: Literal["jpg", "png"] = "jpg"
    quality: int = 92
    every: int = 1
    annotate: bool = True


class Images(Output):
    """Write pictures named STREAM_SEQ, the seq in six digits so that names sort by time.

    A folder that holds anything already is another run's: then the pictures go into run-2, run-3 ... in it, whichever
    is free, and nothing is overwritten. `folder` says where they went. A picture appears under its name when all of it
    is written, never before.
    """

    retry = NEVER_AGAIN

    Options = ImagesOptions
    wants_frames = True

    folder: Path
    """Where the pictures of this run are; known when open."""

    def check(self) -> list[Problem]:
        """Require a folder, a quality that JPEG has, and a step of at least one."""
        options, path = self.options, f"outputs.{self.name}"
        rules = [
            ("folder", bool(options.folder), "a folder"),
            ("quality", 1 <= options.quality <= 100, "a number from 1 to 100"),
            ("every", options.every >= 1, "1 or more"),
        ]
        return [
            Problem(f"{path}.{field}", repr(getattr(options, field)), expected)
            for field, good, expected in rules
            if not good
        ]

    def _open(self) -> None:
        self._seen: dict[str, int] = {}
        folder = Path(self.options.folder).expanduser()
        try:
            self.folder = own_folder(folder)
        except OSError as error:
            raise file_error(self.name, folder, error) from error

    def _write(self, result: Result, frame: Frame | None) -> None:
        looked_at = require_frame(self.name, result, frame)
        count = self._seen.get(result.stream, 0)
        self._seen[result.stream] = count + 1
        if count % self.options.every == 0:
            picture = annotated(result, looked_at) if self.options.annotate else bgr(looked_at)
            name = f"{re.sub(r'[^A-Za-z0-9.-]', '_', result.stream)}_{result.seq:06d}.{self.options.format}"
            self._save(self.folder / name, self._encoded(picture))

    def _encoded(self, picture: Picture) -> bytes:
        settings = [cv2.IMWRITE_JPEG_QUALITY, self.options.quality] if self.options.format == "jpg" else []
        done, data = cv2.imencode(f".{self.options.format}", picture, settings)
        if not done:
            raise DeviceError(
                f"{self.name} cannot encode a picture of shape {picture.shape}: look at the camera's size"
            )
        return bytes(data)

    def _save(self, path: Path, data: bytes) -> None:
        part = path.with_name(f".{path.name}.part")
        try:
            part.write_bytes(data)
            os.replace(part, path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise file_error(self.name, path, error) from error

    def _close(self) -> None:
        """Nothing is left open between pictures."""


def own_folder(folder: Path) -> Path:
    """Make and return a folder that is empty: this one, else the first free run-N in it. Raises OSError."""
    folder.mkdir(exist_ok=True)
    if not any(folder.iterdir()):
        return folder
    for number in itertools.count(2):
        candidate = folder / f"run-{number}"
        try:
            candidate.mkdir()
        except FileExistsError:
            continue
        return candidate
    raise AssertionError("itertools.count ends never")
