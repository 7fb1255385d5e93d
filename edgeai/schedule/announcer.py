"""What people are told: each change once."""

from __future__ import annotations

from edgeai.schedule.commands import Announce, Load, Unload

__all__ = ["Announcer"]

_QUIET = frozenset(("normal", "metered"))
"""That all is well needs no word at the start."""


class Announcer:
    """Adds to the planner's notes what has changed of a topic since it was last said."""

    def __init__(self, notes: list[Announce | Load | Unload]) -> None:
        self._notes = notes
        self._said: dict[tuple[str, str], str] = {}

    def say(self, stage: str, topic: str, what: str, why: str) -> None:
        """Announce a state of a stage, or of the whole where `stage` is empty, unless it was the last one said."""
        said = self._said.get((stage, topic))
        if said != what:
            self._said[stage, topic] = what
            if said is not None or what not in _QUIET:
                self._notes.append(Announce(stage, what, why))
