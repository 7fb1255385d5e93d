"""`edgeai report`: the story of a recording, as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeai.cli import screen
from edgeai.cli.options import Recorded, require_place
from edgeai.errors import ConfigError, Problem

__all__ = ["report"]


def report(
    recording: Recorded,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The page; else RECORDING.html.")] = None,
) -> None:
    """Write the story of a run as one page: headline, timeline, where the time went, the slowest frames, decisions.

    Everything is inside the file: it can be mailed, and opened without a network.

    Example: edgeai report drive.mcap -o report.html
    """
    from edgeai import plugins
    from edgeai.recording.reader import Recording
    from edgeai.workbench.report.page import page
    from edgeai.workbench.report.pictures import worst_frames
    from edgeai.workbench.report.story import read_story

    path = output or recording.with_suffix(".html")
    require_place(path)
    opened = Recording.open(recording)
    with screen.progress_bar() as progress:
        story = read_story(
            opened, lambda name: plugins.find("policies", name), lambda count: progress("what happened", None)
        )
        pictures = worst_frames(opened, story, lambda count: progress("the slowest frames", None))
    try:
        path.write_text(page(story, pictures), "utf-8")
    except OSError as error:
        raise ConfigError(Problem("--output", f"{path} ({error.strerror})", "a file that may be written")) from error
    screen.note(f"{path} is written")
