"""From a graph to what an engine runs: drivers made, models loaded, warmed and measured, programs composed."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from pydantic import TypeAdapter

from edgeai import plugins
from edgeai.clock import NS, Clock, SystemClock
from edgeai.driver import Camera, Driver, Output, Sensor
from edgeai.errors import ConfigError, ModelError
from edgeai.messages import Frame
from edgeai.power.boards import Board, load_board, running_board
from edgeai.runtime.assembly import Assembly, Gathering, OutputRoute
from edgeai.runtime.program import Program, Step, Work
from edgeai.schedule.events import Profile
from edgeai.schedule.policy import Policy
from edgeai.schedule.workload import OperatingPoint, StageLoad, Workload

if TYPE_CHECKING:
    from edgeai.graph import Graph, StageSpec
    from edgeai.perception.model import Model

__all__ = ["Assembled", "assemble", "load_models"]

_log = logging.getLogger("edgeai")

_WARM_UPS = 3
"""Invocations before measuring: the first ones allocate and fill caches."""

_MEASURED = 0.15
"""Seconds spent on measuring one number of threads: enough for a median, and a ladder loads in about a second."""


@dataclass(frozen=True, slots=True, eq=False)
class Assembled:
    """An assembly, the models by (stage, point), what was measured at load (empty in virtual time), and the board.

    In virtual time the board is the generic one, so that nothing depends on the machine.
    """

    assembly: Assembly
    models: dict[tuple[str, int], Model]
    profiles: tuple[Profile, ...]
    board: Board


def assemble(
    graph: Graph, clock: Clock, *, measure: bool, frames: int | None = None, outputs: tuple[OutputRoute, ...] = ()
) -> Assembled:
    """Make everything a graph names; no device is opened.

    With `measure`, models are warmed up and timed on this machine, and `threads: auto` takes the fastest number.
    Raises ConfigError, PluginError, ModelError.
    """
    cameras = {name: cast(Camera, graph.driver("cameras", name)) for name in graph.cameras}
    sensors = {name: cast(Sensor, graph.driver("sensors", name)) for name in graph.sensors}
    named = {name: cast(Output, graph.driver("outputs", name)) for name in graph.outputs}
    peers: dict[str, Driver] = {**cameras, **sensors}
    for driver in (*peers.values(), *named.values()):
        driver.attach(peers)
    routes = [OutputRoute(named[name], frozenset(spec.stages or graph.stages)) for name, spec in graph.outputs.items()]

    lossless = {name for name, camera in cameras.items() if camera.lossless}
    lanes = graph.schedule.lanes
    board = running_board() if measure else load_board("generic")
    models: dict[tuple[str, int], Model] = {}
    programs: dict[tuple[str, int, int], Program] = {}
    profiles: list[Profile] = []
    loads: list[StageLoad] = []
    gatherings: list[Gathering] = []
    for name in graph.order():
        spec = graph.stages[name]
        if spec.input in lossless:
            lossless.add(name)
        points = []
        for point, made in enumerate(_points(graph, name, spec, lanes, measure)):
            points.append(made.point)
            if made.profile is not None:
                watts = board.core.value * made.point.threads
                profiles.append(replace(made.profile, stage=name, point=point, watts=watts))
            if made.model is not None:
                models[name, point] = made.model
            for lane in range(lanes):
                programs[name, point, lane] = made.program(lane, clock)
        gathering = _gathering(graph, name, [models[name, i] for i in range(len(points)) if (name, i) in models])
        gatherings += [gathering] if gathering is not None else []
        origin = spec.input if gathering is None else gathering.origin
        loads.append(_load(graph, name, origin, tuple(points), lossless=name in lossless))
    policy = _policy(graph, board)
    workload = Workload(tuple(loads), lanes)
    assembly = Assembly(
        tuple(cameras.values()),
        tuple(sensors.values()),
        (*routes, *outputs),
        workload,
        policy,
        programs,
        frames,
        tuple(gatherings),
    )
    assembly.check_rates()
    return Assembled(assembly, models, tuple(profiles), board)


def load_models(graph: Graph) -> dict[tuple[str, int], Model]:
    """Load the models a graph names, to check them: by (stage, point). Raises ModelError."""
    models = {
        (name, point): _load_model(graph, name, path, 1)
        for name, spec in graph.stages.items()
        for point, path in enumerate(spec.model or ())
    }
    for model in models.values():
        _warn_if_dead(model)
    return models


def _warn_if_dead(model: Model) -> None:
    if not model.responds():
        found = "the same outputs for black, white, noise and a ramp"
        _log.warning("%s gives %s, as if it were dead: convert it again, or use another file", model.path, found)


def _policy(graph: Graph, board: Board) -> Policy:
    """Make the policy with what the schedule asks of it. Raises ConfigError for a budget below the board's idling."""
    cls = plugins.find("policies", graph.schedule.policy)
    known = {field.name for field in fields(cls)} if is_dataclass(cls) else set()
    asked = {name: value for name, value in graph.schedule.asked().items() if name in known}
    idle = board.idle.value
    if "budget" in asked and asked["budget"] <= idle:
        expected = f"more watts than the board takes when idle, {idle:g} W"
        hint = f"this machine is taken for: {board.title}"
        raise ConfigError(graph.problem(("schedule", "budget"), f"{asked['budget']:g} W", expected, hint))
    return cast(Policy, cls(**asked))


# -- stages --------------------------------------------------------------------------------------------------------


def _load(graph: Graph, name: str, origin: str, points: tuple[OperatingPoint, ...], *, lossless: bool) -> StageLoad:
    spec = graph.stages[name]
    root = graph.stages[graph.chain(name)[1]]
    low, high = spec.rate or (None, None)
    return StageLoad(
        name=name,
        origin=origin,
        points=points,
        chained=spec.input in graph.stages,
        deadline=None if root.deadline is None else round(root.deadline * NS),
        rate_min=low,
        rate_max=high,
        weight=spec.weight,
        lossless=lossless,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Point:
    """An operating point, how long it takes, and its program for each lane."""

    point: OperatingPoint
    profile: Profile | None
    model: Model | None
    program: Callable[[int, Clock], Program]


def _points(graph: Graph, name: str, spec: StageSpec, lanes: int, measure: bool) -> Iterator[_Point]:
    delay = _delay(spec.added_latency if measure else 0.0)
    if spec.call is not None:
        function = graph.function(name)
        yield _Point(
            OperatingPoint(getattr(function, "__name__", name)),
            None,
            None,
            lambda lane, clock: (*_call_program(function), *delay(clock)),
        )
        return
    for path in spec.model or ():
        yield _model_point(graph, name, path, lanes, measure, delay)


def _model_point(
    graph: Graph, name: str, path: str, lanes: int, measure: bool, delay: Callable[[Clock], Program]
) -> _Point:
    spec = graph.stages[name]
    profile = None
    if spec.threads != "auto" or not measure:
        model = _load_model(graph, name, path, 1 if spec.threads == "auto" else spec.threads)
        if measure:
            profile = _measured(model)
    else:
        model = _load_model(graph, name, path, 1)
        profile = _measured(model)
        for threads in _candidates(lanes):
            other = model.with_threads(threads)
            theirs = _measured(other)
            if theirs.p50 < profile.p50:
                model, profile = other, theirs
    if measure:
        _warn_if_dead(model)
    if model.stateful and (lanes > 1 or len(spec.model or ()) > 1):
        found = f"{model.name}, whose outputs are fed back to it, with other variants or lanes beside it"
        expected = "one lane and one variant: an interpreter remembers only what it saw itself"
        raise ConfigError(graph.problem(("stages", name, "model"), found, expected))
    copies = [model, *(model.with_threads(model.threads) for _ in range(1, lanes))]
    if profile is not None:
        profile = replace(profile, p50=profile.p50 + round(spec.added_latency * NS))
    point = OperatingPoint(model.name, model.threads, _accuracy(model))
    return _Point(point, profile, model, lambda lane, clock: (*_model_program(copies[lane]), *delay(clock)))


def _load_model(graph: Graph, name: str, path: str, threads: int) -> Model:
    from edgeai.perception.model import Model
    from edgeai.perception.options import ModelOptions

    spec = graph.stages[name]
    said = {**graph.card(name), "numerics": spec.numerics, "runtime": spec.runtime}
    options = TypeAdapter(ModelOptions).validate_python(said)
    return Model.load(graph.resolve(path), options, threads=threads)


def _candidates(lanes: int) -> list[int]:
    """Numbers of threads worth trying beyond one: doubling, up to a lane's share of the cores this process may use."""
    share = max(1, len(os.sched_getaffinity(0)) // lanes)
    doubling = [2**n for n in range(1, 7) if 2**n <= share]
    return doubling if not doubling or doubling[-1] == share else [*doubling, share]


def _measured(model: Model) -> Profile:
    """Warm a model up on an empty picture and time its invocations."""
    clock = SystemClock()
    _prepare_blank(model)
    for _ in range(_WARM_UPS):
        model.invoke()
    times: list[int] = []
    began = clock.now()
    while len(times) < 5 or clock.now() < began + _MEASURED * NS:
        before = clock.now()
        model.invoke()
        times.append(clock.now() - before)
        if len(times) >= 5 and clock.now() > began + 2 * NS:
            break
    model.reset()
    cuts = [round(cut) for cut in quantiles(times, n=100, method="inclusive")]
    return Profile("", 0, p50=round(median(times)), p99=cuts[98], p90=cuts[89], p95=cuts[94])


def _prepare_blank(model: Model) -> None:
    """Give a model an empty picture, or zeros where it takes none."""
    if model.takes_pictures:
        model.prepare(Frame("blank", 0, 0, np.zeros((64, 64, 3), np.uint8)))
    else:
        model.prepare_array(np.zeros(model.input.shape))


def _accuracy(model: Model) -> float:
    """Return the card's figure where it is one from 0 to 1, else 1."""
    figure = model.card.accuracy.value if model.card is not None and model.card.accuracy is not None else 1.0
    return figure if 0 <= figure <= 1 else 1.0


def _gathering(graph: Graph, name: str, models: list[Model]) -> Gathering | None:
    """Return the windows that a stage's models take of its sensor; None where they take single readings or pictures."""
    sensor = graph.stages[name].input
    windows = {model.window for model in models}
    if sensor not in graph.sensors or windows <= {None}:
        return None
    if len(windows) > 1:
        found = "variants that take different windows"
        raise ConfigError(graph.problem(("stages", name, "model"), found, "variants with one length and hop"))
    window = windows.pop()
    assert window is not None
    return Gathering(sensor, f"{sensor}/{name}", *window)


# -- programs ------------------------------------------------------------------------------------------------------


def _model_program(model: Model) -> Program:
    def prepare(work: Work) -> None:
        if work.frame is not None:
            model.prepare(work.frame)
        elif model.takes_pictures or isinstance(work.captured, Frame):
            raise ModelError(
                f"{model.name} takes pictures and {work.captured.source} is no camera: change the stage's input"
            )
        else:
            model.prepare_readings(work.captured)

    return (
        Step("preprocessed", prepare),
        Step("invoked", lambda _: model.invoke()),
        Step("decoded", lambda _: model.decode()),
    )


def _call_program(function: Callable[[Any], Any]) -> Program:
    return (Step("called", lambda work: function(work.captured if work.result is None else work.result)),)


def _delay(seconds: float) -> Callable[[Clock], Program]:
    """Make the step that lets a stage take longer, for experiments; none where nothing is added."""
    if not seconds:
        return lambda clock: ()

    def step(clock: Clock) -> Program:
        def wait(value: Any) -> Any:
            clock.sleep_until(clock.now() + round(seconds * NS))
            return value

        return (Step("delayed", wait),)

    return step
