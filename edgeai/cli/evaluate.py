"""`edgeai evaluate`: how good models are, on data whose truth is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edgeai.workbench.evaluate import Evaluation

__all__ = ["evaluate", "progress_bar"]


def evaluate(
    models: Annotated[
        list[str],
        typer.Argument(metavar="MODEL…", help="Model files, or a graph; or results: COCO .json, MOTChallenge .txt."),
    ],
    data: Annotated[Path, typer.Option(help="A dataset: a folder, a zip, a COCO .json; its form is found.")],
    metric: Annotated[list[str] | None, typer.Option(help="A metric of this data, such as top-1; repeatable.")] = None,
    write: Annotated[bool, typer.Option("--write-card", help="Put the main figure into the model's card.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    allow_code: Annotated[bool, typer.Option("--allow-code", help="Import the functions that a graph names.")] = False,
) -> None:
    """Run models over a dataset and say how right they are.

    Classes give top-1 and top-5, boxes COCO's mAP, masks mIoU, keypoints PCK, numbered boxes MOTA and IDF1, and what is
    there or not AUC. A file of results in place of a model is judged as it is.
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
        with progress_bar() as progress:
            done = work.evaluate(model, dataset, metric or (), progress)
        found.append(done)
        if write:
            typer.echo(f"{work.write_accuracy(model, done)} is written", err=True)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False))
    else:
        _print(found)


def _print(found: list[Evaluation]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 140
    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column("model", no_wrap=True)
    for figure in found[0].figures:
        table.add_column(figure.metric, justify="right")
    table.add_column("samples", justify="right")
    for each in found:
        table.add_row(each.model, *(f"{figure.value:.4g}" for figure in each.figures), str(each.samples))
    console.print(table)
    console.print(f"\non {found[0].dataset}; shares from 0 to 1, the higher the better")


@contextmanager
def progress_bar() -> Iterator[Callable[[str, float], object]]:
    """Show a bar on standard error while the body runs, where a person may look at it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("loading", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)
