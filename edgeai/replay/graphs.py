"""The graph of a replay: the recorded one, or another, with the recording in the place of its devices."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgeai.errors import ConfigError, ModelError, RecordingError
from edgeai.graph import Graph
from edgeai.graph.policy import with_changes
from edgeai.recording.reader import Recording
from edgeai.replay.sources import RecordedCamera, RecordedSensor

__all__ = ["graph_of", "require_same_models", "with_recording"]


def graph_of(recording: Recording, path: Path | None, *, allow_code: bool = False) -> Graph:
    """Return the graph at `path`, or without one the graph that was recorded.

    Relative paths of models are looked for in the current folder and beside the recording. Raises ConfigError,
    RecordingError.
    """
    if path is not None:
        return Graph.load(path, allow_code=allow_code)
    text = recording.header.graph
    if text is None:
        raise RecordingError(
            f"{recording.path} holds no graph, for parts of it were made in Python: give one (--graph)"
        )
    failed: ConfigError | None = None
    for base in (Path(), recording.path.parent):
        try:
            return Graph.parse(text, base=base, allow_code=allow_code, file=f"the graph in {recording.path.name}")
        except ConfigError as error:
            failed = failed or error
    assert failed is not None
    raise failed


def with_recording(
    graph: Graph,
    recording: Recording,
    *,
    lossless: bool = False,
    numerics: str | None = None,
    schedule: Mapping[str, Any] | None = None,
    models: Mapping[str, Any] | None = None,
    outputs: Mapping[str, Any] | None = None,
) -> Graph:
    """Return a graph whose cameras and sensors are those of a recording; it has no meters, and writes nothing unasked.

    numerics: of every model. schedule: what is to be changed of it. models: other ladders, by stage.
    Raises ConfigError, RecordingError.
    """
    missing = [name for name in (*graph.cameras, *graph.sensors) if name not in recording.sources]
    if missing:
        there = ", ".join(recording.sources)
        raise RecordingError(f"{recording.path} has no source {missing[0]!r}, which the graph names: it has {there}")
    stages = {}
    for name, spec in graph.stages.items():
        changed: dict[str, Any] = {}
        if numerics is not None and spec.model is not None:
            changed["numerics"] = numerics
        if models and name in models:
            changed["model"] = tuple(models[name])
        stages[name] = spec.model_copy(update=changed) if changed else spec
    said = with_changes(graph.schedule.model_dump(exclude_unset=True), schedule or {})
    return Graph(
        cameras={name: RecordedCamera(recording, name, lossless=lossless) for name in graph.cameras},
        sensors={name: RecordedSensor(recording, name) for name in graph.sensors},
        meters={},
        stages=stages,
        outputs=outputs,
        schedule=said,
        base=graph.base,
    )


def require_same_models(graph: Graph, recording: Recording) -> None:
    """Refuse a model whose bytes are not those that ran. Raises ModelError."""
    known = {model.name: model.sha256 for model in recording.header.models}
    for spec in graph.stages.values():
        for path in spec.model or ():
            file = graph.resolve(path)
            recorded = known.get(file.stem)
            if recorded is not None and hashlib.sha256(file.read_bytes()).hexdigest() != recorded:
                raise ModelError(
                    f"{file} is another model than the one that was recorded (sha256 {recorded[:12]}…): find that one, "
                    "or give the stage's models on purpose (--model)"
                )
