"""The live status line of `edgeai run`, and the table at its end. Both go to standard error: results may be on standard
output.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.live import Live
from rich.text import Text

from edgeai.cli import screen
from edgeai.messages import NEVER, Reading

if TYPE_CHECKING:
    from types import TracebackType

    from rich.table import Table

    from edgeai.driver import DriverState
    from edgeai.observe.meter import Meter
    from edgeai.pipeline import Pipeline

__all__ = ["StatusLine", "figures", "summary"]

_WIDTH = 120
"""Columns of a summary that goes to a file."""


class StatusLine:
    """One line that is redrawn in place: for each stream its rate, age and misses, for each sensor its headline."""

    def __init__(self, pipeline: Pipeline, meter: Meter, *, shown: bool) -> None:
        self._pipeline = pipeline
        self._meter = meter
        console = screen.console(stderr=True)
        self._console = console if shown else None
        self._live = (
            Live(console=console, auto_refresh=False, transient=True) if shown and console.is_terminal else None
        )
        self._failing: set[str] = set()
        pipeline.on_driver(self._driver_changed)

    def update(self) -> None:
        """Redraw."""
        if self._live is not None:
            self._live.update(self._line(), refresh=True)

    def __enter__(self) -> StatusLine:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def _driver_changed(self, state: DriverState) -> None:
        """Print a line when a driver fails, and when it works again."""
        if state.state == "opening" or (state.works and state.name not in self._failing):
            return
        self._failing.discard(state.name)
        if not state.works:
            self._failing.add(state.name)
        if self._console is not None:
            self._console.print(str(state), highlight=False, markup=False, soft_wrap=True)

    def _line(self) -> Text:
        pipeline = self._pipeline
        parts = [_stream_part(pipeline, self._meter, name) for name in pipeline.graph.stages]
        parts += [part for name in pipeline.graph.sensors if (part := _sensor_part(pipeline, name))]
        parts.append(_power_part(pipeline))
        parts += [f"{state.name} {state.state}" for state in pipeline.drivers.values() if not state.works]
        return Text("  |  ").join(Text(part) for part in parts)


def _stream_part(pipeline: Pipeline, meter: Meter, name: str) -> str:
    figures = meter.figures(name, pipeline.clock.now())
    stats = pipeline.stats()[name]
    snapshot = pipeline.latest(name).get()
    if snapshot.status is NEVER:
        return f"{name}: waiting"
    state = f" {snapshot.status.name}" if snapshot.why else ""
    said = f"{name}{state} {figures.fps:.1f} fps, age {snapshot.age * 1e3:.0f} ms, {stats.missed} missed"
    plan = pipeline.latest(name).plan
    if plan is None or len(pipeline.graph.stages[name].model or ()) < 2:
        return said
    return f"{said}, {plan.variant}" + (f" ({plan.why})" if plan.why else "")


def _power_part(pipeline: Pipeline) -> str:
    """Show what the board draws and how that is known, the limit, heat, and meters that are not believed."""
    power, board = pipeline.power, pipeline.board
    limit = "" if power.limit is None else f" of {power.limit:.2f}"
    part = f"{_watts(pipeline):.2f}{limit} W {power.basis}"
    if board.celsius is not None:
        part += f", {board.celsius:.0f} °C"
    if board.throttled:
        part += ", throttled"
    doubted = [name for name, state in pipeline.meters.items() if state.why]
    return part + (f", not believed: {', '.join(doubted)}" if doubted else "")


def _watts(pipeline: Pipeline) -> float:
    """Return the watts of the last seconds; those of the board's state while the scheduler has none yet."""
    return pipeline.power.watts or pipeline.board.watts


def _sensor_part(pipeline: Pipeline, name: str) -> str:
    """Show the columns a sensor holds up as its headline; nothing for a sensor without."""
    reading = pipeline.latest(name).get().message
    columns = pipeline.sensor(name).headline
    if not columns or not isinstance(reading, Reading):
        return ""
    units = {column.name: column.unit for column in reading.columns}
    return ", ".join(f"{column.replace('_', ' ')} {_number(reading[column], units[column])}" for column in columns)


def _number(value: float, unit: str) -> str:
    text = f"{value:.0f}" if float(value).is_integer() and unit == "1" else f"{value:+.3f}"
    return text if unit == "1" else f"{text} {unit}"


def summary(pipeline: Pipeline, meter: Meter) -> None:
    """Print what every stream did in all, or where there is none every source, and each sensor's last headline."""
    console = screen.console(width=_WIDTH, stderr=True)
    if pipeline.graph.stages:
        console.print(_streams(pipeline, meter))
    else:
        for state in pipeline.drivers.values():
            if state.kind in ("camera", "sensor"):
                console.print(f"{state.name}: {state.done} captures, {state.lost} lost")
    console.print(_energy(pipeline))
    for name in pipeline.graph.sensors:
        if part := _sensor_part(pipeline, name):
            console.print(f"{name}: {part}")


def _streams(pipeline: Pipeline, meter: Meter) -> Table:
    headings = ("stream", "model", "frames", "results", "fps", "latency p50", "p99", "missed", "dropped")
    table = screen.table(*headings, left=("stream", "model", "dropped"), whole=headings[:-1])
    for name, stats in pipeline.stats().items():
        figures = meter.figures(name, pipeline.clock.now())
        drops = ", ".join(f"{count} {cause}" for cause, count in sorted(stats.dropped.items())) or "none"
        table.add_row(
            name,
            _point(pipeline, name),
            str(stats.ready),
            str(stats.delivered),
            f"{figures.mean_fps:.1f}",
            _milliseconds(figures.latency_p50),
            _milliseconds(figures.latency_p99),
            f"{stats.missed} ({stats.miss_rate:.1%})",
            drops,
        )
    return table


def figures(pipeline: Pipeline, meter: Meter) -> dict[str, Any]:
    """Return what every stream did in all, and what it took, as plain Python; latencies in seconds."""
    streams = {}
    for name, stats in pipeline.stats().items():
        found = meter.figures(name, pipeline.clock.now())
        rates = {"fps": found.mean_fps, "latency_p50": found.latency_p50, "latency_p99": found.latency_p99}
        streams[name] = {"model": _point(pipeline, name), **asdict(stats), **rates}
    power = pipeline.power
    return {"streams": streams, "watts": _watts(pipeline), "joules": power.joules, "basis": power.basis}


def _energy(pipeline: Pipeline) -> str:
    """Say what the run took: watts, joules, joules a result in time, and readings that were not believed."""
    power = pipeline.power
    useful = sum(stats.delivered - stats.late for stats in pipeline.stats().values())
    said = f"power: {_watts(pipeline):.2f} W, {power.joules:.1f} J in all"
    if useful:
        said += f", {power.joules / useful:.3g} J a result in time"
    said += f" ({power.basis})"
    rejected = sum(state.rejected for state in pipeline.meters.values())
    return said + (f"; {rejected} readings of meters rejected" if rejected else "")


def _point(pipeline: Pipeline, name: str) -> str:
    message = pipeline.latest(name).get().message
    if message is None or not getattr(message, "variant", ""):
        return ""
    threads = getattr(message, "threads", 1)
    return f"{getattr(message, 'variant', '')}" + (f" x{threads}" if threads > 1 else "")


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms" if math.isfinite(seconds) and seconds else "-"
