"""What a run gave, as rows that can be written, compared and hashed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeai.messages import Detections, Result

__all__ = ["Row", "canonical", "digest", "exact", "result_row"]


@dataclass(frozen=True, slots=True)
class Row:
    """One message of a topic: `key` tells it from the others of the topic, `fields` is plain JSON."""

    topic: str
    key: int
    fields: Mapping[str, Any]

    def line(self) -> str:
        """Return the row as one line of JSON, the same for equal rows."""
        return canonical({"topic": self.topic, "key": self.key, **self.fields})


def canonical(value: Any) -> str:
    """Return JSON with sorted keys and no spaces; numbers as Python writes them, which is exact."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(rows: Iterable[Row]) -> str:
    """Return the SHA-256 of all lines: two runs that agree on it agree byte for byte."""
    found = hashlib.sha256()
    for row in rows:
        found.update(row.line().encode())
        found.update(b"\n")
    return found.hexdigest()


def result_row(result: Result) -> Row:
    """Return a result without what depends on the machine or the hour: its ledger is left out, its latency stays."""
    return Row(
        result.stream,
        result.seq,
        {
            "stamp": result.stamp,
            "published": result.published,
            "inputs": [list(pair) for pair in result.inputs],
            "basis": result.basis,
            "inferred_stamp": result.inferred_stamp,
            "variant": result.variant,
            "threads": result.threads,
            "value": exact(result.value),
        },
    )


def exact(value: Any) -> Any:
    """Return a value as plain JSON without rounding: detections as a row each, other dataclasses by their fields."""
    if isinstance(value, Detections):
        return [
            {
                name: exact(column[i])
                for name in (field.name for field in dataclasses.fields(Detections))
                if (column := getattr(value, name)) is not None
            }
            for i in range(len(value))
        ]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: exact(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): exact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [exact(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return repr(value)
