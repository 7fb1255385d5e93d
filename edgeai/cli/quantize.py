"""`edgeai quantize`: a float model becomes a ladder of quantized variants with their cards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeai.cli import complete, screen
from edgeai.cli.options import AsJson
from edgeai.errors import ModelError

if TYPE_CHECKING:
    from edgeai.workbench.evaluate_figures import Figure
    from edgeai.workbench.quantize import Variant

__all__ = ["quantize"]


def quantize(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A float32 .tflite file.")],
    recipe: Annotated[
        list[str],
        typer.Option(
            help="int8, int8-dynamic, int16x8, int4-weights, float16 or all; may be repeated.",
            autocompletion=complete.recipes,
        ),
    ],
    calibrate: Annotated[
        Path | None, typer.Option(help="Typical inputs: a folder or zip of pictures or .npy, one .npy, a recording.")
    ] = None,
    validate: Annotated[
        Path | None, typer.Option(help="A dataset whose truth is known: accuracy for the cards.")
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Folder of the variants.")] = None,
    samples: Annotated[int, typer.Option(help="Inputs that calibrate, at most.", min=1)] = 256,
    as_json: AsJson = False,
) -> None:
    """Quantize a float model by one recipe or all, and write each variant with a card, ready for the scheduler.

    What pictures become in the model's input, its labels and its task are those of the float model: they stand in its
    card. A recipe that does not fit the model is told, and the others go on.

    Example: edgeai quantize float.tflite --recipe all --calibrate photos/ --validate labelled.zip
    """
    from edgeai.workbench import quantize as work
    from edgeai.workbench.datasets import open_dataset

    data = None if calibrate is None else open_dataset(calibrate)
    truth = None if validate is None else open_dataset(validate)
    with screen.progress_bar() as progress:
        made = work.quantize(model, recipe, data, output, samples=samples, progress=progress)
    judged: dict[str, Figure] = {}
    if truth is not None:
        with screen.progress_bar() as progress:
            judged = work.validate([model, *(each.path for each in made if each.path)], truth, progress)
    if as_json:
        screen.print_json(_plain(model, made, judged))
    else:
        _print(model, made, judged)
    if not any(each.path for each in made):
        raise ModelError(f"{model}: no recipe made a variant; the table says why")


def _plain(model: Path, made: list[Variant], judged: dict[str, Figure]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [{"recipe": "float32", "path": str(model), "bytes": model.stat().st_size}]
    for each in made:
        path = str(each.path) if each.path else None
        rows.append(
            {"recipe": each.recipe, "path": path, "bytes": each.size if path else None, "why": each.why or None}
        )
    for row in rows:
        figure = judged.get(row["path"])
        row["figure"] = None if figure is None else {"metric": figure.metric, "value": figure.value}
    return rows


def _print(model: Path, made: list[Variant], judged: dict[str, Figure]) -> None:
    console = screen.console()
    metric = next(iter(judged.values())).metric if judged else ""
    table = screen.table("variant", "kB", *([metric] if metric else []), "", left=("variant", ""))
    rows = [(model, model.stat().st_size, "the float model"), *((v.path, v.size, _note(v)) for v in made if v.path)]
    for path, size, note in rows:
        figure = judged.get(str(path))
        accuracy = [] if not metric else ["-" if figure is None else f"{figure.value:.4f}"]
        table.add_row(path.name, f"{size / 1000:.1f}", *accuracy, note)
    console.print(table)
    for each in made:
        if each.why:
            console.print(f"{each.recipe}: {each.why}", soft_wrap=True)
    paths = [str(each.path) for each in made if each.path]
    if paths:
        console.print("\nthe ladder in a graph:", soft_wrap=True)
        console.print(f"  stages:\n    {model.stem}:\n      model:", markup=False)
        for member in paths:
            console.print(f"        - {member}", soft_wrap=True, markup=False)


def _note(variant: Variant) -> str:
    return f"float32 still: {', '.join(variant.floats)}" if variant.floats else ""
