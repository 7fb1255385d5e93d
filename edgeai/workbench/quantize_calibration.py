"""What a model's values range over, learnt from data that the product's own preprocessing prepared."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.driver import vendor
from edgeai.errors import ConfigError, ModelError, Problem
from edgeai.perception.model import Model
from edgeai.perception.threads import cores
from edgeai.workbench.datasets import Dataset
from edgeai.workbench.datasets.give import count_for, give, samples_for
from edgeai.workbench.quantize_graph import SIGNATURE, FloatGraph
from edgeai.workbench.quantize_recipes import Recipe

__all__ = ["Prepared", "calibrate", "prepared_inputs"]

Progress = Callable[[str, float], object]
Prepared = tuple[npt.NDArray[Any], ...]
"""What the model's inputs hold, in their order."""


def prepared_inputs(model: Model, dataset: Dataset, most: int, progress: Progress) -> list[Prepared]:
    """Return at most `most` inputs as the model is given them, evenly spread over the dataset.

    Raises ConfigError where there is none, and where one of them is not for this model.
    """
    total = count_for(model, dataset)
    step = max(1.0, total / most)
    wanted = {math.floor(i * step) for i in range(most)}
    inputs = []
    for i, sample in enumerate(samples_for(model, dataset)):
        if i in wanted:
            progress("reading the calibration data", min(1.0, i / total))
            try:
                give(model, sample.load())
            except ModelError as error:
                expected = f"inputs that the model takes ({error})"
                raise ConfigError(Problem("--calibrate", f"{sample.name} of {dataset.name}", expected)) from error
            inputs.append(model.prepared())
    if not inputs:
        raise ConfigError(Problem("--calibrate", f"{dataset.name} without inputs", "some hundred typical inputs"))
    contents = {b"".join(part.tobytes() for part in given) for given in inputs}
    if len(inputs) > 1 and len(contents) == 1:
        found = f"{len(inputs)} inputs of {dataset.name} that are all the same"
        raise ConfigError(Problem("--calibrate", found, "typical inputs, as different as those it will meet"))
    return inputs


def calibrate(graph: FloatGraph, recipe: Recipe, library: Any, inputs: list[Prepared], progress: Progress) -> Any:
    """Return the least and the greatest value of each tensor over the inputs, as the library wants them.

    The inputs go through one at a time. The range is the widest seen, so that the order of the inputs is nothing to it.
    Raises ModelError where the data leaves the model dead or infinite.
    """
    calibrator = vendor("ai_edge_quantizer.calibrator", "quantize").Calibrator
    widest = vendor("ai_edge_quantizer.utils.qsv_utils", "quantize").min_max_update
    manager = vendor("ai_edge_quantizer.recipe_manager", "quantize").RecipeManager()
    manager.load_quantization_recipe(recipe.make(library))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns of the memory that all tensors take, which is its purpose
        watcher = calibrator(graph.content, num_threads=cores(), qsv_update_func=widest)
    for done, given in enumerate(inputs):
        progress(f"{recipe.name}: calibrating", done / len(inputs))
        watcher.calibrate({SIGNATURE: [dict(zip(graph.inputs, given, strict=True))]}, manager)
    ranges = watcher.get_model_qsvs()
    _require_alive(ranges)
    return ranges


def _require_alive(ranges: Any) -> None:
    bounds = [float(np.max(np.abs(side))) for found in ranges.values() for side in found.values() if np.size(side)]
    if not all(math.isfinite(bound) for bound in bounds):
        raise ModelError(
            "its values become NaN or infinite on the calibration data: check the data, and the normalisation that its "
            "card states"
        )
    if not bounds or not any(bounds):
        raise ModelError("its values are all 0 on the calibration data: give typical inputs, not blank ones")
