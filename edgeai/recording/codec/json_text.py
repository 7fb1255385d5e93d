"""Plain values as compact JSON, strictly: no NaN, no infinity."""

from __future__ import annotations

import json
from typing import Any

from edgeai.errors import RecordingError

__all__ = ["from_bytes", "to_bytes"]


def to_bytes(plain: Any) -> bytes:
    """Return plain values as compact JSON in UTF-8."""
    return _write(plain).encode()


def from_bytes(data: bytes) -> Any:
    """Return the plain values of JSON. Raises RecordingError."""
    try:
        return _read(data.decode())
    except (ValueError, RecursionError) as error:
        raise RecordingError(
            f"a message is no JSON ({error}): the file is damaged, or not written by edgeai"
        ) from error


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


_write = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_read = json.JSONDecoder(parse_constant=_refuse).decode
"""Made once: `dumps` and `loads` with options make them for every message."""
