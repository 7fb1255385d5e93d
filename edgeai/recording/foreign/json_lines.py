"""Lines of JSON that somebody else wrote: damaged ones are told from good ones, none is too long."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

from edgeai.errors import RecordingError

__all__ = ["is_number", "json_lines", "parsed"]

_LIMIT = 1 << 20
"""Characters of the longest line: a longer one is damaged."""


def json_lines(path: Path, *, any_value: bool = False) -> Iterator[Any]:
    """Yield the object on each line that is not empty, or None for one that is none.

    With `any_value` lists and plain values count too. Raises RecordingError when the file cannot be read.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            while line := file.readline(_LIMIT):
                whole = line.endswith("\n") or len(line) < _LIMIT
                while not line.endswith("\n") and (rest := file.readline(_LIMIT)):
                    line = rest
                if line.strip() or not whole:
                    yield _object(line, any_value) if whole else None
    except OSError as error:
        raise RecordingError(f"{str(path)!r} cannot be read ({error.strerror}): copy the log again, whole") from error


def parsed(path: Path) -> dict[str, Any] | None:
    """Return the object in a file of JSON, or None when it holds anything else. Raises RecordingError as above."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            found: dict[str, Any] | None = _object(file.read(_LIMIT), any_value=False)
    except OSError as error:
        raise RecordingError(f"{str(path)!r} cannot be read ({error.strerror}): copy the log again, whole") from error
    return found


def is_number(value: Any) -> TypeGuard[int | float]:
    """Say whether a value is a number and finite; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _object(text: str, any_value: bool) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if any_value or isinstance(value, dict) else None
