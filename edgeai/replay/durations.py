"""How long jobs take in a replay: as long as they took, and what did not run then as its variant usually took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from statistics import quantiles

from edgeai.power.boards import Board, load_board, slowdown
from edgeai.recording.header import Header
from edgeai.recording.notes import Decision
from edgeai.schedule.batch import Batches
from edgeai.schedule.commands import Job, Run
from edgeai.schedule.events import Batching, Calibrated, JobDone, Profile
from edgeai.schedule.workload import OperatingPoint, Workload

__all__ = ["RecordedDurations"]

_TYPICAL = 10_000_000
"""ns of a variant of which the recording tells nothing."""


@dataclass(frozen=True, slots=True)
class RecordedDurations:
    """Durations by (stage, variant, threads) and seq of the item, ns; another board takes `scale` times as long.

    usual: five quantiles (p50, p90, p95, p99, p99.9) of each (stage, variant, threads). told: what the scheduler was
    told of them at load, with the points of the recording. batchings: what ran together,
    and the points of the stages recorded.
    """

    exact: Mapping[tuple[str, str, int, int], int]
    usual: Mapping[tuple[str, str, int], tuple[int, int, int, int, int]]
    scale: float = 1.0
    batchings: tuple[Batching, ...] = ()
    points: Mapping[str, tuple[OperatingPoint, ...]] = field(default_factory=dict)
    told: Mapping[tuple[str, str, int], Profile] = field(default_factory=dict)

    def of(self, job: Job, workload: Workload) -> int:
        """Return how long a job takes, ns."""
        point = next(load for load in workload.stages if load.name == job.stage).points[job.point]
        exact = self.exact.get((job.stage, point.variant, point.threads, job.seq))
        return round(self.scale * (self._usual(job.stage, point.variant, point.threads)[0] if exact is None else exact))

    def profiles(self, workload: Workload, board: Board) -> tuple[Profile, ...]:
        """Return what the scheduler is told of a workload's points at the start: what it was told then, if it was."""
        found = []
        for load in workload.stages:
            for index, point in enumerate(load.points):
                told = self.told.get((load.name, point.variant, point.threads))
                if told is not None and self.scale == 1.0:
                    found.append(replace(told, point=index))
                    continue
                p50, p90, p95, p99, p999 = (
                    round(ns * self.scale) for ns in self._usual(load.name, point.variant, point.threads)
                )
                watts = board.core.value * point.threads
                found.append(Profile(load.name, index, p50, p99, p90, p95, p999, watts))
        return tuple(found)

    def unknown(self, workload: Workload) -> tuple[str, ...]:
        """Return the variants of a workload of which the recording tells nothing; 10 ms are assumed."""
        known = {(stage, variant) for stage, variant, _ in self.usual}
        pairs = {(load.name, point.variant): None for load in workload.stages for point in load.points}
        return tuple(variant for stage, variant in pairs if (stage, variant) not in known)

    def batched(self, workload: Workload) -> tuple[Batching, ...]:
        """Return what runs together of a workload: groups whose points are all in it."""
        ours = {
            (load.name, point.variant, point.threads): (load.name, index)
            for load in workload.stages
            for index, point in enumerate(load.points)
        }
        found = []
        for group in self.batchings:
            named = [(stage, self.points[stage][point]) for stage, point in group.members]
            members = [ours.get((stage, point.variant, point.threads)) for stage, point in named]
            if None not in members:
                found.append(replace(group, members=tuple(member for member in members if member is not None)))
        return tuple(found)

    def _usual(self, stage: str, variant: str, threads: int) -> tuple[int, int, int, int, int]:
        known = self.usual.get((stage, variant, threads))
        if known is None:
            known = next((q for (s, v, _), q in self.usual.items() if (s, v) == (stage, variant)), None)
        return known or (_TYPICAL,) * 5

    @classmethod
    def of_recording(
        cls, header: Header, calibrated: Calibrated | None, decisions: Iterable[Decision], board: Board | None = None
    ) -> RecordedDurations:
        """Collect what jobs took; `board` runs them now, None for the one they ran on then."""
        points = {load.name: load.points for load in header.workload.stages}
        jobs: dict[int, tuple[Job, bool]] = {}
        batches = Batches(calibrated.batchings if calibrated else ())
        exact: dict[tuple[str, str, int, int], int] = {}
        for decision in decisions:
            if isinstance(decision.event, JobDone) and decision.event.job in jobs:
                job, together = jobs.pop(decision.event.job)
                point = points[job.stage][job.point]
                stretch = batches.stretch(job.stage, job.point) if together else 1.0
                if decision.event.skipped is None:
                    exact[job.stage, point.variant, point.threads, job.seq] = round(decision.event.wall / stretch)
            elif isinstance(decision.event, Calibrated):
                calibrated = decision.event
                batches = Batches(calibrated.batchings)
            for command in decision.commands:
                if isinstance(command, Run):
                    jobs |= {job.id: (job, len(command.jobs) > 1) for job in command.jobs}
        usual, told_of = {}, {}
        for profile in calibrated.profiles if calibrated else ():
            point = points[profile.stage][profile.point]
            told = (profile.p50, profile.p90, profile.p95, profile.p99, profile.p999)
            usual[profile.stage, point.variant, point.threads] = _filled(told)
            told_of[profile.stage, point.variant, point.threads] = profile
        usual |= _measured(exact)
        scale = 1.0 if board is None else slowdown(board, load_board(header.board))
        return cls(exact, usual, scale, batches.groups, points, told_of)


def _filled(told: tuple[int, int, int, int, int]) -> tuple[int, int, int, int, int]:
    """Put the next lower known quantile in the place of an unknown one."""
    best, filled = told[0], []
    for ns in told:
        best = max(best, ns)
        filled.append(best)
    return filled[0], filled[1], filled[2], filled[3], filled[4]


def _measured(
    exact: Mapping[tuple[str, str, int, int], int],
) -> dict[tuple[str, str, int], tuple[int, int, int, int, int]]:
    """Return the quantiles of what ran often enough to have some."""
    times: dict[tuple[str, str, int], list[int]] = {}
    for (stage, variant, threads, _), ns in exact.items():
        times.setdefault((stage, variant, threads), []).append(ns)
    found = {}
    for key, all_of_it in times.items():
        if len(all_of_it) >= 20:
            cut = [round(ns) for ns in quantiles(all_of_it, n=1000, method="inclusive")]
            found[key] = cut[499], cut[899], cut[949], cut[989], cut[998]
    return found
