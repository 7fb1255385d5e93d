"""`edgeai run`: run a pipeline, show how it does, and end with a summary."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import signal
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeai.cli import complete, screen
from edgeai.cli.failures import Failures
from edgeai.cli.options import AllowCode, AsJson, require_place
from edgeai.cli.service import Service
from edgeai.errors import ConfigError, Problem
from edgeai.quantities import Duration, Endpoint
from edgeai.recording.options import RecordOptions

if TYPE_CHECKING:
    from edgeai.graph import Graph
    from edgeai.pipeline import Pipeline
    from edgeai.recording.foxglove_live import FoxgloveLive
    from edgeai.runtime.taps import Fault

__all__ = ["RECORD", "run"]

RECORD: ContextVar[RecordOptions | None] = ContextVar("RECORD", default=None)
"""What `edgeai record` asks of the run that it starts."""


def run(
    pipeline: Annotated[
        Path | None, typer.Argument(help="A graph (YAML). Without one, and without --source: the simulated rover.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            help="A camera, clip or folder: v4l2:/dev/video0, clip.mp4, rtsp://…, photos/",
            autocompletion=complete.inputs,
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="A model file; may be repeated, for a ladder.", autocompletion=complete.models),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            help="Where results go: console, jsonl:out.jsonl, video:out.mp4; may be repeated.",
            autocompletion=complete.outputs,
        ),
    ] = None,
    task: Annotated[str | None, typer.Option(help="What the model does, where its file does not say.")] = None,
    score: Annotated[float | None, typer.Option(help="Leave out detections below this score.")] = None,
    deadline: Annotated[str | None, typer.Option(help="From capture to result: 100ms.")] = None,
    rate: Annotated[str | None, typer.Option(help="Results a second: 15fps.")] = None,
    threads: Annotated[str, typer.Option(help="Threads of the model: a number, or auto to measure.")] = "auto",
    numerics: Annotated[
        str,
        typer.Option(help="default, or reference: the same bits on every machine.", autocompletion=complete.numerics),
    ] = "default",
    frames: Annotated[int | None, typer.Option(help="End after so many frames of each camera.", min=1)] = None,
    seconds: Annotated[float | None, typer.Option(help="End after so many seconds.", min=0)] = None,
    lossless: Annotated[
        bool, typer.Option("--lossless", help="Every frame of a file, as fast as it can be done.")
    ] = False,
    added_latency: Annotated[
        str | None, typer.Option(help="Make every model take this much longer (400ms), to see what lateness does.")
    ] = None,
    fault: Annotated[
        list[str] | None, typer.Option(help="Try a fault: front:unplug@5s,3s, brown-out@10s,2s,4; may be repeated.")
    ] = None,
    live_view: Annotated[
        str | None, typer.Option(help="Serve a page that shows the run: 8080, or 0.0.0.0:8080 for others, too.")
    ] = None,
    token: Annotated[str | None, typer.Option(help="What others must show to see that page; else one is made.")] = None,
    trace: Annotated[
        Path | None, typer.Option(help="Write what happened last as a trace for ui.perfetto.dev: trace.json.")
    ] = None,
    foxglove: Annotated[
        str | None, typer.Option(help="Serve Foxglove, live: 8765, or HOST:PORT. It asks for no token.")
    ] = None,
    as_json: AsJson = False,
    allow_code: AllowCode = False,
) -> None:
    """Run a pipeline until its source ends, Ctrl-C, --frames or --seconds.

    Example: edgeai run rover.yaml --seconds 60

    Example: edgeai run --source clip.mp4 --model detector.tflite --output jsonl:out.jsonl
    """
    from edgeai.cli.status import StatusLine, figures, summary
    from edgeai.graph import Graph
    from edgeai.observe.meter import Meter
    from edgeai.pipeline import Pipeline
    from edgeai.testing.faults import Faults

    said = {"task": task, "score": score, "deadline": deadline, "rate": rate}
    stage: dict[str, Any] = {key: value for key, value in said.items() if value is not None}
    if source is not None:
        if pipeline is not None or not model:
            raise ConfigError("--source goes with --model, and takes the place of a graph")
        graph = Graph.simple(source, model, lossless=lossless, threads=_threads(threads), numerics=numerics, **stage)
    elif model or stage or lossless:
        raise ConfigError("--model, --task, --score, --deadline, --rate and --lossless describe a --source: give one")
    else:
        graph = Graph.load(pipeline or _embedded_default(), allow_code=allow_code)
    if output or added_latency is not None:
        graph = _extended(graph, output or [], added_latency)
    if trace is not None:
        require_place(trace, "--trace")

    meter = Meter()
    shown = [_foxglove(foxglove, graph)] if foxglove is not None else []
    disturb = Faults.parse(*fault) if fault else None
    running = Pipeline(graph, frames=frames, taps=[meter, *shown], disturb=disturb)
    _record(running)
    if live_view is not None:
        running.live_view(live_view, token=token)
    status = StatusLine(running, meter, shown=not screen.quiet())
    service = Service()
    with _stop_on_signals() as asked_to_stop, running, status:
        service.ready()
        left = seconds
        if running.view is not None:
            typer.echo(f"live view: {running.view.url}", err=True)
        for server in shown:
            typer.echo(f"foxglove: {server.url}", err=True)
        while not asked_to_stop.is_set() and not _nothing_is_written(running) and (left is None or left > 0):
            turn = min(0.2, left) if left is not None else 0.2
            if running.wait(turn):
                break
            left = None if left is None else left - turn
            status.update()
            service.alive(running.clock.now(), _state(running))
        service.stopping()
    if as_json:
        screen.print_json(figures(running, meter))
    elif not screen.quiet():
        summary(running, meter)
        _say_recorded(running)
    if trace is not None:
        screen.note(f"{trace}: {running.trace(trace)} events; open it at ui.perfetto.dev")
    _report(running)


def _state(pipeline: Pipeline) -> str:
    """Say in a few words how a pipeline is."""
    failed = [str(state) for state in pipeline.drivers.values() if not state.works]
    return "; ".join(failed) or "running"


def _foxglove(address: str, graph: Graph) -> FoxgloveLive:
    """Listen for Foxglove, where the command line says."""
    from pydantic import TypeAdapter, ValidationError

    from edgeai.recording.foxglove_live import FoxgloveLive

    try:
        host, port = TypeAdapter(Endpoint).validate_python(address)
    except ValidationError:
        raise ConfigError(Problem("--foxglove", repr(address), "a port such as 8765, or host and port")) from None
    return FoxgloveLive(graph, host, port)


def _say_recorded(pipeline: Pipeline) -> None:
    """Name the files that were recorded."""
    if pipeline.recorder is not None:
        for path in pipeline.recorder.paths:
            screen.note(f"recorded: {path}, {path.stat().st_size / 1e6:.1f} MB")
        for topic, count in pipeline.recorder.lost.items():
            screen.note(f"not recorded for want of room: {count} of {topic}")


def _record(pipeline: Pipeline) -> None:
    """Record, if this is run by `edgeai record`; its signal writes what looking back has kept."""
    asked = RECORD.get()
    if asked is not None:
        pipeline.record(asked.path, cameras=asked.cameras, rotate=asked.rotate, look_back=asked.look_back)
        if asked.look_back is not None:
            signal.signal(signal.SIGUSR1, lambda *_: _save(pipeline))
            screen.note(f"`kill -USR1 {os.getpid()}` writes the last {asked.look_back:g} s to {asked.path}")


def _save(pipeline: Pipeline) -> None:
    if pipeline.recorder is not None:
        pipeline.recorder.save()


def _extended(graph: Graph, outputs: list[str], added_latency: str | None) -> Graph:
    """Return the graph with the outputs and the latency of the command line added."""
    from pydantic import TypeAdapter, ValidationError

    from edgeai.graph import Graph

    named: dict[str, Any] = dict(graph.outputs)
    for text in outputs:
        driver = re.split(r"[:?]", text)[0]
        free = next(name for n in itertools.count(1) if (name := driver if n == 1 else f"{driver}-{n}") not in named)
        named[free] = text
    stages = graph.stages
    if added_latency is not None:
        try:
            seconds = TypeAdapter(Duration).validate_python(added_latency)
        except ValidationError:
            expected = "a duration: seconds, or text such as 400ms"
            raise ConfigError(Problem("--added-latency", repr(added_latency), expected)) from None
        stages = {
            name: spec.model_copy(update={"added_latency": seconds}) if spec.model else spec
            for name, spec in graph.stages.items()
        }
    return Graph(
        cameras=graph.cameras,
        sensors=graph.sensors,
        meters=graph.meters,
        stages=stages,
        outputs=named,
        schedule=graph.schedule,
        record=graph.record,
        live_view=graph.live_view,
        base=graph.base,
    )


def _threads(text: str) -> int | str:
    return int(text) if text.isdigit() else text


def _embedded_default() -> Path:
    from edgeai import pilots

    return Path(pilots.__file__).with_name("rover.yaml")


@contextlib.contextmanager
def _stop_on_signals() -> Iterator[threading.Event]:
    """Let Ctrl-C and SIGTERM end the run in order, with every output written; a second one ends it at once."""
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _nothing_is_written(pipeline: Pipeline) -> bool:
    """Say whether every output has failed, so that nobody gets the results."""
    outputs = pipeline.graph.outputs
    return bool(outputs) and all(name in pipeline.faults for name in outputs)


def _report(pipeline: Pipeline) -> None:
    """Raise Failures for what failed and did not recover; a reader of standard output that left (`| head`) is none."""
    recovered = {name for name, state in pipeline.drivers.items() if state.works}
    faults = [fault for name, fault in pipeline.faults.items() if name not in recovered]
    faults = [fault for fault in faults if not _reader_left(pipeline, fault)]
    if faults:
        raise Failures(faults)


def _reader_left(pipeline: Pipeline, fault: Fault) -> bool:
    output = pipeline.graph.outputs.get(fault.name)
    on_stdout = output is not None and (output.driver == "console" or output.options.get("path") == "-")
    return on_stdout and isinstance(fault.error.__cause__, BrokenPipeError)
