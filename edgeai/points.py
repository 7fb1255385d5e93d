"""From a stage of a graph to its operating points: models opened, timed and weighed, and the programs that run them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from edgeai.around import Around
from edgeai.calibrate import from_profile, threads_to_try
from edgeai.clock import NS, Clock
from edgeai.errors import ModelError
from edgeai.messages import Frame
from edgeai.opened import Opened
from edgeai.perception.threads import worth_having
from edgeai.refusals import require_ladder, require_memoryless, require_room, warn_if_dead
from edgeai.runtime.program import INVOKED, Program, Step, Work
from edgeai.runtime.programs import Ready
from edgeai.runtime.steps.cropped import cropped
from edgeai.schedule.events import Profile
from edgeai.schedule.workload import OperatingPoint

if TYPE_CHECKING:
    from edgeai.graph import Graph
    from edgeai.perception.model import Model
    from edgeai.perception.profile import MachineProfile

__all__ = ["Point", "ladder_of", "points_of"]

_SAVING = frozenset(("budget", "hours", "until", "accuracy"))
"""What a schedule asks for where energy is weighed: only then is a slower number of threads, which costs less, worth an
interpreter of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """An operating point, how long it takes, what makes it ready to run, and the runtime its model has."""

    point: OperatingPoint
    profile: Profile | None
    make: Callable[[], Ready]
    runtime: str = ""
    window: tuple[int, int] | None = None
    """Readings in a window, and to the next one, where the model takes windows of a sensor."""
    model: Model | None = None
    """The model, where it stays in memory; other stages may have the very same one."""
    program: Callable[[Model], Program] = field(default=lambda model: _model_program(model))
    """Makes the stage's program on an interpreter of its model."""


def points_of(
    graph: Graph,
    name: str,
    clock: Clock,
    around: Around,
    opened: Opened,
    *,
    measure: bool,
    known: MachineProfile | None,
) -> Iterator[Point]:
    """Yield the operating points of a stage, `around` having been put around what they run.

    With `measure` they are timed here, unless a profile is known. Raises ConfigError, ModelError, PluginError.
    """
    spec = graph.stages[name]
    delay = _delay(spec.added_latency if measure else 0.0, clock)

    def whole(program: Program) -> Program:
        return (*around(program), *delay)

    def model_program(interpreter: Model) -> Program:
        crop = around.crop
        return whole(_model_program(interpreter) if crop is None else cropped(interpreter, crop))

    if spec.call is not None:
        function = graph.function(name)
        programs = tuple([whole(_call_program(function)) for _ in range(graph.schedule.lanes)])
        yield Point(OperatingPoint(getattr(function, "__name__", name)), None, lambda: Ready(programs))
        return
    for model in ladder_of(graph, name, opened):
        around.check(model)
        if measure:
            warn_if_dead(model)
        for made, profile in _costs(graph, name, model, opened, measure, known):
            yield _point(graph, name, made, profile, model_program, opened, measure=measure)


def _open(graph: Graph, name: str, path: str, threads: int, opened: Opened) -> Model:
    from edgeai.perception.options import ModelOptions

    said = {**graph.card(name), **graph.runs_on(name)}
    options = TypeAdapter(ModelOptions).validate_python(said)
    return opened.model(str(graph.resolve(path)), options, threads)


def ladder_of(graph: Graph, name: str, opened: Opened) -> Iterator[Model]:
    """Open the models of a stage and see that they are a ladder; where memory is short, one after the other.

    Raises ConfigError, ModelError.
    """
    spec = graph.stages[name]
    threads = 1 if spec.threads == "auto" else spec.threads
    if graph.schedule.memory is None:
        ladder = [_open(graph, name, path, threads, opened) for path in spec.model or ()]
        for model in ladder:
            require_memoryless(graph, name, model)
        require_ladder(graph, name, ladder)
        yield from ladder
        return
    first: Model | None = None
    for member, path in enumerate(spec.model or ()):
        require_room(graph, name, path)
        model = _open(graph, name, path, threads, opened)
        require_memoryless(graph, name, model)
        if first is not None:
            require_ladder(graph, name, [first, model], member)
        first = first or model
        yield model


def _costs(
    graph: Graph, name: str, model: Model, opened: Opened, measure: bool, known: MachineProfile | None
) -> Iterator[tuple[Model, Profile | None]]:
    """Yield an interpreter for each number of threads worth having, the quickest first, and what it costs."""
    lanes = graph.schedule.lanes
    numbers = None if graph.stages[name].threads == "auto" else (model.threads,)
    if known is not None:
        profiles = dict(from_profile(graph, name, model, known, numbers, lanes))
        made = {model.threads: model}
    elif measure:
        found = opened.timed(model, numbers or threads_to_try(lanes))
        profiles = {threads: profile for threads, (_, profile) in found.items()}
        made = {threads: interpreter for threads, (interpreter, _) in found.items()}
    else:
        yield model, None
        return
    worth = worth_having({threads: profile.p50 for threads, profile in profiles.items()})
    for threads in worth if graph.schedule.asked().keys() & _SAVING else worth[:1]:
        yield made.get(threads) or opened.on_threads(model, threads), profiles[threads]


def _point(
    graph: Graph,
    name: str,
    model: Model,
    profile: Profile | None,
    program: Callable[[Model], Program],
    opened: Opened,
    *,
    measure: bool,
) -> Point:
    from edgeai.variant import Variant, interpreters, memory_of

    limited, lanes = graph.schedule.memory is not None, graph.schedule.lanes
    memory = memory_of(model, lanes, measure=measure) if limited else 0
    require_room(graph, name, str(model.path), memory)
    added = round(graph.stages[name].added_latency * NS)

    def one_a_lane(first: Model) -> tuple[Model, ...]:
        return opened.lanes(first, partial(interpreters, first, lanes, warmed=measure))

    again = partial(_open, graph, name, str(model.path), model.threads, opened)
    make = Variant(model, again, program, one_a_lane, keep=not limited)
    point = OperatingPoint(model.name, model.threads, _accuracy(model), memory)
    later = _later(profile, added) if profile is not None and added else profile
    return Point(point, later, make, model.runtime, model.window, None if limited else model, program)


def _later(profile: Profile, ns: int) -> Profile:
    """Return a profile whose known quantiles are later by so many ns."""
    p50, p90, p95, p99, p999 = (
        value and value + ns for value in (profile.p50, profile.p90, profile.p95, profile.p99, profile.p999)
    )
    return replace(profile, p50=p50, p90=p90, p95=p95, p99=p99, p999=p999)


def _accuracy(model: Model) -> float:
    """Return the card's figure where it is one from 0 to 1, else 1."""
    figure = model.card.accuracy.value if model.card is not None and model.card.accuracy is not None else 1.0
    return figure if 0 <= figure <= 1 else 1.0


# -- programs ------------------------------------------------------------------------------------------------------


def _model_program(model: Model) -> Program:
    def prepare(work: Work) -> None:
        if isinstance(work.captured, Frame):
            model.prepare(work.captured)
        elif model.takes_pictures:
            raise ModelError(
                f"{model.name} takes pictures and {work.captured.source} is no camera: change the stage's input"
            )
        else:
            model.prepare_readings(work.captured)

    return (
        Step("preprocessed", prepare),
        Step(INVOKED, lambda _: model.invoke()),
        Step("decoded", lambda _: model.decode()),
    )


def _call_program(function: Callable[..., Any]) -> Program:
    def call(work: Work) -> Any:
        others = () if work.joined is None else work.joined.values
        return function(work.captured if work.result is None else work.result, *others)

    return (Step("called", call),)


def _delay(seconds: float, clock: Clock) -> Program:
    """Make the step that lets a stage take longer, for experiments; none where nothing is added."""

    def wait(value: Any) -> Any:
        clock.sleep_until(clock.now() + round(seconds * NS))
        return value

    return (Step("delayed", wait),) if seconds else ()
