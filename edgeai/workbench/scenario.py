"""What is simulated and planned: sources with their rates, stages with their operating points, a board, a schedule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError

from edgeai import plugins
from edgeai.assemble import make_policy
from edgeai.errors import ConfigError, Problem
from edgeai.graph.document import Document
from edgeai.graph.findings import Findings
from edgeai.graph.policy import check_policy, policy_options, with_changes
from edgeai.graph.sentences import mistakes
from edgeai.graph.spec import ScheduleSpec
from edgeai.perception.threads import to_try, worth_having
from edgeai.power.boards import Board
from edgeai.refusals import require_possible
from edgeai.schedule.policy import Policy
from edgeai.schedule.workload import OperatingPoint, StageLoad, Workload
from edgeai.workbench.figures import Figures

__all__ = ["Candidate", "Scenario", "SimulatedSource", "SimulatedStage", "overridden"]

_SAVING = frozenset(("budget", "hours", "until", "accuracy"))
"""What a schedule asks for where energy is weighed."""


@dataclass(frozen=True, slots=True)
class SimulatedSource:
    """A camera or sensor: captures a second, ns to the first one, and whether the rate was only assumed."""

    name: str
    rate: float
    phase: int = 0
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A variant of a stage's ladder: its name, its accuracy (None where unknown), and its figures by threads.

    threads: the numbers of threads with which it was measured, the only ones it is then run with; None: any.
    scales: whether other numbers of threads mean other figures; those that somebody gave are as they are.
    """

    variant: str
    accuracy: float | None
    figures: Callable[[int], Figures]
    threads: tuple[int, ...] | None = None
    scales: bool = True


@dataclass(frozen=True, slots=True)
class SimulatedStage:
    """A stage as it was asked for: rates in Hz, deadline in ns; threads None: whatever number is best."""

    name: str
    origin: str
    ladder: tuple[Candidate, ...]
    chained: bool = False
    deadline: int | None = None
    rate: tuple[float, float] | None = None
    weight: float = 1.0
    threads: int | None = None

    def load(self, points: tuple[OperatingPoint, ...]) -> StageLoad:
        """Return the stage as the scheduler sees it."""
        low, high = self.rate or (None, None)
        return StageLoad(
            self.name,
            self.origin,
            points,
            chained=self.chained,
            deadline=self.deadline,
            rate_min=low,
            rate_max=high,
            weight=self.weight,
        )


@dataclass(frozen=True, slots=True)
class Scenario:
    """A pipeline on a board, as figures. `problem` makes a Problem at a path of the file it was read from."""

    name: str
    board: Board
    sources: tuple[SimulatedSource, ...]
    stages: tuple[SimulatedStage, ...]
    schedule: ScheduleSpec
    problem: Callable[..., Problem]

    def points(self, stage: SimulatedStage, *, every: bool = False) -> list[tuple[OperatingPoint, Figures]]:
        """Return a stage's operating points: a variant with the quickest number of threads, or with `every` one.

        Where the schedule weighs energy, a slower number that saves a tenth of it is a point, too.
        """
        found = []
        for candidate in stage.ladder:
            counts = self._counts(stage, candidate)
            figures = [(threads, candidate.figures(threads)) for threads in counts]
            if not every:
                worth = _quickest_first(figures)
                figures = worth if self.schedule.asked().keys() & _SAVING else worth[:1]
            for threads, figure in figures:
                accuracy = candidate.accuracy if candidate.accuracy is not None else figure.accuracy
                point = OperatingPoint(candidate.variant, threads, 1.0 if accuracy is None else accuracy)
                found.append((point, replace(figure, accuracy=accuracy)))
        return found

    def _counts(self, stage: SimulatedStage, candidate: Candidate) -> list[int]:
        """Return the numbers of threads a candidate may have in a stage."""
        if stage.threads is not None:
            return [stage.threads]
        counts = list(to_try(int(self.board.cores.value), self.schedule.lanes))
        measured = [n for n in candidate.threads or () if n <= counts[-1]]
        return measured or (counts if candidate.scales else counts[-1:])

    def workload(self, *, every: bool = False) -> tuple[Workload, dict[tuple[str, int], Figures]]:
        """Return what the scheduler is asked to run, and the figures of each (stage, point)."""
        loads: list[StageLoad] = []
        figures: dict[tuple[str, int], Figures] = {}
        for stage in self.stages:
            points = self.points(stage, every=every)
            loads.append(stage.load(tuple(point for point, _ in points)))
            figures |= {(stage.name, i): figure for i, (_, figure) in enumerate(points)}
        return Workload(tuple(loads), self.schedule.lanes), figures

    def policy(self) -> Policy:
        """Return the policy with what is asked of it. Raises ConfigError for what this board cannot do."""
        require_possible(self.problem, self.schedule, self.workload()[0], self.board)
        return make_policy(self.schedule)

    def with_schedule(self, said: Mapping[str, object]) -> Scenario:
        """Return the scenario with what was said on the command line in place of the file's. Raises ConfigError."""
        return replace(self, schedule=overridden(self.schedule, said)) if said else self


def _quickest_first(figures: list[tuple[int, Figures]]) -> list[tuple[int, Figures]]:
    """Return the numbers of threads worth having, each with its figures."""
    by_threads = dict(figures)
    worth = worth_having({threads: figure.median for threads, figure in figures})
    return [(threads, by_threads[threads]) for threads in worth]


def overridden(schedule: ScheduleSpec, said: Mapping[str, object]) -> ScheduleSpec:
    """Return a schedule with some of its values replaced. Raises ConfigError that names the option."""
    values = with_changes(schedule.model_dump(exclude_unset=True), said)
    try:
        made = ScheduleSpec.model_validate(values)
    except ValidationError as error:
        found = mistakes(error, ScheduleSpec, values)
        problems = [Problem(_option(str(m.at[0])), m.found, m.expected, hint=m.hint) for m in found]
        raise ConfigError(*problems) from None
    known = made.policy in plugins.names("policies")
    lasting = {"hours", "until"}
    if known and lasting <= policy_options(made.policy).keys() and not lasting & made.asked().keys():
        raise ConfigError(Problem("--last", "nothing", f"hours: the policy {made.policy} needs a time to last"))
    findings = Findings(Document.of({"schedule": values}))
    check_policy(made, findings)
    try:
        findings.raise_any()
    except ConfigError as error:
        named = [replace(p, path=_option(p.path.rpartition(".")[2])) for p in error.problems]
        raise ConfigError(*named) from None
    return made


def _option(key: str) -> str:
    """Return the command line's word for a key of the schedule; `--hours` is how long to simulate."""
    return "--last" if key == "hours" else "--" + key.replace("_", "-")
