"""The first variant of each ladder, at the highest rate asked for."""

from __future__ import annotations

from collections.abc import Mapping

from edgeai.schedule.policy import Choice, Situation

__all__ = ["Fixed"]


class Fixed:
    """Never changes its mind."""

    def choose(self, situation: Situation) -> Mapping[str, Choice]:
        """Return point 0 at `rate_max` for every stage."""
        return {stage.name: Choice(0, stage.rate_max) for stage in situation.stages}
