"""The recorded events, verbatim, to a fresh scheduler: its commands must be those that were recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from edgeai import plugins
from edgeai.errors import RecordingError
from edgeai.recording.codec import encode
from edgeai.recording.format import DECISIONS
from edgeai.recording.notes import Decision
from edgeai.recording.reader import Recording
from edgeai.replay.rows import Row
from edgeai.schedule.snapshot import restore

__all__ = ["Recomputed", "decision_rows", "recompute", "recorded_decisions"]


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What a fresh scheduler answered to each recorded event, beside what the recorded one had answered."""

    recorded: tuple[Decision, ...]
    fresh: tuple[Decision, ...]

    @property
    def differing(self) -> list[int]:
        """The indices of decisions whose commands differ."""
        pairs = zip(self.recorded, self.fresh, strict=True)
        return [i for i, (then, now) in enumerate(pairs) if then.commands != now.commands]


def recorded_decisions(recording: Recording, *, salvage: bool = False) -> Iterator[Decision]:
    """Iterate over the events and commands of a recording. Raises RecordingError."""
    for record in recording.records((DECISIONS,), salvage=salvage, policies=_policy):
        assert isinstance(record.value, Decision)
        yield record.value


def recompute(recording: Recording) -> Recomputed:
    """Restore the scheduler that a recording opens with, and let it meet the same events. Raises RecordingError."""
    scheduler = restore(recording.opening.scheduler, _policy)
    recorded, fresh = [], []
    for decision in recorded_decisions(recording):
        try:
            answer = tuple(scheduler.handle(decision.event))
        except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError, IndexError) as error:
            raise RecordingError(
                f"the scheduler's state in {recording.path} does not go with this edgeai's scheduler "
                f"({type(error).__name__}: {error}): replay it with the version that recorded it, "
                f"{recording.header.versions.get('edgeai', 'unknown')}, or as a what-if with --policy"
            ) from error
        recorded.append(decision)
        fresh.append(Decision(decision.event, answer))
    return Recomputed(tuple(recorded), tuple(fresh))


def decision_rows(decisions: Iterable[Decision]) -> Iterator[Row]:
    """Yield decisions as rows of the topic `decisions`, in order."""
    for i, decision in enumerate(decisions):
        fields: dict[str, Any] = {
            "stamp": decision.event.t,
            "event": encode(decision.event),
            "commands": [encode(command) for command in decision.commands],
        }
        yield Row("decisions", i, fields)


def _policy(name: str) -> Any:
    return plugins.find("policies", name)
