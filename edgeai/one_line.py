"""A pipeline in one line: the results of a model on a source."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from edgeai.driver import NEVER_AGAIN
from edgeai.graph import Graph
from edgeai.messages import Result
from edgeai.pipeline import Pipeline

__all__ = ["run"]


def run(
    source: Any,
    model: str | os.PathLike[str] | Sequence[str],
    *,
    frames: int | None = None,
    lossless: bool = False,
    outputs: Mapping[str, Any] | None = None,
    **stage: Any,
) -> Iterator[Result]:
    """Yield the results of a model on a camera, a clip, a folder of pictures: the pipeline in one line.

    source: what a graph takes for a camera (`v4l2:/dev/video0`, `clip.mp4`, a mapping, a Camera). model: a file, or a
    ladder of them. frames: end after so many captures. lossless: every frame of a file, as fast as possible. stage:
    anything else a stage takes (deadline="100ms", score=0.6). Raises EdgeAIError; a device that fails while running
    ends the iteration with its error.
    """
    graph = Graph.simple(source, model, lossless=lossless, outputs=outputs, **stage)
    (name,), ((camera, spec),) = graph.stages, graph.cameras.items()
    once = {camera: spec.model_copy(update={"retry": NEVER_AGAIN})}
    pipeline = Pipeline(graph.model_copy(update={"cameras": once}), frames=frames)
    with pipeline.stream(name) as results, pipeline:
        yield from results
        for fault in pipeline.faults.values():
            raise fault.error
