"""`edgeai check`: say everything that is wrong in a graph, without opening a device."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from edgeai.errors import ConfigError, Problem
from edgeai.graph import Graph

__all__ = ["check"]


def check(
    file: Annotated[Path, typer.Argument(help="The graph, a YAML file.", show_default=False)],
    allow_code: Annotated[bool, typer.Option("--allow-code", help="Import the functions that the file names.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Check a graph: every mistake with its line, what was found and expected. Opens no device.

    Its models are loaded and timed, so that deadlines and rates which this machine cannot keep are mistakes, too.
    """
    from edgeai import pipeline

    try:
        graph = Graph.load(file, allow_code=allow_code)
        notes = pipeline.check(graph)
    except ConfigError as error:
        if as_json:
            typer.echo(json.dumps(_report(file, error.problems), indent=2))
            raise typer.Exit(2) from None
        raise
    if as_json:
        typer.echo(json.dumps({**_report(file, ()), "models": notes}, indent=2))
    else:
        for note in notes:
            typer.echo(note)
        typer.echo(f"{file}: {_counted(graph)}: no mistakes")


def _report(file: Path, problems: tuple[Problem, ...]) -> dict[str, Any]:
    return {"file": str(file), "ok": not problems, "problems": [asdict(problem) for problem in problems]}


def _counted(graph: Graph) -> str:
    sections = (
        ("camera", graph.cameras),
        ("sensor", graph.sensors),
        ("meter", graph.meters or {}),
        ("stage", graph.stages),
        ("output", graph.outputs),
    )
    return ", ".join(f"{len(items)} {noun}{'s' if len(items) > 1 else ''}" for noun, items in sections if items)
