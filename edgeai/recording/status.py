"""What a recorder does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Status"]


@dataclass(frozen=True, slots=True)
class Status:
    """What a recorder does: whether it still records, the file being written, and what it has taken in.

    path: None while nothing is written, as when looking back. frames: pictures taken since it began. bytes: in all its
    files, or kept in memory. dropped: messages that there was no room for.
    """

    recording: bool
    path: Path | None
    frames: int
    bytes: int
    dropped: int
