"""A step behind a model: its detections become tracks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgeai.errors import ModelError
from edgeai.messages import Detections
from edgeai.perception.tracking import Book, Tracker, TrackOptions, Tracks
from edgeai.runtime.program import Program, Step, Work
from edgeai.runtime.steps.memory import Memory

__all__ = ["tracked"]


def tracked(program: Program, options: TrackOptions, memory: Memory[Book], moment: Callable[[Work], int]) -> Program:
    """Return a program for one lane whose value is Tracks.

    memory: what the tracker knows, shared by all programs of the stage. moment: when an item was captured, ns. Raises
    PluginError where scipy is not installed.
    """
    tracker = Tracker(options)
    first, *others = program
    begun: list[Work] = []

    def begin(work: Work) -> Any:
        begun[:] = [work]
        return first.run(work)

    def track(found: Any) -> Tracks:
        if not isinstance(found, Detections):
            raise ModelError(f"`track` numbers detections, and this stage gives {type(found).__name__}: leave it out")
        (work,) = begun
        tracker.book = memory.value
        tracks = tracker.update(found, moment(work))
        memory.keep(work.seq, tracker.book)
        return tracks

    return (Step(first.mark, begin), *others, Step("tracked", track))
