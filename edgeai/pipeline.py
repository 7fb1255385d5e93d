"""The pipeline: a graph, an engine, and the newest results for the code that controls a robot."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, cast

from edgeai.assemble import Assembled, assemble, make_policy
from edgeai.clock import NS, SystemClock, VirtualClock
from edgeai.driver import DriverState
from edgeai.durations import Durations, Said
from edgeai.errors import ConfigError
from edgeai.graph import Graph
from edgeai.graph.callback import Callback
from edgeai.graph.rescheduling import reschedule
from edgeai.messages import Reading
from edgeai.real_time import RealTime
from edgeai.recording.options import RecordOptions
from edgeai.recording.recordings import Recordings
from edgeai.refusals import require_possible
from edgeai.runtime.assembly import OutputRoute
from edgeai.runtime.disturbance import Disturbance
from edgeai.runtime.exits import as_exception, release
from edgeai.runtime.latest import Latest, LatestTap
from edgeai.runtime.listeners import Listeners
from edgeai.runtime.subscription import Subscription, SubscriptionTap
from edgeai.runtime.taps import Fault, Tap
from edgeai.runtime.ticks import Tick, ticks
from edgeai.schedule.commands import Announce
from edgeai.status import Status
from edgeai.virtual_time import LOADING, VirtualTime

if TYPE_CHECKING:
    from edgeai.observe.live_view import LiveView
    from edgeai.recording.recorder import Recorder

__all__ = ["Pipeline"]


class Pipeline(Status):
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
        durations: Said | None = None,
        on_fault: Callable[..., object] | None = None,
        loading: float = LOADING,
        frames: int | None = None,
        taps: Sequence[Tap] = (),
        disturb: Disturbance | None = None,
    ) -> None:
        super().__init__(graph, VirtualClock() if engine == "lockstep" else SystemClock())
        self._frames, self._durations, self._loading = frames, durations, loading
        self._disturb = disturb
        self._listeners = Listeners(on_fault)
        self.faults: dict[str, Fault] = self._listeners.faults
        """Every fault since the start, by the name of what failed; a later one of the same name replaces it."""
        self._results: list[OutputRoute] = []
        self._subscriptions = SubscriptionTap()
        self._latest = LatestTap(
            {name: graph.needs(name) for name in graph.stages},
            {name: graph.history(name) for name in graph.sensors},
            self.clock,
        )
        own = (self._latest, self._subscriptions, self._listeners, self.decisions, self._spans)
        self._taps: tuple[Tap, ...] = (*own, *taps)
        self._recordings = Recordings(graph, self.clock, self._listeners, self._roster, disturb)
        self._live_view = graph.live_view
        self.view: LiveView | None = None
        """What serves the live view, after `start`, where one was asked for: its `url`, its `port`."""
        self._said = graph.schedule.model_dump(exclude_unset=True)

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
        assembled = self._assembled = assemble(
            self.graph,
            self.clock,
            measure=isinstance(self.clock, SystemClock),
            frames=self._frames,
            outputs=tuple(self._results),
            disturb=self._disturb,
        )
        self._taps += self._recordings.open(assembled.assembly, assembled.board)
        self._open_view()
        if self._disturb is not None:
            self._disturb.begin(self.clock, self.graph.names())
        self._run(assembled)
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
            if self._running is not None:
                self._running.engine.stop()
            self._recordings.close()
            self._listeners.close()
        if self._running is not None:
            self._running.let_go()
        release(self)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every camera has come to its end and the outputs have written; False after `timeout` seconds.

        Without a camera, the sensors count.
        """
        return self._require_started("wait()").wait(timeout)

    def advance(self, seconds: float) -> bool:
        """In lock-step: let virtual time pass; False when the pipeline has come to its end."""
        if not isinstance(self._running, VirtualTime):
            raise ConfigError("advance() moves virtual time: it needs Pipeline(..., engine='lockstep'), started")
        return self._running.sleep_until(self.clock.now() + round(seconds * NS))

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
        if self._running is not None and not self._stopped:
            self._running.engine.end_by(as_exception(error))
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

        subscription = Subscription(name, frames=frames, depth=depth, lossless=self.graph.lossless, pump=pump)
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
            self._recordings.asked = options
        else:
            core = self._require_started("record()").engine.core
            self._recordings.begin(options, self._assembled.assembly, self._assembled.board, core)
        return self

    def stop_recording(self) -> tuple[Path, ...]:
        """Record no more, and return the files, whole; the pipeline goes on. What looks back forgets what it kept.

        `record` may be called again. Without a recording, returns no files.
        """
        return () if self._running is None else self._recordings.end(self._running.engine.core)

    @property
    def recorder(self) -> Recorder | None:
        """What records, or did last; its `status` says what it does. None before the first time."""
        return self._recordings.recorder

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
        return ticks(self.clock, hz, self._sleep_until)

    def every(self, period: float, call: Callable[[], object]) -> None:
        """Call a function every `period` seconds of the pipeline's clock, on the thread `edgeai-timers` when live."""
        self._require_started("every()").engine.every(round(period * NS), call)

    # -- the schedule ------------------------------------------------------------------------------------------

    def configure(self, **schedule: Any) -> None:
        """Change the schedule while running: `configure(policy="power", budget="4 W")`; what is not named stays.

        Lanes, memory and profile cannot be changed. Raises ConfigError.
        """
        engine = self._require_started("configure").engine
        assert self._assembled is not None
        workload, board = self._assembled.assembly.workload, self._assembled.board
        changed = reschedule(self._said, schedule)
        require_possible(self.graph.problem, changed, workload, board, self._assembled.started)
        engine.core.configure(make_policy(changed))
        self._said |= schedule
        self._schedule = changed

    def pause(self) -> None:
        """Begin no job until `resume`: frames are dropped as `paused`, which is no miss; lossless stages wait."""
        self._require_started("pause()").engine.core.pause(on=True)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._require_started("resume()").engine.core.pause(on=False)

    # -- inside ------------------------------------------------------------------------------------------------

    def _open_view(self) -> None:
        spec = self._live_view
        if spec is None or isinstance(self.clock, VirtualClock):
            return
        from edgeai.observe.live_view import LiveView

        title = Path(self.graph.file).name if self.graph.file else "edgeai"
        self.view = LiveView(self, title, *spec.address, spec.token)
        self._taps += self.view.taps

    def _run(self, assembled: Assembled) -> None:
        self._running = self._in_time(assembled)
        self._latest.plans = self._running.engine.core.plan
        try:
            if isinstance(self._running, RealTime):
                self._listeners.start()
                self._running.guard(self, self._recordings.close, self._listeners.close)
            self._running.start()
        except BaseException:
            self.stop()
            raise

    def _in_time(self, assembled: Assembled) -> RealTime | VirtualTime:
        if isinstance(self.clock, SystemClock):
            return RealTime(assembled, self.clock, self._taps, self._roster)
        clock, durations = cast(VirtualClock, self.clock), Durations(self._durations, self.graph, assembled)
        return VirtualTime(assembled, clock, self._taps, self._roster, durations, self._loading, self._disturb)

    def _step(self) -> bool:
        return cast(VirtualTime, self._require_started("stream()")).step()

    def _sleep_until(self, due: int) -> bool:
        return self._require_started("rate()").sleep_until(due) and not self._stopped

    def _require_not_started(self, what: str) -> None:
        if self._assembled is not None:
            raise ConfigError(f"{what}() comes before start()")
