"""`edgeai recover`: a whole file of a torn one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["recover"]


def recover(
    torn: Annotated[Path, typer.Argument(help="A recording that was cut off or is damaged.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The new file; torn-recovered.mcap.")] = None,
) -> None:
    """Write every complete message of a damaged recording to a new file, and say what was lost."""
    from edgeai.recording.salvage import salvage

    whole = output or torn.with_name(f"{torn.stem}-recovered{torn.suffix}")
    saved = salvage(torn, whole)
    typer.echo(f"{whole}: {saved.messages} messages")
    for sentence in saved.lost:
        typer.echo(f"lost: {sentence}")
    if not saved.lost:
        typer.echo("nothing was lost: the file was whole")
