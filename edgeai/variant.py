"""A variant of a stage's ladder: what it takes in memory, and how it is opened, more than once if need be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from edgeai.calibrate import warm
from edgeai.errors import ModelError
from edgeai.perception.footprint import anonymous_memory, footprint
from edgeai.perception.timing import give_input
from edgeai.runtime.program import Program
from edgeai.runtime.programs import Ready

if TYPE_CHECKING:
    from edgeai.perception.model import Model

__all__ = ["Variant", "interpreters", "memory_of"]


class Variant:
    """Opens a model for every lane; calling it returns the programs.

    It keeps no model open by itself, unless it is given one to use the first time. `interpreters` makes one a lane.
    """

    def __init__(
        self,
        model: Model,
        reopen: Callable[[], Model],
        program: Callable[[Model], Program],
        interpreters: Callable[[Model], tuple[Model, ...]],
        *,
        keep: bool,
    ) -> None:
        self._opened = model if keep else None
        self._sha256 = model.sha256
        self._reopen, self._program, self._interpreters = reopen, program, interpreters

    def __call__(self) -> Ready:
        """Open the model, one interpreter a lane. Raises ModelError, also when the file is another one than before."""
        model, self._opened = self._opened or self._reopen(), None
        if model.sha256 != self._sha256:
            raise ModelError(f"{model.path} has changed since the pipeline was started: start it again")
        return Ready(tuple(self._program(each) for each in self._interpreters(model)), model)


def interpreters(model: Model, lanes: int, *, warmed: bool) -> tuple[Model, ...]:
    """Return an interpreter of a model for each lane, the model itself the first; warm if asked for."""
    models = (model, *(model.with_threads(model.threads) for _ in range(1, lanes)))
    for each in models if warmed else ():
        warm(each)
    return models


def memory_of(model: Model, lanes: int, *, measure: bool) -> int:
    """Return the bytes a model takes: the estimate, or with `measure` what an interpreter really takes if more."""
    if not measure:
        return footprint(model.content, lanes)
    before = anonymous_memory()
    another = model.with_threads(model.threads)
    give_input(another)
    another.invoke()
    return footprint(model.content, lanes, anonymous_memory() - before)
