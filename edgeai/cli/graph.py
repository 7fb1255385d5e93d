"""`edgeai graph`: draw a graph."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeai.cli import options
from edgeai.graph import Graph

__all__ = ["graph"]


def graph(
    file: options.Graph,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="As a Mermaid flow chart, for Markdown.")] = False,
    allow_code: options.AllowCode = False,
) -> None:
    """Print a graph as a tree, or as a Mermaid flow chart.

    Example: edgeai graph rover.yaml --mermaid
    """
    loaded = Graph.load(file, allow_code=allow_code)
    typer.echo(loaded.to_mermaid() if mermaid else loaded.to_text(), nl=False)
