"""The pictures of a camera in a recorded log: without truth, for calibration and agreement."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeai.errors import RecordingError
from edgeai.messages import Frame
from edgeai.recording.foreign import Damaged, Entry, Log, decode, open_log
from edgeai.workbench.datasets.sample import Sample, refuse

__all__ = ["Logged"]


@dataclass(frozen=True, slots=True, eq=False)
class Logged:
    """The entries of a camera of a log; damaged ones are left out."""

    name: str
    log: Log
    source: str
    classes: None = None

    @classmethod
    def of(cls, path: Path, chosen: str) -> Logged | None:
        """Open a log, None where the path is none; `chosen` is a camera, or empty.

        Raises RecordingError, ConfigError.
        """
        try:
            log = open_log(path)
        except RecordingError:
            return None
        cameras = [source.name for source in log.sources if source.kind == "camera"]
        if chosen in cameras:
            return cls(path.name, log, chosen)
        if chosen or len(cameras) != 1:
            found = f"{path} with {len(cameras)} cameras" if not chosen else f"{path}, which has no camera {chosen!r}"
            raise refuse(
                found, f"one camera: {', '.join(f'{path.name}#{name}' for name in cameras) or 'there is none'}"
            )
        return cls(path.name, log, cameras[0])

    def __len__(self) -> int:
        return self.log.source(self.source).count

    def __iter__(self) -> Iterator[Sample]:
        for number, entry in enumerate(self.log.entries(self.source)):
            if not isinstance(entry.data, Damaged):
                yield Sample(f"{self.source}[{number}]", functools.partial(_frame, entry, number))


def _frame(entry: Entry, number: int) -> Any:
    image = decode(entry.data) if isinstance(entry.data, bytes) else entry.data
    if isinstance(image, Damaged):
        raise refuse(f"picture {number} of {entry.source}: {image.why}", "pictures that can be decoded")
    picture = np.asarray(image, np.uint8)
    return Frame(entry.source, number, entry.stamp, picture, "gray" if picture.ndim == 2 else "bgr")
