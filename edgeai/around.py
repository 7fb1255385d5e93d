"""What a graph asks of a stage around its model: steps of its programs, and what these remember."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgeai.errors import ConfigError
from edgeai.graph.spec import floor_rate, sure_score
from edgeai.runtime.program import Program, Work
from edgeai.runtime.steps.memory import Memory

if TYPE_CHECKING:
    from edgeai.graph import Graph
    from edgeai.perception.cropping import CropOptions
    from edgeai.perception.model import Model

__all__ = ["Around"]


class Around:
    """Makes a stage's programs whole. `memories` are shared by all of them, and by all lanes."""

    def __init__(self, graph: Graph, stage: str, *, lossless: bool) -> None:
        """lossless: the stage is fed by a file that is read as fast as it is consumed."""
        self.memories: dict[str, Memory[Any]] = {}
        self._graph, self._stage = graph, stage
        self._spec = graph.stages[stage]
        self._moment = _own_time if lossless else _stamp
        if self._spec.track is not None:
            from edgeai.perception.tracking.book import empty

            self.memories[f"{stage}.track"] = Memory(empty())
        if self._spec.gate is not None:
            self.memories[f"{stage}.gate"] = Memory(None)
        if self._spec.model is not None and any(graph.stages[name].gate for name in graph.chain(stage)[1:-1]):
            self.memories[f"{stage}.followed"] = Memory(None)

    def __call__(self, program: Program) -> Program:
        """Return the program of one lane with the steps before and behind it. Raises PluginError."""
        if self._spec.track is not None:
            from edgeai.perception.tracking import TrackOptions
            from edgeai.runtime.steps.tracked import tracked

            said = {**self._spec.track.model_dump(), "sure": sure_score(self._spec)}
            program = tracked(program, TrackOptions(**said), self.memories[f"{self._stage}.track"], self._moment)
        if self._spec.gate is not None:
            from edgeai.perception.gating import GateOptions
            from edgeai.runtime.steps.gated import gated

            options = GateOptions(threshold=self._spec.gate.threshold, floor=floor_rate(self._spec))
            program = gated(program, options, self.memories[f"{self._stage}.gate"], self._moment)
        if f"{self._stage}.followed" in self.memories:
            from edgeai.runtime.steps.followed import followed

            program = followed(program, self.memories[f"{self._stage}.followed"])
        return program

    @property
    def crop(self) -> CropOptions | None:
        """Which parts of a frame the stage's model looks at, None for the whole."""
        if self._spec.crop is None:
            return None
        from edgeai.perception.cropping import CropOptions

        return CropOptions(**self._spec.crop.model_dump())

    def check(self, model: Model) -> None:
        """Refuse what does not go with a model's results. Raises ConfigError."""
        if self._spec.track is not None and model.task != "detection":
            found = f"a tracker behind {model.name}, which is for {model.task}"
            raise ConfigError(self._graph.problem(("stages", self._stage, "track"), found, "a model that finds boxes"))


def _stamp(work: Work) -> int:
    return work.stamp


def _own_time(work: Work) -> int:
    """Return the file's own time: the stamps of a lossless source tell how fast it was read."""
    raw = work.captured.timing.raw
    return work.stamp if raw is None else raw
