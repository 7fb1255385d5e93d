"""A variant of a stage's ladder: what it takes in memory, and how it is opened, more than once if need be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from edgeai.errors import ModelError
from edgeai.messages import Frame
from edgeai.perception.footprint import anonymous_memory, footprint
from edgeai.runtime.program import Program
from edgeai.runtime.programs import Ready

if TYPE_CHECKING:
    from edgeai.perception.model import Model

__all__ = ["Variant", "measured_memory", "prepare_blank"]


class Variant:
    """Opens a model for every lane; calling it returns the programs, warm if asked for.

    It keeps no model open by itself, unless it is given one to use the first time.
    """

    def __init__(
        self,
        model: Model,
        reopen: Callable[[], Model],
        program: Callable[[Model], Program],
        lanes: int,
        *,
        keep: bool,
        warm: bool,
    ) -> None:
        self._opened = model if keep else None
        self._sha256 = model.sha256
        self._reopen, self._program, self._lanes, self._warm = reopen, program, lanes, warm

    def __call__(self) -> Ready:
        """Open the model, one interpreter a lane. Raises ModelError, also when the file is another one than before."""
        model, self._opened = self._opened or self._reopen(), None
        if model.sha256 != self._sha256:
            raise ModelError(f"{model.path} has changed since the pipeline was started: start it again")
        models = [model, *(model.with_threads(model.threads) for _ in range(1, self._lanes))]
        if self._warm:
            for each in models:
                prepare_blank(each)
                each.invoke()
        return Ready(tuple(self._program(each) for each in models), model)


def measured_memory(model: Model, lanes: int) -> int:
    """Return the bytes a model takes: the estimate, or what another interpreter is seen to take if that is more."""
    before = anonymous_memory()
    another = model.with_threads(model.threads)
    prepare_blank(another)
    another.invoke()
    return footprint(model.content, lanes, anonymous_memory() - before)


def prepare_blank(model: Model) -> None:
    """Give a model an empty picture, or zeros where it takes none."""
    if model.takes_pictures:
        model.prepare(Frame("blank", 0, 0, np.zeros((64, 64, 3), np.uint8)))
    else:
        model.prepare_array(np.zeros(model.inputs[0].shape))
