"""From a graph to what an engine runs: drivers made, models loaded, warmed and measured, programs composed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from edgeai import plugins
from edgeai.around import Around
from edgeai.batching import batched, sharing
from edgeai.calibrate import board_of, check_runtime, open_profile
from edgeai.clock import NS, Clock, time_of_day
from edgeai.driver import Camera, Driver, Output, Sensor, Source
from edgeai.errors import ConfigError
from edgeai.meters import meters_of
from edgeai.opened import Opened
from edgeai.perception.synchronisation import Partner
from edgeai.points import Point, points_of
from edgeai.power.boards import Board
from edgeai.refusals import require_admission, require_memory, require_possible, require_time
from edgeai.runtime.assembly import Assembly, Gathering, OutputRoute
from edgeai.runtime.disturbance import Disturbance
from edgeai.runtime.isolation import isolated
from edgeai.runtime.joining import Join
from edgeai.runtime.programs import Programs, Ready
from edgeai.runtime.steps.memory import Memory
from edgeai.schedule.events import Batching, Profile
from edgeai.schedule.policy import Policy
from edgeai.schedule.workload import OperatingPoint, StageLoad, Workload

if TYPE_CHECKING:
    from edgeai.graph import Graph, ScheduleSpec
    from edgeai.graph.steps import SyncSpec

__all__ = ["Assembled", "assemble", "make_policy"]


@dataclass(frozen=True, slots=True, eq=False)
class Assembled:
    """An assembly, what is known of the durations of its points, and the board.

    In virtual time nothing depends on the machine: durations are known only from a profile, and the board is the
    profile's, or the generic one.
    """

    assembly: Assembly
    profiles: tuple[Profile, ...]
    board: Board
    sharing: tuple[tuple[tuple[str, int], ...], ...] = ()
    """Points (stage, index) of different stages that have one model."""
    batchings: tuple[Batching, ...] = ()
    """Of those, what was measured of running them together; nothing in virtual time."""
    started: float = 0.0
    """The time of day, seconds after midnight; a virtual day begins at midnight."""


def assemble(
    graph: Graph,
    clock: Clock,
    *,
    measure: bool,
    frames: int | None = None,
    outputs: tuple[OutputRoute, ...] = (),
    disturb: Disturbance | None = None,
) -> Assembled:
    """Make everything a graph names; no device is opened.

    With `measure`, models are warmed up, and timed on this machine unless the graph names a profile; `threads: auto`
    takes the fastest number, and where energy counts those that save some, too. With a profile, or `measure`, what
    cannot be kept is refused. Raises ConfigError, PluginError, ModelError.
    """
    cameras = {name: cast(Camera, _source(graph, "cameras", name, live=measure)) for name in graph.cameras}
    sensors = {name: cast(Sensor, _source(graph, "sensors", name, live=measure)) for name in graph.sensors}
    named = {name: cast(Output, graph.driver("outputs", name)) for name in graph.outputs}
    peers: dict[str, Driver] = {**cameras, **sensors}
    for driver in (*peers.values(), *named.values()):
        _attach(graph, driver, peers)
        if disturb is not None:
            disturb.driver(driver)
    routes = [OutputRoute(output, frozenset(graph.taken_by(name))) for name, output in named.items()]
    routes = [replace(route, feeds=_feeds(graph, route)) for route in (*routes, *outputs)]

    lossless = {name for name, camera in cameras.items() if camera.lossless}
    opened = Opened(shared=graph.schedule.memory is None)
    known = open_profile(graph)
    board = board_of(known, live=measure)
    points: dict[tuple[str, int], Point] = {}
    loads: list[StageLoad] = []
    gatherings: list[Gathering] = []
    joins: list[Join] = []
    memories: dict[str, Memory[Any]] = {}
    for name in graph.order():
        if graph.stages[name].input in lossless:
            lossless.add(name)
        around = Around(graph, name, lossless=name in lossless)
        memories |= around.memories
        mine = list(points_of(graph, name, clock, around, opened, measure=measure, known=known))
        points |= {(name, index): point for index, point in enumerate(mine)}
        gathering = _gathering(graph, name, mine)
        gatherings += [gathering] if gathering is not None else []
        origin = graph.stages[name].input if gathering is None else gathering.origin
        if graph.stages[name].sync:
            require_time(graph, name, lossless)
            joins.append(_join(graph, name))
            origin = joins[-1].origin
        loads.append(_load(graph, name, origin, tuple(point.point for point in mine), lossless=name in lossless))
    memory = None if graph.schedule.memory is None else round(graph.schedule.memory)
    workload = Workload(tuple(loads), graph.schedule.lanes, memory)
    require_memory(graph, workload)
    started = time_of_day() if measure else 0.0
    require_possible(graph.problem, graph.schedule, workload, board, started)
    profiles = tuple(_profiles(points, board))
    programs = Programs({key: _maker(key[0], point, disturb) for key, point in points.items()})
    named_meters, found_meters = meters_of(graph, board, look=measure)
    if disturb is not None:
        for meter in named_meters:
            disturb.driver(meter)
    assembly = Assembly(
        tuple(cameras.values()),
        tuple(sensors.values()),
        tuple(routes),
        workload,
        make_policy(graph.schedule),
        programs,
        meters=named_meters,
        found=found_meters,
        board=board,
        frames=frames,
        stale={name: round(spec.stale * NS) for name, spec in graph.stages.items() if spec.stale is not None},
        gatherings=tuple(gatherings),
        joins=tuple(joins),
        memories=memories,
    )
    assembly.check_rates()
    require_admission(graph, workload, profiles, timed=measure and known is None)
    if measure and known is not None:
        for runtime in sorted({point.runtime for point in points.values() if point.runtime}):
            check_runtime(known, runtime)
    if not workload.limited:
        programs.load_all()
    together = tuple(batched(points, graph.schedule.lanes)) if measure else ()
    for found in together:
        programs.join(found.batching.members, found.lanes)
    batchings = tuple(found.batching for found in together)
    return Assembled(assembly, profiles, board, tuple(sharing(points)), batchings, started)


def _source(graph: Graph, section: str, name: str, *, live: bool) -> Driver:
    """Return the driver of a source; live, one that is to be isolated runs in a process of its own."""
    driver = graph.driver(section, name)
    spec = {**graph.cameras, **graph.sensors}[name]
    return isolated(cast(Source[Any], driver)) if live and spec.isolate else driver


def _attach(graph: Graph, driver: Driver, peers: Mapping[str, Driver]) -> None:
    """Let a driver look up those it refers to. Raises ConfigError with the line where a name is none."""
    try:
        driver.attach(peers)
    except ConfigError as error:
        raise graph.located(error) from error.__cause__


def _maker(stage: str, point: Point, disturb: Disturbance | None) -> Callable[[], Ready]:
    if disturb is None:
        return point.make

    def make() -> Ready:
        ready = point.make()
        return Ready(tuple(disturb.program(stage, program) for program in ready.lanes), ready.model)

    return make


def _feeds(graph: Graph, route: OutputRoute) -> frozenset[str]:
    """Return the stages and cameras whose results and frames an output takes, and all that these depend on."""
    return frozenset(name for stage in route.stages for name in (stage, *graph.needs(stage)))


def _profiles(points: Mapping[tuple[str, int], Point], board: Board) -> Iterator[Profile]:
    """Yield what is known of the points, each with the watts its threads take."""
    for (stage, index), point in points.items():
        if point.profile is not None:
            watts = point.profile.watts or board.core.value * point.point.threads
            yield replace(point.profile, stage=stage, point=index, watts=watts)


def make_policy(schedule: ScheduleSpec) -> Policy:
    """Make the policy with what a schedule asks of it."""
    return cast(Policy, plugins.find("policies", schedule.policy)(**schedule.asked()))


def _load(graph: Graph, name: str, origin: str, points: tuple[OperatingPoint, ...], *, lossless: bool) -> StageLoad:
    spec = graph.stages[name]
    root = graph.stages[graph.chain(name)[1]]
    low, high = spec.rate or (None, None)
    return StageLoad(
        name=name,
        origin=origin,
        points=points,
        chained=spec.input in graph.stages and not spec.sync,
        deadline=None if root.deadline is None else round(root.deadline * NS),
        rate_min=low,
        rate_max=high,
        weight=spec.weight,
        lossless=lossless,
    )


def _join(graph: Graph, name: str) -> Join:
    """Return what a stage's items are joined with."""
    spec = graph.stages[name]
    partners = tuple(
        Partner(other, round(sync.tolerance * NS), sync.by, _wait(sync), sync.gap) for other, sync in spec.sync.items()
    )
    return Join(spec.input, f"{spec.input}/{name}", partners)


def _wait(sync: SyncSpec) -> int:
    return round((sync.tolerance if sync.wait is None else sync.wait) * NS)


def _gathering(graph: Graph, name: str, points: list[Point]) -> Gathering | None:
    """Return the windows that a stage's models take of its sensor; None where they take single readings or pictures."""
    sensor = graph.stages[name].input
    windows = {point.window for point in points}
    if sensor not in graph.sensors or windows <= {None}:
        return None
    if len(windows) > 1:
        found = "variants that take different windows"
        raise ConfigError(graph.problem(("stages", name, "model"), found, "variants with one length and hop"))
    window = windows.pop()
    assert window is not None
    return Gathering(sensor, f"{sensor}/{name}", *window)
