"""The recorded events, verbatim, to a fresh scheduler: its commands must be those that were recorded."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Any

from edgeai.errors import RecordingError
from edgeai.recording.codec import encode
from edgeai.recording.notes import Decision
from edgeai.replay.past import Past, policy_of
from edgeai.replay.rows import Row
from edgeai.schedule.snapshot import restore

__all__ = ["decision_rows", "recompute"]


def recompute(past: Past) -> tuple[Decision, ...]:
    """Restore the scheduler that a recording opens with, and let it meet the same events; returns its decisions.

    Raises RecordingError.
    """
    recording = past.recording
    scheduler = restore(recording.opening.scheduler, policy_of)
    fresh = []
    for decision in past.decisions:
        try:
            answer = tuple(scheduler.handle(decision.event))
        except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError, IndexError) as error:
            raise RecordingError(
                f"the scheduler's state in {recording.path} does not go with this edgeai's scheduler "
                f"({type(error).__name__}: {error}): replay it with the version that recorded it, "
                f"{recording.header.versions.get('edgeai', 'unknown')}, or as a what-if with --policy"
            ) from error
        fresh.append(Decision(decision.event, answer))
    return tuple(fresh)


def decision_rows(decisions: Sequence[Decision], without: Container[int] = ()) -> Iterator[Row]:
    """Yield decisions as rows of the topic `decisions`, in order, except those with the numbers `without`."""
    for i, decision in enumerate(decisions):
        if i in without:
            continue
        fields: dict[str, Any] = {
            "stamp": decision.event.t,
            "event": encode(decision.event),
            "commands": [encode(command) for command in decision.commands],
        }
        yield Row("decisions", i, fields)
