"""From a sample's input to a model's."""

from __future__ import annotations

from collections.abc import Iterator

from edgeai.messages import Frame, Reading, Readings
from edgeai.perception.model import Model
from edgeai.workbench.datasets.recorded import Recorded
from edgeai.workbench.datasets.sample import Dataset, Input, Sample

__all__ = ["count_for", "give", "samples_for"]


def give(model: Model, given: Input) -> None:
    """Write an input into a model; an array may lack the leading axis of 1. Raises ModelError for what does not fit."""
    if isinstance(given, Frame):
        model.prepare(given)
    elif isinstance(given, Reading | Readings):
        model.prepare_readings(given)
    elif model.takes_pictures:
        model.prepare(Frame("array", 0, 0, given, "gray" if given.ndim == 2 else "bgr"))
    else:
        shape = model.inputs[0].shape
        model.prepare_array(given.reshape(shape) if given.shape == shape[1:] else given)


def samples_for(model: Model, dataset: Dataset) -> Iterator[Sample]:
    """Go through a dataset as a model takes it: readings of a sensor in the model's windows, as a pipeline would."""
    if model.window is None or not isinstance(dataset, Recorded):
        return iter(dataset)
    return dataset.windows(*model.window)


def count_for(model: Model, dataset: Dataset) -> int:
    """Return about how many samples there will be."""
    if model.window is None or not isinstance(dataset, Recorded) or dataset.truths is not None:
        return len(dataset)
    length, hop = model.window
    return max(1, (len(dataset) - length) // hop + 1)
