"""`edgeai record`: run a pipeline and record it; every option of `edgeai run`, and its own."""

from __future__ import annotations

import inspect
import os
import signal
from pathlib import Path
from typing import Annotated, Any

import typer

from edgeai.cli.run import RECORD, run
from edgeai.cli.signatures import with_parameters
from edgeai.errors import ConfigError, Problem, RecordingError
from edgeai.quantities import Duration
from edgeai.recording.options import RecordOptions

__all__ = ["record"]


def _own(
    file: Annotated[Path, typer.Option("-o", "--file", help="The recording: run.mcap. Never overwritten.")] = Path(
        "run.mcap"
    ),
    cameras: Annotated[str, typer.Option(help="raw (exact), or jpeg:90 (smaller, lossy).")] = "raw",
    rotate: Annotated[str | None, typer.Option(help="Begin a new file at 1GB, or after 10min.")] = None,
    look_back: Annotated[
        str | None,
        typer.Option(help="Keep the last 30s in memory; write them on a fault, or on the signal SIGUSR1."),
    ] = None,
) -> None:
    """Say what `record` takes besides what `run` takes."""


def record(**options: Any) -> None:
    """Run a pipeline and record it as MCAP: what it consumed, decided and found.

    Example: edgeai record rover.yaml -o drive.mcap --rotate 1GB
    """
    own = {name: options.pop(name) for name in inspect.signature(_own).parameters}
    asked = RecordOptions(own["file"], own["cameras"], own["rotate"], _seconds(own["look_back"]))
    folder = asked.path.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        why = "cannot be written" if folder.is_dir() else "does not exist"
        raise RecordingError(f"{asked.path}: the folder {str(folder)!r} {why}: choose another one, or make it")
    token = RECORD.set(asked)
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        run(**options)
    finally:
        signal.signal(signal.SIGUSR1, before)
        RECORD.reset(token)


def _seconds(text: str | None) -> float | None:
    from pydantic import TypeAdapter, ValidationError

    if text is None:
        return None
    try:
        return float(TypeAdapter(Duration).validate_python(text))
    except ValidationError:
        raise ConfigError(Problem("--look-back", repr(text), "a duration: seconds, or text such as 30s")) from None


with_parameters(record, run, _own)
