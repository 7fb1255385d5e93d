"""`edgeai graph`: draw a graph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeai.graph import Graph

__all__ = ["graph"]


def graph(
    file: Annotated[Path, typer.Argument(help="The graph, a YAML file.", show_default=False)],
    mermaid: Annotated[bool, typer.Option("--mermaid", help="As a Mermaid flow chart, for Markdown.")] = False,
    allow_code: Annotated[bool, typer.Option("--allow-code", help="Import the functions that the file names.")] = False,
) -> None:
    """Print a graph as a tree, or as a Mermaid flow chart."""
    loaded = Graph.load(file, allow_code=allow_code)
    typer.echo(loaded.to_mermaid() if mermaid else loaded.to_text(), nl=False)
