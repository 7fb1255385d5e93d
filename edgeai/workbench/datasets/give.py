"""From a sample's input to a model's."""

from __future__ import annotations

from edgeai.messages import Frame
from edgeai.perception.model import Model
from edgeai.workbench.datasets.sample import Input

__all__ = ["give"]


def give(model: Model, given: Input) -> None:
    """Write an input into a model; an array may lack the leading axis of 1. Raises ModelError for what does not fit."""
    if isinstance(given, Frame):
        model.prepare(given)
    elif model.takes_pictures:
        model.prepare(Frame("array", 0, 0, given, "gray" if given.ndim == 2 else "bgr"))
    else:
        shape = model.inputs[0].shape
        model.prepare_array(given.reshape(shape) if given.shape == shape[1:] else given)
