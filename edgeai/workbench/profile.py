"""Measure models on this machine: durations, memory and energy of each variant on each number of threads.

All interpreters are made and warmed up first; then they take turns, a slice each, in rounds whose order is reversed
every time, so that drift and noise hit all alike. The first job of a slice, whose caches are another's, is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from edgeai.clock import NS, SystemClock, utc
from edgeai.driver import Meter
from edgeai.errors import ConfigError, Problem
from edgeai.graph import Graph
from edgeai.graph.files import find_model
from edgeai.graph.findings import Mistake
from edgeai.messages import PowerBasis
from edgeai.opened import Opened
from edgeai.perception.model import Model
from edgeai.perception.options import Numerics
from edgeai.perception.profile import MachineProfile, Measured, ModelProfile, Quantiles, runtime_version
from edgeai.perception.threads import cores, to_try
from edgeai.perception.timing import FRAME, time_job, warm_up
from edgeai.points import ladder_of
from edgeai.power.boards import Board, machine_name, running_board
from edgeai.workbench.profile_energy import PowerLog
from edgeai.workbench.profile_machine import Watch
from edgeai.workbench.profile_memory import memory_growth

__all__ = ["Candidate", "candidates", "ladders", "profile"]

ROUNDS = 10
"""Slices of each model on each number of threads: enough to see a machine that gets slower."""

INTERVALS = 4
"""Readings of a meter in a slice; the first of them is left out."""

IDLE = 3.0
"""Seconds the idle board is metered, at least."""

Progress = Callable[[str, float], object]
"""Called with what is done now, and the share done so far."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A model to be measured, and the ladder it belongs to: a stage's name, or empty for models given by themselves.

    threads: the number that its stage asks for, None for auto.
    """

    ladder: str
    model: Model
    numerics: Numerics = "default"
    threads: int | None = None

    @property
    def key(self) -> tuple[str, Numerics]:
        """What tells two models apart."""
        return self.model.sha256, self.numerics


@dataclass(slots=True, eq=False)
class _Entry:
    """An interpreter, and what was measured of it: ns of jobs and invocations, and when it ran."""

    candidate: Candidate
    model: Model
    mb: float | None = None
    jobs: list[int] = field(default_factory=list)
    invokes: list[int] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)

    def run(self, clock: SystemClock, seconds: float) -> None:
        """Run jobs for a slice of time, two at least."""
        time_job(self.model, clock)
        began = clock.now()
        for n in range(1, 1 << 30):
            job, invoke = time_job(self.model, clock)
            self.jobs.append(job)
            self.invokes.append(invoke)
            if n >= 2 and clock.now() >= began + seconds * NS:
                break
        self.spans.append((began, clock.now()))


def candidates(names: Sequence[str], *, allow_code: bool = False) -> list[Candidate]:
    """Return the models of a graph (a YAML file), or those of several model files. Raises ConfigError, ModelError."""
    graphs = [name for name in names if name.endswith((".yaml", ".yml"))]
    if not graphs:
        return [Candidate("", Model.load(_file(name))) for name in names]
    if len(names) > 1:
        raise ConfigError(Problem("MODEL", " ".join(names), "model files, or one graph by itself"))
    graph = Graph.load(graphs[0], allow_code=allow_code)
    opened = Opened(shared=graph.schedule.memory is None)
    loaded = [(stage, model) for stage in graph.stages for model in ladder_of(graph, stage, opened)]
    if not loaded:
        raise ConfigError(graph.problem(("stages",), "no stage with a model", "a model to measure"))
    specs = graph.stages
    return [
        Candidate(stage, model, specs[stage].numerics, None if specs[stage].threads == "auto" else model.threads)
        for stage, model in loaded
    ]


def _file(name: str) -> Path:
    try:
        return find_model(name, Path())
    except Mistake as mistake:
        raise ConfigError(Problem("MODEL", mistake.found, mistake.expected, hint=mistake.hint)) from None


def ladders(profile: MachineProfile, models: Iterable[Candidate]) -> dict[str, list[ModelProfile]]:
    """Return the measured models by the ladder they belong to."""
    found: dict[str, list[ModelProfile]] = {}
    for candidate in models:
        measured = profile.find(*candidate.key)
        members = found.setdefault(candidate.ladder, [])
        if measured is not None and measured not in members:
            members.append(measured)
    return found


def profile(
    models: Sequence[Candidate],
    *,
    threads: Sequence[int] = (),
    seconds: float = 5.0,
    meter: Meter | None = None,
    progress: Progress = lambda what, share: None,
) -> MachineProfile:
    """Measure models on this machine.

    threads: the numbers to try, beside those that stages ask for; none: 1, doubling, and all cores. seconds: of jobs
    for each model on each number of threads, more where a slow meter needs it. meter: not yet open; without one, energy
    is the board table's. Raises ConfigError, DeviceError, ModelError.
    """
    clock, board = SystemClock(), running_board()
    log = None if meter is None else PowerLog(meter, board, clock)
    numbers = threads or to_try(cores())
    watch = Watch(clock, board)
    try:
        if log is not None:
            log.start()
            _rest(clock, _idle_seconds(meter), progress)
        idle = None if log is None else log.mean([(0, clock.now())])
        entries = _entries(models, numbers, clock, progress)
        _take_turns(entries, clock, *_rounds(seconds, meter), watch, progress)
        warnings = (*watch.warnings(), *(log.warnings() if log is not None else ()))
        if log is not None and idle is None:
            warnings = (*warnings, f"{log.meter.name} told too little while idle: energy is the board table's")
        return _profile(entries, board, log, idle, warnings)
    finally:
        watch.close()
        if log is not None:
            log.close()


def _rounds(seconds: float, meter: Meter | None) -> tuple[int, float]:
    """Return the number of slices and the seconds of each."""
    if meter is None:
        return ROUNDS, seconds / ROUNDS
    slice_ = max(seconds / ROUNDS, INTERVALS * meter.interval)
    return max(2, round(seconds / slice_)), slice_


def _idle_seconds(meter: Meter | None) -> float:
    return 0.0 if meter is None else max(IDLE, 2 * INTERVALS * meter.interval)


def _rest(clock: SystemClock, seconds: float, progress: Progress) -> None:
    progress("metering the idle board", 0.0)
    clock.sleep_until(clock.now() + round(seconds * NS))


def _entries(
    models: Sequence[Candidate], numbers: Sequence[int], clock: SystemClock, progress: Progress
) -> list[_Entry]:
    """Make an interpreter of each model for each number of threads, those its stages ask for too, and warm it up."""
    once = {candidate.key: candidate for candidate in models}
    entries = []
    for key, candidate in once.items():
        asked = {other.threads for other in models if other.key == key and other.threads is not None}
        for n in sorted({*numbers, *asked}):
            progress(f"loading {candidate.model.name} on {n}", 0.0)
            entry = _Entry(candidate, candidate.model.with_threads(n))
            entry.mb = memory_growth(candidate.model.path, n, candidate.model.runtime, candidate.numerics)
            warm_up(entry.model, clock)
            entries.append(entry)
    return entries


def _take_turns(
    entries: list[_Entry], clock: SystemClock, rounds: int, slice_: float, watch: Watch, progress: Progress
) -> None:
    done = 0
    for turn in range(rounds):
        for entry in entries if turn % 2 == 0 else reversed(entries):
            progress(f"{entry.model.name} on {entry.model.threads}", done / (rounds * len(entries)))
            entry.run(clock, slice_)
            watch.look()
            done += 1
    progress("done", 1.0)


def _profile(
    entries: list[_Entry], board: Board, log: PowerLog | None, idle: float | None, warnings: tuple[str, ...]
) -> MachineProfile:
    by_model: dict[tuple[str, Numerics], list[_Entry]] = {}
    for entry in entries:
        by_model.setdefault(entry.candidate.key, []).append(entry)
    runtime = entries[0].model.runtime
    metered = log is not None and idle is not None
    return MachineProfile(
        board=board.name,
        machine=machine_name(),
        cores=cores(),
        date=datetime.fromtimestamp(utc() // NS, UTC).isoformat().replace("+00:00", "Z"),
        runtime=runtime,
        version=runtime_version(runtime),
        frame=f"{FRAME[0]}x{FRAME[1]}",
        meter=log.meter.name if log is not None else "",
        measures=log.measures if log is not None and metered else "board",
        idle=round(idle, 3) if idle is not None else board.idle.value,
        basis="measured" if log is not None and metered and not log.modelled else "modelled",
        warnings=warnings,
        models=tuple(_model(rows, board, log, idle) for rows in by_model.values()),
    )


def _model(entries: list[_Entry], board: Board, log: PowerLog | None, idle: float | None) -> ModelProfile:
    model = entries[0].candidate.model
    accuracy = model.card.accuracy if model.card is not None else None
    entry = model.inputs[0]
    return ModelProfile(
        name=model.name,
        sha256=model.sha256,
        input=f"{entry.dtype} {'x'.join(map(str, entry.shape))}",
        numerics=entries[0].candidate.numerics,
        accuracy=None if accuracy is None or accuracy.better != "higher" else accuracy.value,
        metric="" if accuracy is None else accuracy.metric,
        rows=tuple(_row(each, board, log, idle) for each in entries),
    )


def _row(entry: _Entry, board: Board, log: PowerLog | None, idle: float | None) -> Measured:
    job = Quantiles.of(entry.jobs)
    watts = board.core.value * min(entry.model.threads, cores())
    basis: PowerBasis = "modelled"
    busy = None if log is None or idle is None else log.mean(entry.spans)
    if log is not None and busy is not None and idle is not None:
        watts, basis = max(0.0, busy - idle), "modelled" if log.modelled else "measured"
    return Measured(
        threads=entry.model.threads,
        runs=len(entry.jobs),
        job=job,
        invoke=Quantiles.of(entry.invokes),
        mb=entry.mb,
        watts=round(watts, 3),
        mj=round(watts * job.mean, 4),
        basis=basis,
    )
