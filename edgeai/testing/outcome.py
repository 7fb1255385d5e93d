"""What a test asks of a replay: results, decisions, latencies, misses, and whether it is as it was expected."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeai.errors import RecordingError
from edgeai.messages import Result
from edgeai.replay.compare import Comparison, Rule, Rules
from edgeai.replay.golden import Golden, check_golden, load_golden, save_golden
from edgeai.replay.report import markdown
from edgeai.replay.rows import result_row
from edgeai.schedule.commands import Drop, Job, Run
from edgeai.schedule.events import JobDone

if TYPE_CHECKING:
    from edgeai.replay.run import Replay

__all__ = ["Decisions", "Latency", "Outcome", "Output"]

_MISSED = ("superseded", "late", "fault")


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles of latencies in seconds; NaN where there are none."""

    count: int
    p50: float
    p95: float
    p99: float
    most: float


class Decisions:
    """The scheduler's decisions in a replay."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay

    def __len__(self) -> int:
        return len(self._replay.decisions)

    def diff(self) -> str:
        """Return the decisions that differ from the recorded ones as a report, empty where none does."""
        comparison = self._replay.compare()
        return "" if comparison.same else markdown(comparison, f"decisions of {self._replay.path.name}")


class Output:
    """The results of one stage."""

    def __init__(self, outcome: Outcome, stage: str) -> None:
        self._outcome, self._stage = outcome, stage

    def matches(
        self,
        golden: str | Path,
        *,
        iou: float | None = None,
        tolerance: float | None = None,
        ignore: tuple[str, ...] = (),
    ) -> bool:
        """Say whether the results are those of a golden file; with `--update-golden`, write it.

        iou: boxes of this overlap are the same. tolerance: how far numbers in values may differ. ignore: patterns of
        fields. Where it does not match, the report is kept for the failure's text, and the first frame that differs is
        drawn beside the golden. A golden that is not there raises RecordingError.
        """
        path = self._outcome.folder / golden
        rules = [Rule(f"*{pattern}", ignore=True) for pattern in ignore]
        rules += [Rule("*.value.*", absolute=tolerance)] if tolerance is not None else []
        rules += [Rule("*.value", iou=iou)] if iou is not None else []
        made = Rules(tuple(rules))
        rows = tuple(result_row(result) for result in self._outcome.results(self._stage))
        lossy = self._outcome.replay.lossy
        if self._outcome.update:
            check_golden(made, lossy=lossy)
            before = load_golden(path) if path.exists() else Golden(())
            save_golden(path, Golden(rows, made, lossy))
            self._outcome.said.append(f"{path} is written\n{markdown(before.compare(rows), path.name)}")
            return True
        known = load_golden(path)
        check_golden(made if rules else known.rules, lossy=lossy or known.lossy)
        comparison = known.compare(rows, made if rules else None)
        if not comparison.same:
            self._outcome.said.append(markdown(comparison, path.name))
            self._draw(path, comparison)
        return comparison.same

    def _draw(self, path: Path, comparison: Comparison) -> None:
        import cv2

        from edgeai.replay.picture import divergent_frame

        image = divergent_frame(self._outcome.replay.path, comparison)
        if image is not None:
            picture = path.with_name(f"{path.name}.diff.png")
            cv2.imwrite(str(picture), image)
            self._outcome.said.append(f"the first frame that differs: {picture}")


class Outcome:
    """A replay, as a test looks at it. `said` is what a failure's text ends with."""

    def __init__(self, replay: Replay, folder: Path, *, update: bool = False) -> None:
        self.replay = replay
        self.folder = folder
        self.update = update
        self.said: list[str] = []
        self.decisions = Decisions(replay)
        self.faults = replay.faults

    def results(self, stage: str) -> list[Result]:
        """Return the results of a stage, in the order of publication; those recorded where none were computed anew."""
        known = {load.name for load in self.replay.workload.stages}
        if stage not in known:
            raise RecordingError(f"there is no stage {stage!r} in {self.replay.path.name}: it has {sorted(known)}")
        source = self.replay.results or self.replay.past.results
        return [result for result in source if result.stream == stage]

    def output(self, stage: str) -> Output:
        """Return the results of a stage, to be compared."""
        return Output(self, stage)

    def latency(self, source: str, stage: str) -> Latency:
        """Return the latency from a source's capture to a stage's publication."""
        seconds = [r.latency for r in self.results(stage) if any(name == source for name, _ in r.inputs)]
        if not seconds:
            nan = float("nan")
            return Latency(0, nan, nan, nan, nan)
        p50, p95, p99 = (float(value) for value in np.percentile(seconds, (50, 95, 99)))
        return Latency(len(seconds), p50, p95, p99, max(seconds))

    def missed_deadlines(self, stage: str) -> int:
        """Return how many offered items of a stage were late, dropped late, superseded or faulted."""
        missed = 0
        jobs: dict[int, Job] = {}
        for decision in self.replay.decisions or self.replay.past.decisions:
            event: Any = decision.event
            if isinstance(event, JobDone):
                job = jobs.pop(event.job, None)
                late = job is not None and job.deadline is not None and event.published > job.deadline
                missed += job is not None and job.stage == stage and (late or not event.ok)
            for command in decision.commands:
                if isinstance(command, Run):
                    jobs |= {job.id: job for job in command.jobs}
                elif isinstance(command, Drop):
                    missed += command.stage == stage and command.cause in _MISSED
        return missed

    def stopped_within(self, seconds: float) -> bool:
        """Say whether within so many seconds after the first fault nothing old is published any more.

        A pipeline that goes on publishing what was seen before its source was gone does not stop. What a source gives
        after it has come back is new.
        """
        if not self.faults:
            return False
        first = self.faults[0]
        return all(
            result.stamp > first.t or result.published <= first.t + seconds * 1e9
            for result in self.replay.results
            if any(name == first.name for name, _ in result.inputs)
        )
