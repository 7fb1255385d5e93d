"""The small text files of /sys and /proc."""

from __future__ import annotations

from pathlib import Path

_LONGEST = 1 << 16


def text(path: Path) -> str:
    """Return what a file says, without blanks and zero bytes around it. Raises OSError."""
    with path.open("rb") as file:
        return file.read(_LONGEST).decode("ascii", "replace").strip(" \t\r\n\0")


def number(path: Path) -> int:
    """Return the whole number a file holds. Raises OSError, and ValueError that names the file."""
    found = text(path)
    try:
        return int(found)
    except ValueError:
        raise ValueError(f"{path} holds {found[:40]!r}, which is no whole number") from None


def number_or_none(path: Path) -> int | None:
    """Return the number a file holds; None when there is no such file, or the device has no value for it now.

    A driver answers ENODATA, EAGAIN or ENXIO for a channel that is switched off. Raises PermissionError, ValueError.
    """
    try:
        return number(path)
    except PermissionError:
        raise
    except OSError:
        return None


def text_or_empty(path: Path) -> str:
    """Return what a file says, or nothing where it cannot be read."""
    try:
        return text(path)
    except OSError:
        return ""
