"""Options that several commands take, each written once: one name and one meaning everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeai.cli import complete
from edgeai.errors import ConfigError, Problem

__all__ = [
    "Accuracy",
    "AllowCode",
    "AsJson",
    "BoardName",
    "Budget",
    "Graph",
    "Lasting",
    "Measured",
    "MissRate",
    "Policy",
    "Recorded",
    "Workload",
    "require_place",
]

AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]
AllowCode = Annotated[bool, typer.Option("--allow-code", help="Allow the graph's Python functions.")]
Graph = Annotated[Path, typer.Argument(metavar="GRAPH", help="A graph, a YAML file.", show_default=False)]
Recorded = Annotated[
    Path, typer.Argument(metavar="RECORDING", help="A file that `edgeai record` wrote.", show_default=False)
]
Workload = Annotated[
    Path | None, typer.Argument(help="A graph, or a described workload (YAML). Without one: the simulated rover.")
]
BoardName = Annotated[
    str | None,
    typer.Option(
        "--board",
        help="A name of `edgeai boards`, or a file; the workload's own, else pi4.",
        autocompletion=complete.boards,
    ),
]
Policy = Annotated[
    str | None,
    typer.Option(help="In place of the file's: fixed, latency, power, battery …", autocompletion=complete.policies),
]
Budget = Annotated[str | None, typer.Option(help="Watts of the whole board at its input: 4.5W.")]
MissRate = Annotated[str | None, typer.Option(help="Part of the offered frames that may miss: 1%.")]
Accuracy = Annotated[str | None, typer.Option(help="Least mean accuracy of results on time, 0 to 1.")]
Lasting = Annotated[float | None, typer.Option("--last", help="Hours the battery shall last, for --policy battery.")]
Measured = Annotated[Path | None, typer.Option("--profile", help="Durations measured by `edgeai profile`.")]


def require_place(path: Path, option: str = "--output") -> None:
    """Refuse, before any work, a file that could not be written. Raises ConfigError."""
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise ConfigError(Problem(option, str(path), "a file in a folder that exists"))
