"""A running pipeline at one moment: what a recording that begins there must know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeai.messages import Frame, Reading, Readings, Result
from edgeai.perception.window import Window
from edgeai.runtime.program import Work
from edgeai.schedule.events import Calibrated
from edgeai.schedule.scheduler import Scheduler
from edgeai.schedule.snapshot import freeze

__all__ = ["Frozen", "frozen"]


@dataclass(frozen=True, slots=True, eq=False)
class Frozen:
    """The pipeline at one moment, with all that its next steps build on.

    state: gives the scheduler as plain values (see schedule/snapshot.py), later and elsewhere. pending: the items
    (origin, seq) that wait or run. calibrated: what the scheduler was told at load. items: when they were there (ns),
    and the messages of what is pending, or of what the scheduler is about to be told. windows: the same of windows, by
    origin. gathered: windows that are not full: origin, readings since the last one, readings. memories: what the
    stages remember, by `stage.what`: frozen values.
    """

    state: Callable[[], dict[str, Any]]
    pending: tuple[tuple[str, int], ...]
    calibrated: Calibrated | None = None
    items: tuple[tuple[int, Frame | Reading | Result], ...] = ()
    windows: tuple[tuple[str, Readings], ...] = ()
    gathered: tuple[tuple[str, int, tuple[Reading, ...]], ...] = ()
    memories: Mapping[str, object] = field(default_factory=dict)


def frozen(
    scheduler: Scheduler,
    calibrated: Calibrated | None,
    held: Iterable[tuple[str, Work]],
    coming: Iterable[tuple[int, str, Frame | Reading | Readings | Result]],
    gathering: Iterable[tuple[str, Window]],
    memories: Mapping[str, object],
) -> Frozen:
    """Hold everything fast, quickly enough for the scheduler's lock.

    held: what waits and runs, with its origin. coming: what the scheduler is about to be told: time (ns), origin,
    message. gathering: windows, with their origins. memories: what the stages remember.
    """
    messages = list(coming)
    for origin, work in held:
        messages.append((work.ready, origin, work.captured))
        if work.result is not None:
            messages.append((work.ready, origin, work.result))
    single = {id(message): message for message in messages}.values()  # one that feeds several stages is held by each
    return Frozen(
        freeze(scheduler),
        scheduler.pending(),
        calibrated,
        tuple((t, message) for t, _, message in single if not isinstance(message, Readings)),
        tuple((origin, message) for _, origin, message in messages if isinstance(message, Readings)),
        tuple((origin, *window.gathered) for origin, window in gathering),
        memories,
    )
