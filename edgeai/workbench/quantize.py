"""Make a ladder of quantized variants of a float model, each with its card."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeai.driver import vendor
from edgeai.errors import ConfigError, ModelError, Problem
from edgeai.perception.facts import read_content
from edgeai.perception.model import Model
from edgeai.workbench.datasets import Dataset
from edgeai.workbench.evaluate import evaluate, models, write_accuracy
from edgeai.workbench.evaluate_figures import Figure
from edgeai.workbench.quantize_calibration import Prepared, calibrate, prepared_inputs
from edgeai.workbench.quantize_card import variant_card, write_card
from edgeai.workbench.quantize_graph import FloatGraph, left_float, require_memory
from edgeai.workbench.quantize_recipes import Recipe, choose_recipes

__all__ = ["Variant", "quantize", "validate"]

SAMPLES = 256
"""Inputs that calibrate, unless another number is asked for."""

Progress = Callable[[str, float], object]
"""Called with what is done now, and the share of it that is done."""


@dataclass(frozen=True, slots=True)
class Variant:
    """What became of a recipe: the file written and its size in bytes, or why there is none.

    floats: kinds of operations that stayed float32 altogether, though the recipe quantizes values.
    """

    recipe: str
    path: Path | None = None
    size: int = 0
    floats: tuple[str, ...] = ()
    why: str = ""


def quantize(
    path: str | Path,
    recipes: Sequence[str],
    calibration: Dataset | None = None,
    output: str | Path | None = None,
    *,
    samples: int = SAMPLES,
    progress: Progress = lambda what, share: None,
) -> list[Variant]:
    """Quantize a float model by each recipe and write the variants with their cards.

    calibration: typical inputs; wanted by int8 and int16x8. output: a folder, made where it is missing; without one the
    variants lie beside the model. A recipe that fails does not keep the others from going on: it is in the list with
    the reason. Raises ConfigError and ModelError for what concerns all of them.
    """
    wanted = choose_recipes(recipes)
    library = vendor("ai_edge_quantizer.recipe", "quantize")
    path = Path(path).expanduser()
    content = read_content(path)
    try:
        require_memory(len(content))
        model = Model.load(path)
        graph = FloatGraph.of(content)
    except ModelError as error:
        text = str(error)
        raise ModelError(text if str(path) in text else f"{path}: {text}") from error
    if any(recipe.calibrated for recipe in wanted) and calibration is None:
        names = " and ".join(recipe.name for recipe in wanted if recipe.calibrated)
        expected = "a folder of some hundred typical inputs"
        raise ConfigError(Problem("--calibrate", f"nothing, and {names} must be calibrated", expected))
    inputs = [] if calibration is None else prepared_inputs(model, calibration, samples, progress)
    folder = _folder(path.parent if output is None else Path(output).expanduser())
    return [_make(graph, model, recipe, library, inputs, folder, progress) for recipe in wanted]


def _folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            Problem("--output", f"{folder} ({error.strerror})", "a folder that may be written")
        ) from error
    return folder


def _make(
    graph: FloatGraph,
    model: Model,
    recipe: Recipe,
    library: Any,
    inputs: list[Prepared],
    folder: Path,
    progress: Progress,
) -> Variant:
    progress(f"{recipe.name}: quantizing", 0.0)
    try:
        ranges = calibrate(graph, recipe, library, inputs, progress) if recipe.calibrated else None
        content = _quantized(graph, recipe, library, ranges)
        quantized, floats = left_float(content)
        floats = floats if recipe.calibrated else ()
        if not quantized:
            raise ModelError("none of the model's operations can be quantized so: choose another recipe")
        written = _write(
            folder / f"{model.path.stem}_{recipe.name}.tflite", content, model, recipe, floats, len(inputs)
        )
    except (ModelError, MemoryError) as error:
        return Variant(recipe.name, why=str(error) or "there is not enough memory for it: use a larger machine")
    finally:
        gc.collect()
        progress(f"{recipe.name}: done", 1.0)
    return Variant(recipe.name, written, len(content), floats)


def _quantized(graph: FloatGraph, recipe: Recipe, library: Any, ranges: Any) -> bytes:
    """Return the variant's bytes. Raises ModelError with the library's own words where it refuses."""
    quantizer = vendor("ai_edge_quantizer.quantizer", "quantize").Quantizer
    try:
        worker = quantizer(graph.content, recipe.make(library))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of the memory that all tensors take while it looks at them
            done = worker.quantize(ranges, enable_progress_bar=False, enable_progress_report=False)
        return bytes(done.quantized_model)
    except MemoryError:
        raise
    except Exception as error:  # whatever the library raises, the other recipes go on
        text = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelError(f"the model has an operation or tensor that this recipe cannot quantize ({text})") from error


def _write(path: Path, content: bytes, model: Model, recipe: Recipe, floats: tuple[str, ...], samples: int) -> Path:
    """Write model and card, and run the variant once: one that the runtime refuses is taken away again."""
    made = {"recipe": recipe.name, "from": model.path.name, "from_sha256": model.sha256}
    if recipe.calibrated:
        made["calibration_inputs"] = samples  # type: ignore[assignment]
    if floats:
        made["float_operations"] = list(floats)  # type: ignore[assignment]
    written = [path]
    try:
        path.write_bytes(content)
        written.append(write_card(path, variant_card(model, content, recipe.name, made)))
        Model.load(path).invoke()
    except OSError as error:
        raise ModelError(f"{path} cannot be written ({error.strerror}): choose a folder that can be") from error
    except ModelError as error:
        for each in written:
            each.unlink(missing_ok=True)
        raise ModelError(f"the variant does not run: {error}") from error
    return path


def validate(paths: Sequence[Path], dataset: Dataset, progress: Progress) -> dict[str, Figure]:
    """Judge the float model, the first of `paths`, and its variants; write the variants' accuracy into their cards.

    Returns the main figure by path. Raises ConfigError, ModelError, PluginError.
    """
    found = {}
    for path in paths:
        model = models([str(path)])[0]
        done = evaluate(model, dataset, (), progress)
        if path != paths[0]:
            write_accuracy(model, done)
        found[str(path)] = done.main
    return found
