"""`edgeai recover`: a whole file of a torn one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeai.cli import screen
from edgeai.cli.options import AsJson

__all__ = ["recover"]


def recover(
    recording: Annotated[Path, typer.Argument(help="A recording that was cut off or is damaged.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The new file; RECORDING-recovered.mcap.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write every complete message of a damaged recording to a new file, and say what was lost.

    Example: edgeai recover torn.mcap
    """
    from edgeai.recording.salvage import salvage

    whole = output or recording.with_name(f"{recording.stem}-recovered{recording.suffix}")
    saved = salvage(recording, whole)
    if as_json:
        screen.print_json({"path": str(whole), "messages": saved.messages, "lost": list(saved.lost)})
        return
    typer.echo(f"{whole}: {saved.messages} messages")
    for sentence in saved.lost:
        typer.echo(f"lost: {sentence}")
    if not saved.lost:
        typer.echo("nothing was lost: the file was whole")
