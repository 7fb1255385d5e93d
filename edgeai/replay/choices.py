"""What became of each item in a run, and where two runs chose differently."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edgeai.recording.notes import Decision
from edgeai.schedule.commands import Drop, Run
from edgeai.schedule.workload import Workload

__all__ = ["Choice", "Divergence", "choices", "divergence"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the scheduler did at time t (ns) about an item of a stage: `pilot_small on 2 threads`, `dropped: late`."""

    stage: str
    origin: str
    seq: int
    t: int
    what: str


@dataclass(frozen=True, slots=True)
class Divergence:
    """How many items, of how many in either run, were treated differently, and the first of them: then and now."""

    differing: int
    items: int
    first: tuple[Choice | None, Choice | None] | None

    def sentence(self, began: int) -> str:
        """Return it in words; times count from `began` (ns)."""
        if self.first is None:
            return f"the same was chosen for all {self.items} items"
        then, now = ("nothing" if choice is None else choice.what for choice in self.first)
        one = next(choice for choice in self.first if choice is not None)
        seconds = (one.t - began) * 1e-9
        return (
            f"chosen differently for {self.differing} of {self.items} items, first after {seconds:.3f} s: "
            f"{one.stage} at {one.origin} {one.seq}, then {then}, now {now}"
        )


def choices(decisions: Iterable[Decision], workload: Workload) -> dict[tuple[str, str, int], Choice]:
    """Return what was last decided about each item of each stage, by (stage, origin, seq), in the order of time."""
    points = {load.name: load.points for load in workload.stages}
    made: dict[tuple[str, str, int], Choice] = {}
    for decision in decisions:
        t = decision.event.t
        for command in decision.commands:
            if isinstance(command, Run):
                for job in command.jobs:
                    point = points[job.stage][job.point]
                    what = f"{point.variant} on {point.threads} thread{'s' if point.threads > 1 else ''}"
                    made[job.stage, job.origin, job.seq] = Choice(job.stage, job.origin, job.seq, t, what)
            elif isinstance(command, Drop):
                key = command.stage, command.origin, command.seq
                made[key] = Choice(*key, t, f"dropped: {command.cause}")
    return made


def divergence(then: Mapping[tuple[str, str, int], Choice], now: Mapping[tuple[str, str, int], Choice]) -> Divergence:
    """Compare what two runs chose."""
    keys = then.keys() | now.keys()
    pairs = [(then.get(key), now.get(key)) for key in keys]
    differing = [(a, b) for a, b in pairs if (a and a.what) != (b and b.what)]
    first = min(differing, key=lambda pair: min((c.t, c.stage, c.seq) for c in pair if c is not None), default=None)
    return Divergence(len(differing), len(keys), first)
