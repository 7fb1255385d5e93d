"""How long jobs take in virtual time: as the caller says, else as the profile says, else ten milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from edgeai.clock import NS
from edgeai.refusals import require_admission
from edgeai.schedule.events import Batching, Profile

if TYPE_CHECKING:
    from edgeai.assemble import Assembled
    from edgeai.graph import Graph

__all__ = ["Durations", "Said"]

Said = Mapping[str, float | tuple[float, float]] | Callable[[str, str], float]
"""Seconds of a job by its stage or variant, as a table or as a function of both; two numbers: of a single job, and of
one run for all stages that share its model."""

_TYPICAL = 0.010
"""Seconds a job takes where nothing was said."""


class Durations:
    """What is known of the durations of everything that was assembled."""

    def __init__(self, said: Said | None, graph: Graph, assembled: Assembled) -> None:
        self._said = said
        self._graph = graph
        self._assembled = assembled
        self._loads = {load.name: load for load in assembled.assembly.workload.stages}
        self._known = {(profile.stage, profile.point): profile for profile in assembled.profiles}

    def of(self, stage: str, point: int) -> int:
        """Return how long a job takes, ns, the latency that its stage adds included."""
        said = self._said
        variant = self._loads[stage].points[point].variant
        seconds = said(stage, variant) if callable(said) else self._pair(stage, variant)[0]
        if seconds is None:
            known = self._known.get((stage, point))
            if known is not None:
                return known.p50
            seconds = _TYPICAL
        return round((seconds + self._graph.stages[stage].added_latency) * NS)

    def profiles(self) -> tuple[Profile, ...]:
        """Return what the scheduler is told of each point that takes any time.

        Raises ConfigError for rates and deadlines that cannot be kept, where the caller said what jobs take.
        """
        profiles = tuple(self._profiles())
        if self._said is not None:
            require_admission(self._graph, self._assembled.assembly.workload, profiles, timed=False)
        return profiles

    def batchings(self) -> Iterator[Batching]:
        """Yield what runs together: stages of one model, where two numbers say what that takes."""
        for members in self._assembled.sharing:
            stage, point = members[0]
            single, together = self._pair(stage, self._loads[stage].points[point].variant)
            if single is not None and together is not None:
                yield Batching(members, together / single)

    def _profiles(self) -> Iterator[Profile]:
        core = self._assembled.board.core.value
        for load in self._loads.values():
            for point, operating in enumerate(load.points):
                typical = self.of(load.name, point)
                known = self._known.get((load.name, point))
                if known is not None and known.p50 == typical:
                    yield known
                elif typical:
                    yield Profile(load.name, point, typical, typical, watts=core * operating.threads)

    def _pair(self, stage: str, variant: str) -> tuple[float | None, float | None]:
        """Return what a table says of a single job and of a run for all, s; None for what it does not say."""
        if self._said is None or callable(self._said):
            return None, None
        seconds = self._said.get(stage, self._said.get(variant))
        return seconds if isinstance(seconds, tuple) else (seconds, None)
