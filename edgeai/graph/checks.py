"""What is wrong in a graph although each value by itself is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeai import plugins
from edgeai.errors import ConfigError
from edgeai.graph.build import make
from edgeai.graph.calls import find_function
from edgeai.graph.devices import ROLES
from edgeai.graph.files import find_input, find_model, neighbours
from edgeai.graph.findings import Findings, Mistake
from edgeai.graph.policy import check_policy
from edgeai.graph.reader import section
from edgeai.graph.spec import MODEL_FIELDS, DeviceSpec, ScheduleSpec, StageSpec, sure_score
from edgeai.graph.words import any_of, show

__all__ = ["Parts", "check", "default_input", "needs"]

SOURCES = ("cameras", "sensors")


@dataclass(frozen=True)
class Parts:
    """The specs of a graph, as far as they could be read, and the document they were read from.

    `code` says whether functions named in the document may be imported.
    """

    data: Any
    devices: Mapping[str, Mapping[str, DeviceSpec]]
    stages: Mapping[str, StageSpec]
    schedule: ScheduleSpec
    base: Path
    code: bool

    def names(self, *sections: str) -> list[str]:
        """Return the names in sections, those whose value is wrong included."""
        return [str(name) for key in sections for name in section(self.data, key)]


def default_input(parts: Parts) -> str:
    """Return what feeds a stage that does not say it: the one camera, or the one sensor where there is no camera."""
    sources = parts.names("cameras") or parts.names("sensors")
    return sources[0] if len(sources) == 1 else ""


def check(parts: Parts, findings: Findings) -> None:
    """Note everything that is wrong between the values of a graph."""
    _check_presence(parts, findings)
    _check_unique(parts, findings)
    flawed = {name for name in parts.stages if findings.flawed("stages", name)}
    for name, spec in parts.stages.items():
        if name not in flawed or spec.model is not None or spec.call is not None:
            _check_work(parts, name, spec, findings)
        _check_input(parts, name, spec, findings)
        _check_sync(parts, name, spec, findings)
    _check_cycles(parts, findings)
    check_policy(parts.schedule, findings)
    _check_profile(parts, findings)
    for name, output in parts.devices["outputs"].items():
        _check_output(parts, name, output, findings)
    _check_drivers(parts, findings)


def _check_presence(parts: Parts, findings: Findings) -> None:
    def empty(name: str) -> bool:
        return not isinstance(parts.data, Mapping) or parts.data.get(name) in (None, {})

    if parts.data is not None and not isinstance(parts.data, Mapping):
        return
    if empty("cameras") and empty("sensors"):
        findings.add(("cameras",), "nothing", "at least one camera or sensor", "such as front: v4l2:/dev/video0")
    if empty("stages") and (empty("cameras") or empty("outputs")):
        findings.add(("stages",), "nothing", "at least one stage", "such as objects: {model: model.tflite}")


def _check_unique(parts: Parts, findings: Findings) -> None:
    owner: dict[str, str] = {}
    for key in sorted(
        ("cameras", "sensors", "meters", "stages"), key=lambda key: findings.document.order.get((key,), 0)
    ):
        for name in parts.names(key):
            if name in owner:
                expected = "a name of its own: cameras, sensors, meters and stages share their names"
                findings.add((key, name), f"the name {show(name)} again (it is under {owner[name]})", expected)
            owner.setdefault(name, key)


def _check_work(parts: Parts, name: str, spec: StageSpec, findings: Findings) -> None:
    """A stage has a model or a call, and both can be found."""
    path = ("stages", name)
    if (spec.model is None) == (spec.call is None):
        found = "neither model nor call" if spec.model is None else "both model and call"
        findings.add(path, found, "one of them: model (a file) or call (package.module:function)")
    if spec.model is not None:
        _check_models(parts, path, spec, findings)
    if spec.call is not None:
        _check_call(parts, path, spec, findings)
    if spec.track is not None and spec.track.doubtful > (sure := sure_score(spec)):
        found = f"doubtful from {spec.track.doubtful:g} and sure from {sure:g}"
        findings.add((*path, "track"), found, "a doubtful score not above the sure one, which is `score` or 50%")
    if spec.decoder is not None:
        known = plugins.names("decoders")
        if spec.decoder not in known:
            hint = plugins.near_miss(spec.decoder, known)
            findings.add(
                (*path, "decoder"), f"an unknown decoder {show(spec.decoder)}", f"one of {', '.join(known)}", hint
            )


def _check_models(parts: Parts, path: tuple[str, str], spec: StageSpec, findings: Findings) -> None:
    written = section(section(parts.data, "stages"), path[1]).get("model")
    for i, model in enumerate(spec.model or ()):
        at = (*path, "model", i) if isinstance(written, list | tuple) else (*path, "model")
        try:
            find_model(model, parts.base)
        except Mistake as mistake:
            findings.mistake(at, mistake)
    if isinstance(spec.labels, str):
        file = find_input(spec.labels, parts.base)
        if not file.is_file():
            hint = plugins.near_miss(file.name, neighbours(file.parent))
            findings.add(
                (*path, "labels"), f"no file {str(file)!r}", "a file with a label a line, or a list of labels", hint
            )


def _check_call(parts: Parts, path: tuple[str, str], spec: StageSpec, findings: Findings) -> None:
    for key in MODEL_FIELDS:
        if key in spec.model_fields_set:
            findings.add((*path, key), f"{key} on a stage that calls a function", f"{key} only beside model")
    if spec.call is None:
        return
    if isinstance(spec.call, str) and not parts.code:
        hint = "pass --allow-code if you trust this file, or allow_code=True in Python"
        findings.add((*path, "call"), f"the function {show(spec.call)}", "no code, for code is not allowed", hint)
        return
    try:
        find_function(spec.call, parts.base)
    except Mistake as mistake:
        findings.mistake((*path, "call"), mistake)


def _check_input(parts: Parts, name: str, spec: StageSpec, findings: Findings) -> None:
    path, sources, stages = ("stages", name), parts.names(*SOURCES), parts.names("stages")
    if not spec.input:
        if sources and not default_input(parts) and "input" not in section(section(parts.data, "stages"), name):
            hint = "it may be left out only when there is one camera"
            findings.add((*path, "input"), "nothing", f"the input: {any_of(sources)}", hint)
    elif spec.input not in (*sources, *stages):
        known = [other for other in (*sources, *stages) if other != name]
        hint = plugins.near_miss(spec.input, known)
        findings.add((*path, "input"), show(spec.input), f"a camera, sensor or stage: {any_of(known)}", hint)
    elif spec.input in stages and spec.input not in sources:
        _check_chained(path, spec, findings)
    elif spec.crop is not None:
        findings.add((*path, "crop"), "crops on a stage fed by no stage", "`input`: the stage whose boxes are cut out")
    elif spec.gate is not None and spec.input not in parts.names("cameras"):
        findings.add((*path, "gate"), "a gate on a sensor", "a gate on a stage fed by a camera")


def _check_chained(path: tuple[str, str], spec: StageSpec, findings: Findings) -> None:
    """Rate, deadline and ladder belong to the stage that a source feeds; what follows it inherits them."""
    why = f"this stage follows {spec.input!r} and inherits its rate and deadline"
    if spec.crop is not None and spec.track is not None:
        found, expected = "a tracker behind crops", "`track` on the stage whose boxes are cut out"
        findings.add((*path, "track"), found, expected, "each part bears the number of its box")
    if spec.gate is not None:
        found, expected = "a gate on a stage fed by a stage", "a gate on the stage fed by a camera"
        findings.add((*path, "gate"), found, expected, f"what {spec.input!r} carries forward is carried on here, too")
    for key, value in (("rate", spec.rate), ("deadline", spec.deadline)):
        if value is not None:
            findings.add(
                (*path, key), f"a {key} on a stage fed by a stage", f"a {key} on a stage fed by a camera or sensor", why
            )
    if spec.model is not None and len(spec.model) > 1:
        findings.add((*path, "model"), f"a ladder of {len(spec.model)} models on a stage fed by a stage", "one model")


def _check_sync(parts: Parts, name: str, spec: StageSpec, findings: Findings) -> None:
    """What is joined is there, keeps time as it is asked to, and does not wait for this very stage."""
    path = ("stages", name, "sync")
    if spec.sync and spec.call is None:
        findings.add(path, "sync on a stage with a model", "sync beside call, whose function gets the others, too")
    known = [other for other in parts.names(*SOURCES, "stages") if other not in (name, spec.input)]
    for other, sync in spec.sync.items():
        if other not in known:
            hint = plugins.near_miss(other, known)
            findings.add((*path, other), show(other), f"another camera, sensor or stage: {any_of(known)}", hint)
        elif sync.by == "interpolated" and other not in parts.names("sensors"):
            findings.add((*path, other, "by"), "pictures or results to interpolate", "a sensor, or by: nearest")
        elif name in needs(parts.stages, other):
            findings.add((*path, other), f"a stage that waits for {name!r} itself", "a source, or a stage before it")


def needs(stages: Mapping[str, StageSpec], stage: str) -> set[str]:
    """Return every source and stage that a stage's results depend on."""
    found: set[str] = set()
    left = [stage]
    while left:
        spec = stages.get(left.pop())
        fresh = set() if spec is None else {spec.input, *spec.sync} - found
        found |= fresh
        left += fresh
    return found


def _check_cycles(parts: Parts, findings: Findings) -> None:
    done: set[str] = set(parts.names(*SOURCES))
    for start in parts.stages:
        chain: list[str] = []
        name = start
        while name and name in parts.stages and name not in done and name not in chain:
            chain.append(name)
            name = parts.stages[name].input
        if name and name in chain:
            circle = " -> ".join([*reversed(chain[chain.index(name) :]), chain[-1]])
            findings.add(("stages", name, "input"), f"a circle: {circle}", "a chain that begins at a camera or sensor")
        done.update(chain)


def _check_output(parts: Parts, name: str, spec: DeviceSpec, findings: Findings) -> None:
    stages = parts.names("stages", "cameras")
    for stage in spec.stages or ():
        if stage not in stages:
            found = f"an unknown stage {show(stage)}"
            findings.add(
                ("outputs", name, "stages"), found, f"stages: {any_of(stages)}", plugins.near_miss(stage, stages)
            )


def _check_profile(parts: Parts, findings: Findings) -> None:
    if parts.schedule.profile is None:
        return
    file = find_input(parts.schedule.profile, parts.base)
    if not file.is_file():
        hint = plugins.near_miss(file.name, neighbours(file.parent)) or "`edgeai profile GRAPH -o FILE` writes one"
        findings.add(("schedule", "profile"), f"no file {str(file)!r}", "a file written by `edgeai profile`", hint)


def _check_drivers(parts: Parts, findings: Findings) -> None:
    """Let each driver look at its own options."""
    for name, devices in parts.devices.items():
        for key, spec in devices.items():
            if findings.flawed(name, key):
                continue
            try:
                problems = make(ROLES[name], key, spec, parts.base).check()
            except ConfigError as error:
                problems = list(error.problems)
            for problem in problems:
                findings.foreign(problem, name, key)
