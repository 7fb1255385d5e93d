"""`edgeai trace`: what ran when, for ui.perfetto.dev."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeai.cli import screen
from edgeai.cli.options import AllowCode, require_place
from edgeai.errors import ConfigError, Problem

if TYPE_CHECKING:
    from edgeai.recording.reader import Recording

__all__ = ["trace"]

_LIVE = 10.0
"""Seconds of a run that is traced where nothing else is said."""


def trace(
    what: Annotated[
        Path | None,
        typer.Argument(metavar="[RECORDING]", help="A recording; with --live a graph, else the simulated rover."),
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="Run the graph now, in place of a recording.")] = False,
    seconds: Annotated[float | None, typer.Option(help="How long to run, with --live; 10 by default.", min=0.1)] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="The trace, in Chrome's and Perfetto's JSON.")] = Path(
        "trace.json"
    ),
    allow_code: AllowCode = False,
) -> None:
    """Write a trace: a track for each source, lane and output, arrows from captures to results, counters, marks.

    Open it at ui.perfetto.dev, or at chrome://tracing; both read it on your own machine.

    Example: edgeai trace drive.mcap -o trace.json

    Example: edgeai trace --live rover.yaml --seconds 5
    """
    if live:
        from edgeai.cli.run import run

        run(pipeline=what, seconds=seconds or _LIVE, trace=output, allow_code=allow_code)
        return
    if what is None:
        raise ConfigError(Problem("RECORDING", "nothing", "a recording, or --live with a graph"))
    if seconds is not None:
        raise ConfigError(Problem("--seconds", f"{seconds:g}, without --live", "the whole of a recording"))
    require_place(output)
    from edgeai.observe.trace import trace_events, write_trace
    from edgeai.recording.reader import Recording

    recording = Recording.open(what)
    count = write_trace(output, trace_events(_moments(recording), recording.header.workload))
    screen.note(f"{output}: {count} events; open it at ui.perfetto.dev")


def _moments(recording: Recording) -> Iterator[Any]:
    """Yield what a trace is made of, as far as the recording can be read."""
    from edgeai import plugins
    from edgeai.observe.spans import Failed, Said
    from edgeai.recording import format as layout
    from edgeai.recording.reader import Decision, FaultNote
    from edgeai.schedule.commands import Announce

    topics = (layout.DECISIONS, layout.ANNOUNCEMENTS, layout.FAULTS)
    with screen.progress_bar() as progress:
        for record in recording.records(topics, salvage=True, policies=lambda name: plugins.find("policies", name)):
            progress("decisions", None)
            match record.value:
                case Decision():
                    yield record.value
                case Announce(stage, state, why):
                    yield Said(record.t, stage, state, why)
                case FaultNote(name, _, sentence, t):
                    yield Failed(t, name, sentence)
