"""`edgeai check`: say everything that is wrong in a graph, without opening a device."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from edgeai.cli import options, screen
from edgeai.errors import ConfigError, Problem
from edgeai.graph import Graph

__all__ = ["check"]


def check(
    file: options.Graph,
    allow_code: options.AllowCode = False,
    as_json: options.AsJson = False,
) -> None:
    """Check a graph: every mistake with its line, what was found and expected. Opens no device.

    Its models are loaded and timed, so that deadlines and rates which this machine cannot keep are mistakes, too.

    Example: edgeai check rover.yaml
    """
    from edgeai.check import check as check_models

    try:
        graph = Graph.load(file, allow_code=allow_code)
        notes = check_models(graph)
    except ConfigError as error:
        if as_json:
            screen.print_json(_report(file, error.problems))
            raise typer.Exit(2) from None
        raise
    if as_json:
        screen.print_json({**_report(file, ()), "models": notes})
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
