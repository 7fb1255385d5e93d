"""From a graph to what an engine runs: drivers made, models loaded, warmed and measured, programs composed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from pydantic import TypeAdapter

from edgeai import plugins
from edgeai.calibrate import board_of, check_runtime, from_profile, open_profile, threads_to_try, timed, warm
from edgeai.clock import NS, Clock
from edgeai.driver import Camera, Driver, Output, Sensor
from edgeai.errors import ModelError
from edgeai.meters import meters_of
from edgeai.perception.threads import worth_having
from edgeai.power.boards import Board
from edgeai.refusals import require_admission, require_ladder, require_possible
from edgeai.runtime.assembly import Assembly, OutputRoute
from edgeai.runtime.program import Program, Step, Work
from edgeai.schedule.events import Profile
from edgeai.schedule.policy import Policy
from edgeai.schedule.workload import OperatingPoint, StageLoad, Workload

if TYPE_CHECKING:
    from edgeai.graph import Graph, ScheduleSpec, StageSpec
    from edgeai.perception.model import Model
    from edgeai.perception.profile import MachineProfile

__all__ = ["Assembled", "assemble", "load_models", "make_policy"]

_SAVING = frozenset(("budget", "hours", "accuracy"))
"""What a schedule asks for where energy is weighed: only then is a slower number of threads, which costs less, worth an
interpreter of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Assembled:
    """An assembly, the models by (stage, operating point), what is known of their durations, and the board.

    In virtual time nothing depends on the machine: durations are known only from a profile, and the board is the
    profile's, or the generic one.
    """

    assembly: Assembly
    models: dict[tuple[str, int], Model]
    profiles: tuple[Profile, ...]
    board: Board


def assemble(
    graph: Graph, clock: Clock, *, measure: bool, frames: int | None = None, outputs: tuple[OutputRoute, ...] = ()
) -> Assembled:
    """Make everything a graph names; no device is opened.

    With `measure`, models are warmed up, and timed on this machine unless the graph names a profile; `threads: auto`
    takes the fastest number, and where energy counts those that save some, too. With a profile, or `measure`, what
    cannot be kept is refused. Raises ConfigError, PluginError, ModelError.
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
    known = open_profile(graph)
    board = board_of(known, live=measure)
    models: dict[tuple[str, int], Model] = {}
    programs: dict[tuple[str, int, int], Program] = {}
    profiles: list[Profile] = []
    loads: list[StageLoad] = []
    for name in graph.order():
        spec = graph.stages[name]
        if spec.input in lossless:
            lossless.add(name)
        points = []
        for point, made in enumerate(_points(graph, name, spec, lanes, measure, known)):
            points.append(made.point)
            if made.profile is not None:
                watts = made.profile.watts or board.core.value * made.point.threads
                profiles.append(replace(made.profile, stage=name, point=point, watts=watts))
            if made.model is not None:
                models[name, point] = made.model
            for lane in range(lanes):
                programs[name, point, lane] = made.program(lane, clock)
        loads.append(_load(graph, name, tuple(points), lossless=name in lossless))
    workload = Workload(tuple(loads), lanes)
    require_possible(graph, graph.schedule, workload, board)
    policy = make_policy(graph.schedule)
    named_meters, found_meters = meters_of(graph, board, look=measure)
    assembly = Assembly(
        tuple(cameras.values()),
        tuple(sensors.values()),
        (*routes, *outputs),
        workload,
        policy,
        programs,
        named_meters,
        found_meters,
        board,
        frames,
    )
    assembly.check_rates()
    require_admission(graph, workload, profiles, timed=measure and known is None)
    if measure and known is not None:
        for runtime in sorted({model.runtime for model in models.values()}):
            check_runtime(known, runtime)
    return Assembled(assembly, models, tuple(profiles), board)


def load_models(graph: Graph) -> dict[tuple[str, int], Model]:
    """Load the models a graph names: by (stage, place in its ladder), on the threads asked for. Raises ModelError."""
    return {
        (name, place): _load_model(graph, name, path, 1 if spec.threads == "auto" else spec.threads)
        for name, spec in graph.stages.items()
        for place, path in enumerate(spec.model or ())
    }


def make_policy(schedule: ScheduleSpec) -> Policy:
    """Make the policy with what a schedule asks of it."""
    cls = plugins.find("policies", schedule.policy)
    known = {field.name for field in fields(cls)} if is_dataclass(cls) else set()
    return cast(Policy, cls(**{name: value for name, value in schedule.asked().items() if name in known}))


# -- stages --------------------------------------------------------------------------------------------------------


def _load(graph: Graph, name: str, points: tuple[OperatingPoint, ...], *, lossless: bool) -> StageLoad:
    spec = graph.stages[name]
    root = graph.stages[graph.chain(name)[1]]
    low, high = spec.rate or (None, None)
    return StageLoad(
        name=name,
        origin=spec.input,
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


def _points(
    graph: Graph, name: str, spec: StageSpec, lanes: int, measure: bool, known: MachineProfile | None
) -> Iterator[_Point]:
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
    threads = 1 if spec.threads == "auto" else spec.threads
    ladder = [_load_model(graph, name, path, threads) for path in spec.model or ()]
    require_ladder(graph, name, ladder)
    for model in ladder:
        for made, profile in _costs(graph, name, model, lanes, measure, known):
            copies = [made, *(made.with_threads(made.threads) for _ in range(1, lanes))]
            if measure:
                for cold in copies if known is not None else copies[1:]:
                    warm(cold)
            yield _model_point(copies, profile, spec, delay)


def _costs(
    graph: Graph, name: str, model: Model, lanes: int, measure: bool, known: MachineProfile | None
) -> Iterator[tuple[Model, Profile | None]]:
    """Yield an interpreter for each number of threads worth having, the quickest first, and what it costs."""
    numbers = None if graph.stages[name].threads == "auto" else (model.threads,)
    if known is not None:
        profiles = dict(from_profile(graph, name, model, known, numbers, lanes))
        made = {model.threads: model}
    elif measure:
        found = timed(model, numbers or threads_to_try(lanes))
        profiles = {threads: profile for threads, (_, profile) in found.items()}
        made = {threads: interpreter for threads, (interpreter, _) in found.items()}
    else:
        yield model, None
        return
    worth = worth_having({threads: profile.p50 for threads, profile in profiles.items()})
    for threads in worth if graph.schedule.asked().keys() & _SAVING else worth[:1]:
        yield made.get(threads) or model.with_threads(threads), profiles[threads]


def _model_point(
    copies: list[Model], profile: Profile | None, spec: StageSpec, delay: Callable[[Clock], Program]
) -> _Point:
    """Make the point of an interpreter and its copies, one for each lane."""
    model = copies[0]
    if profile is not None and spec.added_latency:
        profile = _later(profile, round(spec.added_latency * NS))
    point = OperatingPoint(model.name, model.threads, _accuracy(model))
    return _Point(point, profile, model, lambda lane, clock: (*_model_program(copies[lane]), *delay(clock)))


def _later(profile: Profile, ns: int) -> Profile:
    """Return a profile whose known quantiles are later by so many ns."""
    p50, p90, p95, p99, p999 = (
        value and value + ns for value in (profile.p50, profile.p90, profile.p95, profile.p99, profile.p999)
    )
    return replace(profile, p50=p50, p90=p90, p95=p95, p99=p99, p999=p999)


def _load_model(graph: Graph, name: str, path: str, threads: int) -> Model:
    from edgeai.perception.model import Model
    from edgeai.perception.options import ModelOptions

    said = {**graph.card(name), **graph.runs_on(name)}
    options = TypeAdapter(ModelOptions).validate_python(said)
    return Model.load(graph.resolve(path), options, threads=threads)


def _accuracy(model: Model) -> float:
    """Return the card's figure where it is one from 0 to 1, else 1."""
    figure = model.card.accuracy.value if model.card is not None and model.card.accuracy is not None else 1.0
    return figure if 0 <= figure <= 1 else 1.0


# -- programs ------------------------------------------------------------------------------------------------------


def _model_program(model: Model) -> Program:
    def prepare(work: Work) -> None:
        if work.frame is None:
            raise ModelError(
                f"{model.name} takes pictures and {work.captured.source} is no camera: change the stage's input"
            )
        model.prepare(work.frame)

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
