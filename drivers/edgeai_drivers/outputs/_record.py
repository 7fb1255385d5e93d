"""A result as a JSON-able record: the one place that says what a line of a results file holds."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from edgeai.messages import (
    Classification,
    ClassMap,
    Detections,
    Embedding,
    Keypoints,
    Parts,
    Regression,
    Result,
    Score,
    Tensors,
    plain,
)

LARGEST_TENSOR = 10_000
"""Tensors with more elements than this are recorded by shape and dtype only: a line should stay a line."""


def record(result: Result) -> dict[str, Any]:
    """Return a result as plain Python values, in the order they are written.

    stream, seq; stamp: capture time in ns on the pipeline's clock; clock, raw: the clock the device stamped on and its
    own stamp in ns (None when it has none); latency: seconds from capture to publication; inputs: [source, seq] pairs;
    basis, and inferred_stamp when no model looked; variant, threads; ledger: [stage, mark, ns after the stamp] rows;
    then `detections`, `parts`, `classes`, `values`, `keypoints`, `areas` (the share of each class), `embedding`,
    `score`, `tensors` or, for whatever a Python stage returned, `value`.
    """
    carried = {} if result.basis == "inferred" else {"inferred_stamp": result.inferred_stamp}
    key, value = _value(result.value)
    return {
        "stream": result.stream,
        "seq": result.seq,
        "stamp": result.stamp,
        "clock": result.timing.clock,
        "raw": result.timing.raw,
        "latency": round(result.latency, 9),
        "inputs": [[source, seq] for source, seq in result.inputs],
        "basis": result.basis,
        **carried,
        "variant": result.variant,
        "threads": result.threads,
        "ledger": [[stage, mark, t - result.stamp] for stage, mark, t in result.ledger],
        key: value,
    }


def to_json(value: Any) -> str:
    """Return compact JSON on one line. JSON has no NaN and no infinity: they are written as null."""
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), separators=(",", ":"), ensure_ascii=False, allow_nan=False)


_KEYS: tuple[tuple[type, str], ...] = (
    (Detections, "detections"),
    (Parts, "parts"),
    (Classification, "classes"),
    (Regression, "values"),
    (Keypoints, "keypoints"),
    (ClassMap, "areas"),
    (Embedding, "embedding"),
    (Score, "score"),
)


def _value(value: Any) -> tuple[str, Any]:
    if isinstance(value, Tensors):
        return "tensors", {name: _tensor(tensor) for name, tensor in value.tensors.items()}
    return next((key for kind, key in _KEYS if isinstance(value, kind)), "value"), plain(value)


def _tensor(tensor: Any) -> dict[str, Any]:
    described: dict[str, Any] = {"shape": list(tensor.shape), "dtype": str(tensor.dtype)}
    return described if tensor.size > LARGEST_TENSOR else described | {"data": tensor.tolist()}


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value
