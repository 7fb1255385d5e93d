"""A request and the answer to it, as values: what is served knows no socket."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Answer", "Request", "as_json", "sentence"]


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for: `query` holds the last value of each name, `headers` are by their names in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, content and its type; `parts` are sent one after the other until they end or the reader leaves."""

    status: int
    kind: str = "text/plain; charset=utf-8"
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    parts: Iterator[bytes] | None = None


def sentence(status: int, text: str, *headers: tuple[str, str]) -> Answer:
    """Answer with a sentence."""
    return Answer(status, body=f"{text}\n".encode(), headers=headers)


def as_json(value: Any, status: int = 200) -> Answer:
    """Answer with plain values as JSON."""
    body = json.dumps(_known(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return Answer(status, "application/json", body)


def _known(value: Any) -> Any:
    """Return a value with null in place of numbers that are none, which JSON cannot say."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_known(item) for item in value]
    return value
