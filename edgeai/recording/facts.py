"""The header of a pipeline's recordings: what ran, on what, with what."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from collections.abc import Mapping
from typing import Any

from edgeai.clock import Clock, SystemClock, utc
from edgeai.errors import ConfigError
from edgeai.graph import Graph
from edgeai.graph.words import masked
from edgeai.power.boards import Board
from edgeai.recording.codec import encode, encode_policy
from edgeai.recording.format import SCHEMA_VERSION
from edgeai.recording.header import CameraInfo, Header, ModelInfo
from edgeai.recording.options import RecordOptions
from edgeai.recording.sinks import Headers
from edgeai.runtime.assembly import Assembly

__all__ = ["headers_of"]

_LIBRARIES = ("edgeai", "numpy", "opencv-python-headless", "ai-edge-litert", "tflite-runtime")


def headers_of(
    options: RecordOptions,
    graph: Graph,
    assembly: Assembly,
    models: Mapping[tuple[str, int], Any],
    board: Board,
    clock: Clock,
) -> Headers:
    """Return the function that makes the header of each file; all but kind and part is found out now."""
    try:
        text: str | None = masked(graph.to_yaml())
    except ConfigError:
        text = None  # parts were made in Python
    hashes: dict[str, str] = {}
    base = {
        "schema": SCHEMA_VERSION,
        "engine": "live" if isinstance(clock, SystemClock) else "lockstep",
        "versions": _versions(),
        "machine": platform.machine(),
        "board": board.name,
        "board_table": encode(board),
        "graph": text,
        "workload": assembly.workload,
        "policy": encode_policy(assembly.policy),
        "cameras": {c.name: CameraInfo(options.cameras, c.lossless, c.rate) for c in assembly.cameras},
        "sensors": tuple(sensor.name for sensor in assembly.sensors),
        "models": tuple(_model(stage, point, model, hashes) for (stage, point), model in models.items()),
        "utc": ((clock.now(), utc()),) if isinstance(clock, SystemClock) else (),
    }
    return lambda kind, part: Header(**base, kind=kind, part=part)


def _model(stage: str, point: int, model: Any, hashes: dict[str, str]) -> ModelInfo:
    path = str(model.path)
    if path not in hashes:
        with open(path, "rb") as file:
            hashes[path] = hashlib.file_digest(file, "sha256").hexdigest()
    card = None if model.card is None else encode(model.card)
    return ModelInfo(stage, point, model.name, hashes[path], card)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
