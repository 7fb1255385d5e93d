"""A model with several rows: what as many streams give it is computed in one invocation.

Not every model can: most refuse another number of rows, some accept it and return a single row all the same. So `open`
proves, before anything relies on it, that each row gives what a single run gives, bit by bit.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from edgeai.errors import ModelError
from edgeai.perception.model import Model
from edgeai.perception.probe import show, unlike_inputs
from edgeai.perception.runtimes import Session
from edgeai.perception.tensor import TensorInfo

__all__ = ["Batch", "NotBatched"]

Tensor = npt.NDArray[Any]


class NotBatched(ModelError):  # noqa: N818 - an answer, not a failure
    """A model cannot take several rows; the sentence says why, in a few words."""


class Batch:
    """A model with `rows`, each a model of its own for `prepare` and `decode`. Used from one thread at a time.

    Of a row, `invoke` only marks that its input is written; `invoke` of the batch runs them all.
    """

    def __init__(self, session: Session, outputs: list[Tensor], rows: tuple[Model, ...]) -> None:
        """Use `Batch.open`."""
        self._session = session
        self._outputs = outputs
        self.rows = rows

    @classmethod
    def open(cls, model: Model, rows: int) -> Batch:
        """Open a model once more, with so many rows, and prove that they give what it gives. Raises NotBatched."""
        if model.stateful:
            raise NotBatched("it has a state")
        if "+" in model.runtime:
            raise NotBatched(f"it runs on {model.runtime.partition('+')[2]}")
        try:
            session = model.open_session(model.threads, rows)
        except ModelError as error:
            raise NotBatched("it cannot be resized") from error
        for single, several in zip((*model.inputs, *model.outputs), (*session.inputs, *session.outputs), strict=True):
            if several.shape != (rows, *single.shape[1:]):
                raise NotBatched(f"at {rows} rows it still gives {'x'.join(map(str, several.shape))}")
        outputs = [session.output(position) for position in range(len(model.outputs))]
        batch = cls(session, outputs, tuple(model.on(_Row(session, outputs, row, model)) for row in range(rows)))
        if not batch._agrees_with(model):
            raise NotBatched("rows differ from single runs")
        return batch

    def invoke(self) -> None:
        """Run all rows. Raises ModelError."""
        self._session.invoke()
        self._outputs[:] = [self._session.output(position) for position in range(len(self._outputs))]

    def _agrees_with(self, model: Model) -> bool:
        """Say whether each row gives, bit by bit, what a single run gives: for inputs that differ from row to row."""
        inputs = unlike_inputs(model.input, pictures=model.takes_pictures)
        shown = [inputs[i % len(inputs)] for i in range(len(self.rows))]
        for row, values in zip(self.rows, shown, strict=True):
            show(row, values)
        self.invoke()
        together = [row.found() for row in self.rows]
        for values, found in zip(shown, together, strict=True):
            show(model, values)
            model.invoke()
            if any(a.tobytes() != b.tobytes() for a, b in zip(model.found(), found, strict=True)):
                return False
        return True


class _Row:
    """One row of a session, as the session of a model with a single one."""

    def __init__(self, session: Session, outputs: list[Tensor], row: int, model: Model) -> None:
        self._session = session
        self._outputs = outputs
        self._rows = slice(row, row + 1)
        self.inputs: tuple[TensorInfo, ...] = model.inputs
        self.outputs: tuple[TensorInfo, ...] = model.outputs

    def input(self, position: int) -> Tensor:
        """Return the row's part of an input's memory, to be written into and let go before the batch is invoked."""
        return self._session.input(position)[self._rows]

    def invoke(self) -> None:
        """Leave it to the batch."""

    def output(self, position: int) -> Tensor:
        """Return the row's part of an output of the last `invoke` of the batch."""
        return self._outputs[position][self._rows]
