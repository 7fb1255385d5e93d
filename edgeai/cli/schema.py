"""`edgeai schema`: print the JSON schema of graphs, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from edgeai.errors import ConfigError, Problem
from edgeai.graph import Graph

__all__ = ["schema"]


def schema(
    out: Annotated[Path | None, typer.Option("-o", "--output", help="Write to this file.")] = None,
) -> None:
    """Print the JSON schema of a graph's YAML, with every installed driver's options.

    An editor completes and checks a graph that begins with the line: # yaml-language-server: $schema=graph.schema.json

    Example: edgeai schema -o graph.schema.json
    """
    text = json.dumps(Graph.json_schema(), indent=2, ensure_ascii=False) + "\n"
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        found = f"a file that cannot be written ({error.strerror})"
        raise ConfigError(Problem("--output", found, "a file in a folder that exists", str(out))) from error
