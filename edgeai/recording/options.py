"""What is asked of a recording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeai.errors import ConfigError, Problem

__all__ = ["RecordOptions", "free_path"]

_SIZES = {"kB": 10**3, "MB": 10**6, "GB": 10**9}
_TIMES = {"ms": 1e-3, "min": 60.0, "s": 1.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """Where and how to record.

    path: the file; one that exists is never overwritten, `run-1.mcap` is next to `run.mcap`. cameras: `raw`, exact,
    with the camera's own JPEG where it delivers one, or `jpeg:quality`, which is smaller and lossy. rotate: begin a new
    file at a size (`1GB`) or after a time (`10min`). look_back: keep only the last so many seconds, in memory, and
    write them on a fault, a call of `Recorder.save`, or a signal.
    """

    path: Path
    cameras: str = "raw"
    rotate: str | None = None
    look_back: float | None = None

    def __post_init__(self) -> None:
        """Raise ConfigError for what cannot be."""
        self.quality()
        self.rotation()
        if self.path.is_dir():
            raise ConfigError(Problem("record.path", f"{str(self.path)!r}, a folder", "a file, such as run.mcap"))
        if self.look_back is not None and not 0.0 < self.look_back <= 3600.0:
            raise ConfigError(Problem("record.look_back", f"{self.look_back:g} s", "more than 0 s, at most an hour"))
        if self.look_back is not None and self.rotate is not None:
            raise ConfigError(Problem("record.rotate", self.rotate, "no rotation together with look_back"))

    def quality(self) -> int | None:
        """Return the quality of JPEGs, 1 to 100; None for raw."""
        kind, _, quality = self.cameras.partition(":")
        if self.cameras == "raw":
            return None
        if kind == "jpeg" and quality.isdigit() and 1 <= int(quality) <= 100:
            return int(quality)
        raise ConfigError(Problem("record.cameras", repr(self.cameras), "raw, or jpeg:90 (1 to 100)"))

    def rotation(self) -> tuple[int | None, int | None]:
        """Return the bytes and the nanoseconds of a file; None where they do not count."""
        text = self.rotate
        if text is None:
            return None, None
        for units in (_SIZES, _TIMES):
            for unit, factor in units.items():
                number = text.removesuffix(unit)
                if number != text and number.replace(".", "", 1).isdigit() and float(number) > 0:
                    amount = float(number) * factor
                    return (round(amount), None) if units is _SIZES else (None, round(amount * 1e9))
        raise ConfigError(Problem("record.rotate", repr(text), "a size such as 1GB, or a time such as 10min"))


def free_path(path: Path) -> Path:
    """Return the path, or the first `name-N.mcap` beside it that is not taken."""
    free, number = path, 0
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
