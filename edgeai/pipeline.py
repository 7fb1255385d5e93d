"""The pipeline: a graph, an engine, and the newest results for the code that controls a robot."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, cast

from edgeai.assemble import Assembled, assemble, make_policy
from edgeai.clock import NS, Clock, SystemClock, VirtualClock
from edgeai.driver import NEVER_AGAIN, Camera, DriverState, Sensor
from edgeai.errors import ConfigError, EdgeAIError, Problem
from edgeai.graph import Graph, LiveViewSpec, ScheduleSpec
from edgeai.graph.callback import Callback
from edgeai.messages import Reading, Result
from edgeai.observe.decisions import DecisionLog
from edgeai.observe.spans import Spans
from edgeai.plugins import near_miss
from edgeai.power.board_state import BoardState
from edgeai.recording.options import RecordOptions
from edgeai.refusals import require_admission, require_possible
from edgeai.runtime.assembly import OutputRoute
from edgeai.runtime.callbacks import CallbackThread
from edgeai.runtime.core import StageStats
from edgeai.runtime.disturbance import Disturbance
from edgeai.runtime.exits import guard, release
from edgeai.runtime.latest import Latest, LatestTap
from edgeai.runtime.listeners import Listeners
from edgeai.runtime.live import LiveEngine
from edgeai.runtime.lockstep import LockstepEngine
from edgeai.runtime.plan import Power
from edgeai.runtime.roster import Roster
from edgeai.runtime.subscription import Subscription, SubscriptionTap
from edgeai.runtime.taps import Fault, Tap
from edgeai.runtime.watch import MeterState
from edgeai.schedule.commands import Announce, Job
from edgeai.schedule.events import Batching, Profile

if TYPE_CHECKING:
    from edgeai.observe.live_view import LiveView
    from edgeai.recording.recorder import Recorder

__all__ = ["Pipeline", "Tick", "check", "run"]

_log = logging.getLogger("edgeai")

_WRITE_OUT = 2.0
"""Seconds after which what waits for a recording is given up at the end, when nothing of it could be written."""

_CALL_BACK = 0.5
"""Seconds that callbacks may take at the end: `on_fault` is still called."""

_TYPICAL = 0.010
"""Seconds a job takes in virtual time where nothing else was said."""

_LOADING = 0.5
"""Seconds a model takes to be loaded in virtual time where nothing else was said: ten megabytes from an SD card, laid
out and warmed."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One turn of `Pipeline.rate`: its number, its time (ns), and how late it came (s)."""

    n: int
    t: int
    late: float


class Pipeline:
    """Runs a graph.

    Use it as a context manager, or call `start` and `stop`. `on_fault` is called with the Fault (or with nothing, if it
    takes no argument) once when a source, stage or output fails, and again only after that has recovered; it runs on
    the thread `edgeai-callbacks` when live.

    engine: `live` runs against the system's clock. `lockstep` runs in virtual time on the calling thread: time passes
    while you iterate (`stream`, `rate`) or call `advance`; a job takes `durations[stage]` seconds (10 ms where nothing
    is said, what its profile says where the schedule names one), or what `durations` returns in seconds when it is a
    function of the stage's name and variant. Two numbers are the seconds of a single job, and of a run for all stages
    that share its model: without the second they do not run together. A model that is loaded while it runs takes
    `loading` seconds.

    While a live pipeline runs, SIGTERM ends the main thread's `with` block like Ctrl-C, unless the program has a
    handler of its own. Keep the pipeline as long as it shall run: one that nobody holds any more is stopped.

    disturb: faults to try it with, see `edgeai.testing.faults`.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        engine: Literal["live", "lockstep"] = "live",
        durations: Mapping[str, float | tuple[float, float]] | Callable[[str, str], float] | None = None,
        on_fault: Callable[..., object] | None = None,
        loading: float = _LOADING,
        frames: int | None = None,
        taps: Sequence[Tap] = (),
        disturb: Disturbance | None = None,
    ) -> None:
        self.graph = graph
        self.clock: Clock = VirtualClock() if engine == "lockstep" else SystemClock()
        self._disturb = disturb
        self._listeners = Listeners(on_fault)
        self.faults: dict[str, Fault] = self._listeners.faults
        """Every fault since the start, by the name of what failed; a later one of the same name replaces it."""
        self.decisions = DecisionLog()
        """The newest decisions of the scheduler: iterate at any time, or ask for those `of` a stage."""
        self._spans = Spans(self.clock.now)
        self._durations = durations
        self._loading = loading
        self._frames = frames
        self._results: list[OutputRoute] = []
        self._roster = Roster(self.clock)
        self._subscriptions = SubscriptionTap()
        self._latest = LatestTap(
            {name: graph.needs(name) for name in graph.stages},
            {name: graph.history(name) for name in graph.sensors},
            self.clock,
        )
        self._taps: tuple[Tap, ...] = (
            self._latest,
            self._subscriptions,
            self._listeners,
            self.decisions,
            self._spans,
            *taps,
        )
        self._assembled: Assembled | None = None
        self._live: LiveEngine | None = None
        self._lockstep: LockstepEngine | None = None
        self._stopped = False
        self._let_go: Callable[[], object] = lambda: None
        self._changes: dict[str, Any] = {}
        self._record: RecordOptions | None = None
        self._recording = threading.Lock()
        self.recorder: Recorder | None = None
        """What records, or did last; its `status` says what it does. None before the first time."""
        self._unheld: list[Recorder] = []
        """The same, for who ends what this object has left behind."""
        self._live_view: LiveViewSpec | None = None
        self.view: LiveView | None = None
        """What serves the live view, after `start`, where one was asked for: its `url`, its `port`."""
        self._schedule = graph.schedule

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, allow_code: bool = False, **options: Any) -> Pipeline:
        """Read a graph from a YAML file; `options` are those of Pipeline.

        With `allow_code`, stages of the file may be Python functions. Raises ConfigError.
        """
        return cls(Graph.load(Path(path), allow_code=allow_code), **options)

    # -- life --------------------------------------------------------------------------------------------------

    def start(self) -> Pipeline:
        """Load and warm the models, open the devices, and run. Raises EdgeAIError with nothing left open."""
        if self._assembled is not None:
            raise ConfigError("this pipeline has been started before: make a new one from its graph")
        live = isinstance(self.clock, SystemClock)
        self._assembled = assemble(
            self.graph,
            self.clock,
            measure=live,
            frames=self._frames,
            outputs=tuple(self._results),
            disturb=self._disturb,
        )
        options = self._record or _of_graph(self.graph)
        if options is not None:
            self.recorder = self._make_recorder(options, self._assembled)
            self._taps = (*self._taps, self.recorder)
        self._make_view()
        if self._disturb is not None:
            self._disturb.begin(self.clock, self._names())
        if isinstance(self.clock, SystemClock):
            self._start_live(self._assembled, self.clock)
        elif isinstance(self.clock, VirtualClock):
            self._start_lockstep(self._assembled, self.clock)
        if self.view is not None:
            self.every(1.0, self.view.history.sample)
            self.view.start()
        return self

    def stop(self) -> None:
        """Stop within about a second: drop what waits, write out what is done, close the devices, end the threads.

        A recording is written out after that, for as long as it gets on.
        """
        if not self._stopped:
            self._stopped = True
            if self.view is not None:
                self.view.stop()
            engine = self._engine
            if engine is not None:
                engine.stop()
            with self._recording:
                if self.recorder is not None:
                    _write_out(self.recorder)
            callbacks = self._listeners.thread
            if not callbacks.close(_CALL_BACK) and callbacks.thread is not threading.current_thread():
                _log.warning("thread %s did not end in time and is abandoned", callbacks.thread.name)
        self._let_go()
        release(self)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every camera has come to its end and the outputs have written; False after `timeout` seconds.

        Without a camera, the sensors count.
        """
        if self._lockstep is not None:
            return not self._lockstep.run_until(self.clock.now() + round((1e9 if timeout is None else timeout) * NS))
        return self._require_live().wait(timeout)

    def advance(self, seconds: float) -> bool:
        """In lock-step: let virtual time pass; False when the pipeline has come to its end."""
        if self._lockstep is None:
            raise ConfigError("advance() moves virtual time: it needs Pipeline(..., engine='lockstep'), started")
        return self._lockstep.run_until(self.clock.now() + round(seconds * NS))

    def __enter__(self) -> Pipeline:
        if self._assembled is None:
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, GeneratorExit):
            self.stop()
        else:
            self.end_by(error)

    def end_by(self, error: BaseException) -> None:
        """Stop because of an error: first outputs are made safe, and `on_fault` is called of `pipeline`.

        So does a `with` block that is left by an exception, SIGTERM, and a program that ends without `stop`.
        """
        if self._engine is not None and not self._stopped:
            self._engine.end_by(_said(error))
        self.stop()

    # -- results -----------------------------------------------------------------------------------------------

    def latest(self, name: str) -> Latest:
        """Return a handle on the newest result of a stage or reading of a sensor. Raises ConfigError."""
        self._require_name(name, self._latest.names(), "a stage or sensor")
        return self._latest[name]

    def history(self, sensor: str, seconds: float) -> tuple[Reading, ...]:
        """Return a sensor's readings of the last `seconds`, oldest first, as far as its `history` option keeps them."""
        self._require_name(sensor, list(self._latest.histories), "a sensor")
        return self._latest.histories[sensor].last(seconds, self.clock.now())

    def stream(self, name: str, *, frames: bool = False, depth: int = 64) -> Subscription:
        """Iterate over the results of a stage from now on, with `for` or `async for`; ends with the pipeline.

        One asked for before `start` has the first result too. With `frames`, yields (result, frame) pairs. At most
        `depth` results wait for a slow reader: the oldest is then dropped and counted in `missed`; a lossless pipeline
        waits for its reader instead.
        """
        self._require_name(name, list(self.graph.stages), "a stage")
        pump = self._step if isinstance(self.clock, VirtualClock) else None
        lossless = any(camera.lossless for camera in self._cameras())
        subscription = Subscription(name, frames=frames, depth=depth, lossless=lossless, pump=pump)
        self._subscriptions.add(subscription)
        return subscription

    def on_result(self, name: str, call: Callable[..., object], *, frames: bool = False) -> None:
        """Call a function with each result of a stage (and its frame), on a thread of its own. Before `start` only."""
        self._require_name(name, list(self.graph.stages), "a stage")
        self._require_not_started("on_result")
        output = Callback(f"{name}-callback-{len(self._results)}", call, frames=frames)
        self._results.append(OutputRoute(output, frozenset([name])))

    def on_announce(self, call: Callable[[Announce], object]) -> None:
        """Call a function with each announcement of the scheduler. Before `start` only."""
        self._require_not_started("on_announce")
        self._listeners.announce.append(call)

    def on_driver(self, call: Callable[[DriverState], object]) -> None:
        """Call a function with each new state of a driver: opening, running, stalled, lost ... Before `start` only."""
        self._require_not_started("on_driver")
        self._listeners.driver.append(call)

    def record(
        self,
        path: str | os.PathLike[str],
        *,
        cameras: str = "raw",
        rotate: str | None = None,
        look_back: float | None = None,
    ) -> Pipeline:
        """Record to an MCAP file, from the start on, or from now on when the pipeline runs; returns the pipeline.

        cameras: `raw` (exact; the camera's own JPEG where it delivers one) or `jpeg:90` (smaller, lossy). rotate: begin
        a new file at `1GB` or after `10min`. look_back: keep the last seconds in memory and write them on a fault, or
        when `pipeline.recorder.save()` is called. A file that exists is not overwritten: `run-1.mcap` comes next.

        A disk that is full is a fault named `recorder`, and the pipeline goes on. Raises ConfigError, also while it is
        recorded already.
        """
        options = RecordOptions(Path(path), cameras, rotate, look_back)
        if self._assembled is None:
            self._record = options
            return self
        with self._recording:
            core = self._require_started("record").core
            if self._stopped:
                raise ConfigError("this pipeline has stopped: there is nothing to record any more")
            if self.recorder is not None and self.recorder.status.recording:
                raise ConfigError(f"{options.path}: one recording is being made already: call stop_recording() first")
            if self.recorder is not None:
                core.detach(self.recorder)  # it has failed
            recorder = self._make_recorder(options, self._assembled)
            core.attach(recorder)
            self.recorder = recorder
        return self

    def stop_recording(self) -> tuple[Path, ...]:
        """Record no more, and return the files, whole; the pipeline goes on. What looks back forgets what it kept.

        `record` may be called again. Without a recording, returns no files.
        """
        with self._recording:
            recorder, engine = self.recorder, self._engine
            if recorder is None or engine is None or not recorder.status.recording:
                return ()
            engine.core.detach(recorder)
            _write_out(recorder)
            return recorder.paths

    def live_view(self, address: int | str = 8080, *, token: str | None = None) -> Pipeline:
        """Serve a page that shows the pipeline while it runs. Before `start` only; returns the pipeline.

        address: a port, for this machine alone, or `0.0.0.0:8080` for others, too. token: what has to be shown, letters
        and digits; one is made where none is given and others can reach the page. After `start`, `pipeline.view.url`
        says where to look. Takes the place of the graph's `live_view`. Raises ConfigError, `start` for a port in use.
        """
        self._require_not_started("live_view")
        if isinstance(self.clock, VirtualClock):
            raise ConfigError("the live view shows what runs against the system's clock: use the live engine")
        self._live_view = Graph.check_live_view({"address": address, "token": token})
        return self

    # -- time --------------------------------------------------------------------------------------------------

    def rate(self, hz: float) -> Iterator[Tick]:
        """Tick at a fixed rate on the pipeline's clock until the pipeline ends; turns overslept are left out."""
        period = round(NS / hz)
        start, n = self.clock.now(), 0
        while True:
            n = max(n + 1, (self.clock.now() - start) // period)
            due = start + n * period
            if not self._sleep_until(due):
                return
            now = self.clock.now()
            yield Tick(n, due, (now - due) / NS)

    def every(self, period: float, call: Callable[[], object]) -> None:
        """Call a function every `period` seconds of the pipeline's clock, on the thread `edgeai-timers` when live."""
        self._require_started("every()").every(round(period * NS), call)

    # -- what can be asked -------------------------------------------------------------------------------------

    def stats(self) -> dict[str, StageStats]:
        """Return the counts of every stage: ready = delivered + dropped by cause + in flight, exactly."""
        engine = self._engine
        return {} if engine is None else engine.stats()

    @property
    def power(self) -> Power:
        """Watts over the last seconds and joules since the start, measured or modelled, and the limit kept to."""
        return self._require_started("power").core.power()

    @property
    def board(self) -> BoardState:
        """What the meters say of the board, and its table where none does: watts, heat, throttling, battery."""
        return self._require_started("board").watch.board()

    @property
    def meters(self) -> Mapping[str, MeterState]:
        """Every meter that is read: its newest believable reading, values rejected, why it is not believed."""
        return self._require_started("meters").watch.states()

    @property
    def drivers(self) -> Mapping[str, DriverState]:
        """Every camera, sensor, output and meter, and the recorder: what it does, why, since when, and its counts."""
        return self._roster.states()

    def trace(self, path: str | os.PathLike[str]) -> int:
        """Write what happened last, some 10 000 decisions of it, as a trace for ui.perfetto.dev; return its events.

        It is kept always, so that this may be asked for after something went wrong. Raises ConfigError.
        """
        from edgeai.observe.trace import trace_events, write_trace

        self._require_started("trace()")
        assert self._assembled is not None
        events = trace_events((*self.decisions, *self._spans), self._assembled.assembly.workload)
        return write_trace(Path(path), events)

    def configure(self, **schedule: Any) -> None:
        """Change the schedule while running: `configure(policy="power", budget="4 W")`; what is not named stays.

        Lanes cannot be changed. Raises ConfigError.
        """
        engine = self._require_started("configure")
        assert self._assembled is not None
        if "lanes" in schedule:
            raise ConfigError(Problem("schedule.lanes", "another number", "no lanes: they are made at the start"))
        before = self.graph.schedule.model_dump(exclude_unset=True)
        if "policy" in schedule:  # another policy knows nothing of the options that only this one takes
            before = {key: value for key, value in before.items() if key in type(self.graph.schedule).model_fields}
        changed = Graph.check_schedule({**before, **self._changes, **schedule})
        require_possible(self.graph.problem, changed, self._assembled.assembly.workload, self._assembled.board)
        engine.core.configure(make_policy(changed))
        self._changes |= schedule
        self._schedule = changed

    @property
    def schedule(self) -> ScheduleSpec:
        """The schedule that is kept to now: the graph's, and what `configure` has changed."""
        return self._schedule

    def pause(self) -> None:
        """Begin no job until `resume`: frames are dropped as `paused`, which is no miss; lossless stages wait."""
        self._require_started("pause()").core.pause(on=True)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._require_started("resume()").core.pause(on=False)

    @property
    def paused(self) -> bool:
        """True from `pause` to `resume`."""
        engine = self._engine
        return engine is not None and engine.core.scheduler.paused

    @property
    def finished(self) -> bool:
        """True when nothing more will be published or written."""
        if self._stopped:
            return True
        return self._live.finished if self._live is not None else False

    def sensor(self, name: str) -> Sensor:
        """Return the driver of a sensor, for what it says of itself (`columns`, counts). After `start`."""
        self._require_name(name, list(self.graph.sensors), "a sensor")
        if self._assembled is None:
            raise ConfigError("sensor() needs a pipeline that has been started")
        return next(sensor for sensor in self._assembled.assembly.sensors if sensor.name == name)

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """What was measured at load, or read from a profile: durations of each (stage, point)."""
        return () if self._assembled is None else self._assembled.profiles

    @property
    def models(self) -> Mapping[tuple[str, int], Any]:
        """The models that are loaded now, by (stage, operating point)."""
        return {} if self._assembled is None else self._assembled.assembly.programs.models

    # -- inside ------------------------------------------------------------------------------------------------

    @property
    def _engine(self) -> LiveEngine | LockstepEngine | None:
        return self._live or self._lockstep

    def _make_recorder(self, options: RecordOptions, assembled: Assembled) -> Recorder:
        from edgeai.recording.facts import headers_of
        from edgeai.recording.recorder import Recorder

        assembly = assembled.assembly
        headers = headers_of(options, self.graph, assembly, assembly.programs.models, assembled.board, self.clock)
        names = [camera.name for camera in assembly.cameras]
        full = partial(self._disturb.full, "recorder") if self._disturb is not None else None
        self._unheld[:] = [Recorder(options, headers, names, self.clock, self._listeners.faulted, self._roster, full)]
        return self._unheld[0]

    def _make_view(self) -> None:
        spec = self._live_view or self.graph.live_view
        if spec is None or isinstance(self.clock, VirtualClock):
            return
        from edgeai.observe.live_view import LiveView

        title = Path(self.graph.file).name if self.graph.file else "edgeai"
        self.view = LiveView(self, title, *spec.address, spec.token)
        self._taps = (*self._taps, *self.view.taps)

    def _start_live(self, assembled: Assembled, clock: SystemClock) -> None:
        engine = LiveEngine(assembled.assembly, clock, self._taps, self._roster)
        self._live = engine
        self._latest.plans = engine.core.plan
        self._listeners.start()
        try:
            guard(self)
            self._let_go = engine.holder.follow(self, partial(_end_unheld, self._unheld, self._listeners.thread))
            idle, busy = assembled.board.idle.value, assembled.board.core.value
            engine.calibrate(assembled.profiles, idle, busy, assembled.batchings)
            engine.start()
        except BaseException:
            self.stop()
            raise

    def _start_lockstep(self, assembled: Assembled, clock: VirtualClock) -> None:
        workload = assembled.assembly.workload
        core = assembled.board.core.value
        known = {(profile.stage, profile.point): profile for profile in assembled.profiles}
        profiles = []
        for load in workload.stages:
            for point, operating in enumerate(load.points):
                typical = self._typical(load.name, point, operating.variant)
                told = known.get((load.name, point))
                if told is not None and told.p50 == typical:
                    profiles.append(told)
                elif typical:
                    profiles.append(Profile(load.name, point, typical, typical, watts=core * operating.threads))
        if self._durations is not None:
            require_admission(self.graph, workload, profiles, timed=False)
        self._lockstep = LockstepEngine(
            assembled.assembly, clock, self._taps, self._duration, round(self._loading * NS), self._roster
        )
        self._latest.plans = self._lockstep.core.plan
        try:
            batchings = tuple(self._batchings(assembled))
            self._lockstep.calibrate(tuple(profiles), assembled.board.idle.value, core, batchings)
            self._lockstep.start()
        except BaseException:
            self.stop()
            raise

    def _duration(self, job: Job) -> int:
        assert self._assembled is not None
        load = next(load for load in self._assembled.assembly.workload.stages if load.name == job.stage)
        typical = self._typical(job.stage, job.point, load.points[job.point].variant)
        return (
            typical if self._disturb is None else round(typical * self._disturb.slowdown(job.stage, self.clock.now()))
        )

    def _typical(self, stage: str, point: int, variant: str) -> int:
        """Return how long a job takes in virtual time, ns: as `durations` say, else the profile, else 10 ms."""
        durations = self._durations
        seconds: float | tuple[float, float] | None = None
        if callable(durations):
            seconds = durations(stage, variant)
        elif durations is not None:
            seconds = durations.get(stage, durations.get(variant))
        if isinstance(seconds, tuple):
            seconds = seconds[0]
        if seconds is None:
            told = (p.p50 for p in self.profiles if (p.stage, p.point) == (stage, point))
            if (ns := next(told, None)) is not None:
                return ns
            seconds = _TYPICAL
        return round((seconds + self.graph.stages[stage].added_latency) * NS)

    def _batchings(self, assembled: Assembled) -> Iterator[Batching]:
        """Yield what runs together in virtual time: stages of one model, where `durations` say what that takes."""
        durations = {} if callable(self._durations) or self._durations is None else self._durations
        points = {load.name: load.points for load in assembled.assembly.workload.stages}
        for members in assembled.sharing:
            stage, point = members[0]
            told = durations.get(stage, durations.get(points[stage][point].variant))
            if isinstance(told, tuple):
                yield Batching(members, told[1] / told[0])

    def _names(self) -> list[str]:
        graph = self.graph
        return [*graph.cameras, *graph.sensors, *(graph.meters or {}), *graph.stages, *graph.outputs]

    def _cameras(self) -> Sequence[Camera]:
        if self._assembled is not None:
            return self._assembled.assembly.cameras
        return [cast(Camera, self.graph.driver("cameras", name)) for name in self.graph.cameras]

    def _step(self) -> bool:
        if self._lockstep is None:
            raise ConfigError("the pipeline has not been started: call start(), or use it in a with block")
        return self._lockstep.step()

    def _sleep_until(self, due: int) -> bool:
        if self._lockstep is not None:
            return self._lockstep.run_until(due)
        live = self._require_live()
        self.clock.sleep_until(due)
        return not (self._stopped or live.finished)

    def _require_started(self, what: str) -> LiveEngine | LockstepEngine:
        if self._engine is None:
            raise ConfigError(f"{what} needs a pipeline that has been started")
        return self._engine

    def _require_live(self) -> LiveEngine:
        if self._live is None:
            raise ConfigError("the pipeline has not been started: call start(), or use it in a with block")
        return self._live

    def _require_not_started(self, what: str) -> None:
        if self._assembled is not None:
            raise ConfigError(f"{what}() comes before start()")

    def _require_name(self, name: str, names: list[str], what: str) -> None:
        if name not in names:
            hint = near_miss(name, names) or f"there are: {', '.join(names) or 'none'}"
            raise ConfigError(Problem("", repr(name), f"the name of {what}", hint=hint))


def check(graph: Graph) -> list[str]:
    """Load and time every model of a graph, and return a line on each: what it is for, who decodes it, what it takes.

    With a profile nothing is timed. Opens no device. Raises what starting would: a ladder that is none, rates and
    deadlines that cannot be kept, a budget below idling as ConfigError; ModelError, PluginError.
    """
    assembled = assemble(graph, SystemClock(), measure=True)
    programs = assembled.assembly.programs
    programs.load_all()
    took = {(profile.stage, profile.point): profile.p50 / 1e6 for profile in assembled.profiles}
    models = [
        f"{stage}: {model.name}: {model.task} by {model.decoder}, input {'x'.join(map(str, model.input.shape))}"
        f" {model.input.dtype}, {model.runtime}, {took[stage, point]:.3g} ms on"
        f" {model.threads} thread{'s' if model.threads > 1 else ''}"
        for (stage, point), model in programs.models.items()
    ]
    shared = [
        f"{', '.join(stage for stage, _ in group.members)}: one {programs.models[group.members[0]].name}, {group.told}"
        for group in assembled.batchings
    ]
    return models + shared


def run(
    source: Any,
    model: str | os.PathLike[str] | Sequence[str],
    *,
    frames: int | None = None,
    lossless: bool = False,
    outputs: Mapping[str, Any] | None = None,
    **stage: Any,
) -> Iterator[Result]:
    """Yield the results of a model on a camera, a clip, a folder of pictures: the pipeline in one line.

    source: what a graph takes for a camera (`v4l2:/dev/video0`, `clip.mp4`, a mapping, a Camera). model: a file, or a
    ladder of them. frames: end after so many captures. lossless: every frame of a file, as fast as possible. stage:
    anything else a stage takes (deadline="100ms", score=0.6). Raises EdgeAIError; a device that fails while running
    ends the iteration with its error.
    """
    graph = Graph.simple(source, model, lossless=lossless, outputs=outputs, **stage)
    (name,), ((camera, spec),) = graph.stages, graph.cameras.items()
    once = {camera: spec.model_copy(update={"retry": NEVER_AGAIN})}
    pipeline = Pipeline(graph.model_copy(update={"cameras": once}), frames=frames)
    with pipeline.stream(name) as results, pipeline:
        yield from results
        for fault in pipeline.faults.values():
            raise fault.error


def _write_out(recorder: Recorder) -> None:
    if not recorder.close(_WRITE_OUT):
        _log.warning("the recording was not written out in time and ends before its end")


def _end_unheld(recorders: Sequence[Recorder], callbacks: CallbackThread) -> None:
    """Do what `stop` does last, for a pipeline that nobody held any more."""
    for recorder in recorders:
        _write_out(recorder)
    callbacks.close(_CALL_BACK)


def _of_graph(graph: Graph) -> RecordOptions | None:
    spec = graph.record
    return None if spec is None else RecordOptions(Path(spec.path), spec.cameras, spec.rotate, spec.look_back)


def _said(error: BaseException) -> Exception:
    """Return what ended a program as the error of a fault."""
    if isinstance(error, Exception):
        return error
    ended = EdgeAIError(f"the program was ended by {type(error).__name__}{f' ({error})' if str(error) else ''}")
    ended.__cause__ = error
    return ended
