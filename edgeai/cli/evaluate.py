"""`edgeai evaluate`: how good models are, on data whose truth is known."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeai.cli import screen
from edgeai.cli.options import AllowCode, AsJson

if TYPE_CHECKING:
    from edgeai.workbench.evaluate import Evaluation

__all__ = ["evaluate"]


def evaluate(
    models: Annotated[
        list[str],
        typer.Argument(metavar="MODEL…", help="Model files, or a graph; or results: COCO .json, MOTChallenge .txt."),
    ],
    data: Annotated[Path, typer.Option(help="A folder, zip or COCO .json; or RECORDING#STAGE: what a stage found.")],
    metric: Annotated[list[str] | None, typer.Option(help="A metric of this data, such as top-1; repeatable.")] = None,
    write: Annotated[bool, typer.Option("--write-card", help="Put the main figure into the model's card.")] = False,
    as_json: AsJson = False,
    allow_code: AllowCode = False,
) -> None:
    """Run models over a dataset and say how right they are.

    Classes give top-1 and top-5, boxes COCO's mAP, masks mIoU, keypoints PCK, numbered boxes MOTA and IDF1, and what is
    there or not AUC. A file of results in place of a model is judged as it is.

    Example: edgeai evaluate detector.tflite --data coco/annotations.json --write-card
    """
    from edgeai.workbench import evaluate as work
    from edgeai.workbench.datasets import open_dataset

    dataset = open_dataset(data)
    files = [name for name in models if name.endswith((".json", ".txt"))]
    found = [
        work.judge(Path(name).name, None, dataset, work.results(Path(name), dataset), metric or ()) for name in files
    ]
    rest = [name for name in models if name not in files]
    for model in work.models(rest, allow_code=allow_code) if rest else []:
        with screen.progress_bar() as progress:
            done = work.evaluate(model, dataset, metric or (), progress)
        found.append(done)
        if write:
            screen.note(f"{work.write_accuracy(model, done)} is written")
    if as_json:
        screen.print_json([asdict(each) for each in found])
    else:
        _print(found)


def _print(found: list[Evaluation]) -> None:
    metrics = [figure.metric for figure in found[0].figures]
    table = screen.table("model", *metrics, "samples", left=("model",), whole=("model",))
    for each in found:
        table.add_row(each.model, *(f"{figure.value:.4g}" for figure in each.figures), str(each.samples))
    console = screen.console()
    console.print(table)
    console.print(f"\non {found[0].dataset}; shares from 0 to 1, the higher the better")
