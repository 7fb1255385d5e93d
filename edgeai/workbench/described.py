"""A workload described in YAML, for what is not built yet: a graph without devices and files.

    board: pi4                                  # or --board
    cameras:
      front: 30fps                              # captures a second; or {rate: 30fps, phase: 10ms}
    stages:
      objects:
        model: [mobilenet-v1-0.25-128, mobilenet-v2-1.0-224]      # names of the board's ladder, see `edgeai boards pi4`
        deadline: 100ms
        rate: [2fps, 15fps]
      lanes:
        model: {name: ours, time: 12ms, p99: 30ms, accuracy: 0.8, watts: 2.5W}      # what you know of a model
    schedule: {policy: power, budget: 4.5W}

All words are those of a graph. The name of a whole ladder (`model: pi4_tflite`) stands for all its models.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from edgeai.clock import NS
from edgeai.errors import ConfigError
from edgeai.graph.document import parse
from edgeai.graph.findings import Findings
from edgeai.graph.forms import Deadline, Form, RateRange, Threads
from edgeai.graph.policy import check_policy
from edgeai.graph.reader import read_schedule, read_specs, section
from edgeai.graph.sentences import unknown_key
from edgeai.graph.words import any_of, show
from edgeai.plugins import near_miss
from edgeai.power.boards import Board, load_board
from edgeai.power.ladders import Ladder, ladder_names, load_ladder
from edgeai.quantities import Duration, Fraction, Rate, Watts
from edgeai.workbench.figures import Figures, find_rung, of_rung, of_time, reference_ladder
from edgeai.workbench.scenario import Candidate, Scenario, SimulatedSource, SimulatedStage

__all__ = ["is_described", "read_described"]

_STRICT = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)
_SECTIONS = ("board", "cameras", "stages", "schedule")
_MODELS = "names of a ladder's models, or {name, time, accuracy}, or a list of these"


class VariantSpec(BaseModel):
    """A model of which only figures are known."""

    model_config = _STRICT

    name: Annotated[str, Field(min_length=1)]
    """What it is called."""
    time: Duration
    """Median duration on the board, with the threads of the stage."""
    p99: Duration | None = None
    """The duration that 99 runs in 100 keep; left out, as much above the median as is usual."""
    accuracy: Fraction | None = None
    """0 to 1."""
    watts: Watts | None = None
    """Of the board above idle while it runs; left out, those of the cores that it keeps busy."""


_variant = TypeAdapter(VariantSpec)


def _models(value: Any) -> tuple[str | VariantSpec, ...]:
    items = value if isinstance(value, list | tuple) else [value]
    if not items:
        raise ValueError(_MODELS)
    return tuple(_model(item) for item in items)


def _model(value: Any) -> str | VariantSpec:
    if isinstance(value, str) and value.strip():
        return value
    if not isinstance(value, Mapping):
        raise ValueError(_MODELS)
    try:
        spec = _variant.validate_python(dict(value))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{where}: {first['msg'].removeprefix('Value error, ')}") from None
    if spec.time <= 0 or (spec.p99 is not None and spec.p99 < spec.time):
        raise ValueError("a time above zero, and a p99 not below it")
    return spec


class StageSpec(BaseModel):
    """A stage of a described workload."""

    model_config = _STRICT

    input: str = ""
    """The camera or stage that feeds this one; may be left out when there is one camera."""
    model: Annotated[tuple[str | VariantSpec, ...], Form(_models, _MODELS, {})] = ()
    """Models by the names of the board's ladder, or by their figures."""
    deadline: Deadline | None = None
    """Time from capture to publication."""
    rate: RateRange | None = None
    """Results a second: one rate, or [min, max]."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """How much this stage counts beside others."""
    threads: Threads = "auto"
    """Threads of the models."""


class CameraSpec(BaseModel):
    """A camera of a described workload."""

    model_config = _STRICT

    rate: Rate = 0.0
    """Captures a second."""
    phase: Duration = 0.0
    """Time to the first capture."""


def is_described(data: Any) -> bool:
    """Say whether a document describes a workload: its cameras are rates, not devices."""
    cameras = section(data, "cameras")
    return bool(cameras) and any(_rate(value) is not None for value in cameras.values())


def _rate(value: Any) -> CameraSpec | None:
    said = value if isinstance(value, Mapping) else {"rate": value}
    if "driver" in said or "rate" not in said:
        return None
    try:
        return CameraSpec.model_validate({"rate": said["rate"]})
    except ValidationError:
        return None


def read_described(text: str | bytes, file: str, board: str | None) -> Scenario:
    """Return the scenario of a YAML text; `board` overrides the file's. Raises ConfigError with every problem."""
    document, problems = parse(text, file)
    findings = Findings(document, problems)
    data = document.data if isinstance(document.data, Mapping) else {}
    for key in data:
        if key not in _SECTIONS:
            findings.mistake((key,), unknown_key(str(key), list(_SECTIONS)))
    cameras = {name: value if isinstance(value, Mapping) else {"rate": value} for name, value in _cameras(data)}
    sources = dict(read_specs(CameraSpec, "cameras", {"cameras": cameras}, findings))
    specs = dict(read_specs(StageSpec, "stages", data, findings))
    schedule = read_schedule(data, findings)
    check_policy(schedule, findings)
    on = _board(data, board, findings)
    if not specs:
        findings.add(("stages",), "nothing", "at least one stage", "such as objects: {model: pi4_tflite}")
    for name, camera in sources.items():
        if not camera.rate and not findings.flawed("cameras", name):
            findings.add(("cameras", name, "rate"), "nothing", "a rate such as 30fps")
    stages = [_stage(name, spec, list(sources), specs, on, findings) for name, spec in specs.items()]
    _check_chains(specs, findings)
    findings.raise_any()
    order = sorted(stages, key=lambda stage: _depth(stage.name, specs))
    made = tuple(SimulatedSource(name, spec.rate, round(spec.phase * NS)) for name, spec in sources.items())
    return Scenario(Path(file).stem, on, made, tuple(order), schedule, document.problem)


def _cameras(data: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return list(section(data, "cameras").items())


def _board(data: Mapping[str, Any], said: str | None, findings: Findings) -> Board:
    if said is not None:
        return load_board(said)
    name = data.get("board", "pi4")
    try:
        return load_board(str(name))
    except ConfigError as error:
        for problem in error.problems:
            findings.add(("board",), problem.found, problem.expected, problem.hint)
        return load_board("pi4")


def _stage(
    name: str, spec: StageSpec, cameras: list[str], stages: Mapping[str, StageSpec], board: Board, findings: Findings
) -> SimulatedStage:
    origin = spec.input or (cameras[0] if len(cameras) == 1 else "")
    known = [*cameras, *(other for other in stages if other != name)]
    if origin not in known:
        found = show(spec.input) if spec.input else "nothing"
        findings.add(("stages", name, "input"), found, f"a camera or stage: {any_of(known)}", near_miss(origin, known))
    chained = origin in stages
    if chained:
        for key, value in (("rate", spec.rate), ("deadline", spec.deadline)):
            if value is not None:
                findings.add(("stages", name, key), f"a {key} on a stage fed by a stage", f"a {key} on its root")
    threads = None if spec.threads == "auto" else spec.threads
    ladder = _ladder(name, spec, board, findings)
    root = name
    for _ in stages:
        root = stages[root].input if root in stages and stages[root].input in stages else root
    deadline = stages[root].deadline if root in stages else spec.deadline
    return SimulatedStage(
        name,
        origin,
        ladder,
        chained,
        None if deadline is None else round(deadline * NS),
        spec.rate,
        spec.weight,
        threads,
    )


def _ladder(stage: str, spec: StageSpec, board: Board, findings: Findings) -> tuple[Candidate, ...]:
    candidates: list[Candidate] = []
    ladder = reference_ladder(board)
    if not spec.model and not findings.flawed("stages", stage):
        findings.add(("stages", stage, "model"), "nothing", _MODELS)
    for i, model in enumerate(spec.model):
        if isinstance(model, VariantSpec):
            candidates.append(_given(model, board))
        elif model in ladder_names():
            whole = load_ladder(model)
            candidates += [_tabled(rung.model, whole, board) for rung in whole.rungs]
        elif find_rung(ladder, model) is not None:
            candidates.append(_tabled(model, ladder, board))
        else:
            names = [rung.model.removesuffix("-quantized") for rung in ladder.rungs]
            path = ("stages", stage, "model", i) if len(spec.model) > 1 else ("stages", stage, "model")
            hint = near_miss(model, names) or f"`edgeai boards {ladder.board}` lists them"
            findings.add(path, f"an unknown model {show(model)}", f"a model of {ladder.name}", hint)
    return tuple(candidates)


def _tabled(model: str, ladder: Ladder, board: Board) -> Candidate:
    rung = find_rung(ladder, model)
    assert rung is not None
    name = rung.model.removesuffix("-quantized")
    return Candidate(name, rung.top1 / 100.0, functools.partial(of_rung, rung, ladder, board))


def _given(spec: VariantSpec, board: Board) -> Candidate:
    def figures(threads: int) -> Figures:
        p99 = None if spec.p99 is None else spec.p99 * NS
        return of_time(board, threads, spec.time * NS, p99, spec.watts, basis="given", source="the workload's file")

    return Candidate(spec.name, spec.accuracy, figures, scales=False)


def _check_chains(stages: Mapping[str, StageSpec], findings: Findings) -> None:
    for name in stages:
        if _depth(name, stages) > len(stages):
            findings.add(("stages", name, "input"), "a circle of stages", "a chain that begins at a camera")
            return


def _depth(name: str, stages: Mapping[str, StageSpec]) -> int:
    depth = 0
    while name in stages and depth <= len(stages):
        name, depth = stages[name].input, depth + 1
    return depth
