"""Everything that can be said of a running pipeline, as plain values: /stats.json, and what the page shows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from edgeai.clock import NS
from edgeai.messages import FAULT, NEVER, Regression, Result, Score, plain
from edgeai.observe.history import History, Rates, Row, busy_cores
from edgeai.observe.journal import Journal
from edgeai.observe.observed import Observed
from edgeai.observe.pictures import Pictures
from edgeai.observe.process import memory
from edgeai.observe.tallies import Tallies

__all__ = ["charts", "document"]

_MOST_TEXT = 160
"""Characters of a value that are shown."""


def document(
    pipeline: Observed, history: History, tallies: Tallies, journal: Journal, pictures: Pictures
) -> dict[str, Any]:
    """Return the state of a pipeline now; seconds, watts, bytes; None for what is not known."""
    row = history.newest
    return {
        "now": pipeline.clock.now() / NS,
        "state": _state(pipeline, journal),
        "schedule": _schedule(pipeline),
        "recording": _recording(pipeline),
        "power": _power(pipeline),
        "process": {"cpu": row.cpu if row else 0.0, "memory": memory(), "busy": busy_cores(pipeline)},
        "streams": [_stream(pipeline, name, row, tallies, pictures) for name in pipeline.graph.stages],
        "sensors": [_sensor(pipeline, name) for name in pipeline.graph.sensors],
        "drivers": _drivers(pipeline, row),
        "edges": list(_edges(pipeline, row)),
        "journal": [{**asdict(entry), "t": entry.t / NS} for entry in journal.entries()],
    }


def charts(history: History) -> dict[str, Any]:
    """Return the last minutes as columns: times in seconds, and a list of equal length for each figure."""
    rows = history.rows()
    streams = list(rows[-1].stages) if rows else []
    return {
        "t": [row.t / NS for row in rows],
        "watts": [row.watts for row in rows],
        "celsius": [row.celsius for row in rows],
        "cpu": [row.cpu for row in rows],
        "streams": {
            name: {
                figure: [getattr(row.stages[name], figure) for row in rows] for figure in ("results", "missed", "age")
            }
            for name in streams
        },
    }


def _state(pipeline: Observed, journal: Journal) -> str:
    if pipeline.finished:
        return "finished"
    if pipeline.paused:
        return "paused"
    return "fault" if journal.faults else "running"


def _schedule(pipeline: Observed) -> dict[str, Any]:
    schedule = pipeline.schedule
    return {"policy": schedule.policy, "budget": schedule.budget, "lanes": schedule.lanes}


def _recording(pipeline: Observed) -> dict[str, Any] | None:
    """Return what is recorded now, None for nothing."""
    status = None if pipeline.recorder is None else pipeline.recorder.status
    if status is None or not status.recording:
        return None
    path = None if status.path is None else str(status.path)
    return {"path": path, "frames": status.frames, "bytes": status.bytes, "dropped": status.dropped}


def _power(pipeline: Observed) -> dict[str, Any]:
    power, board = pipeline.power, pipeline.board
    return {
        "watts": power.watts or board.watts,
        "basis": power.basis,
        "meter": board.meter,
        "joules": power.joules,
        "limit": power.limit,
        "celsius": board.celsius,
        "throttled": board.throttled,
        "battery": board.joules,
    }


def _stream(pipeline: Observed, name: str, row: Row | None, tallies: Tallies, pictures: Pictures) -> dict[str, Any]:
    stats = pipeline.stats()[name]
    latest = pipeline.latest(name)
    snapshot, plan = latest.get(), latest.plan
    p50, p99 = tallies.of[name].percentiles(0.5, 0.99)
    rates = row.stages[name] if row and name in row.stages else Rates(0.0, 0.0, 0.0, None)
    spec = pipeline.graph.stages[name]
    return {
        "name": name,
        "input": spec.input,
        "picture": pictures.has(name),
        "status": snapshot.status.value,
        "why": snapshot.why if snapshot.status in (FAULT, NEVER) else "",
        "age": snapshot.age if math.isfinite(snapshot.age) else None,
        "ready": rates.ready,
        "fps": rates.results,
        "missed": rates.missed,
        "latency": {"p50": p50, "p99": p99},
        "deadline": spec.deadline,
        "counts": {**asdict(stats), "miss_rate": stats.miss_rate},
        "plan": None if plan is None else {**asdict(plan), "since": plan.since / NS},
        "ladder": [str(model) for model in spec.model or ()],
        "value": _in_words(snapshot.message),
    }


def _in_words(message: Any) -> str:
    """Return what a stream found in a few words."""
    if not isinstance(message, Result):
        return ""
    value = message.value
    if isinstance(value, Regression):
        text = ", ".join(f"{column.name} {n:+.3g}" for column, n in zip(value.columns, value.values, strict=True))
    elif isinstance(value, Score):
        text = f"{value.name} {value.value:.3g}"
    elif hasattr(value, "label"):
        labels = list(value.label)
        text = ", ".join(f"{labels.count(label)} {label}" for label in dict.fromkeys(labels)) or "nothing seen"
    elif hasattr(value, "shape"):
        text = ""
    else:
        shown = plain(value)
        text = shown if isinstance(shown, str) else ", ".join(_pairs(shown))
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"


def _pairs(shown: Any) -> list[str]:
    if isinstance(shown, Mapping):
        return [f"{key} {item:.4g}" if isinstance(item, float) else f"{key} {item}" for key, item in shown.items()]
    return [str(shown)]


def _sensor(pipeline: Observed, name: str) -> dict[str, Any]:
    driver = pipeline.sensor(name)
    snapshot = pipeline.latest(name).get()
    reading = snapshot.message
    values = reading.as_dict() if reading is not None else {}
    shown = [key for key in driver.headline if key in values] or list(values)[:3]
    units = {column.name: column.unit for column in reading.columns} if reading is not None else {}
    return {
        "name": name,
        "status": snapshot.status.value,
        "age": snapshot.age if math.isfinite(snapshot.age) else None,
        "values": [
            {"name": key, "value": values[key] if math.isfinite(values[key]) else None, "unit": units[key]}
            for key in shown
        ],
    }


def _drivers(pipeline: Observed, row: Row | None) -> list[dict[str, Any]]:
    """Return every driver: what it is, what it does and why, and how much it delivers a second."""
    graph, meters = pipeline.graph, pipeline.meters
    named = {**graph.cameras, **graph.sensors, **(graph.meters or {}), **graph.outputs}
    return [
        {
            **asdict(state),
            "driver": named[name].driver if name in named else name,
            "works": state.works and not (name in meters and meters[name].why),
            "why": state.why or (meters[name].why if name in meters else ""),
            "since": state.since / NS,
            "rate": row.drivers.get(name) if row else None,
        }
        for name, state in pipeline.drivers.items()
    ]


def _edges(pipeline: Observed, row: Row | None) -> Iterator[dict[str, Any]]:
    """Yield what flows where, a second: from a source or stage to a stage or output."""
    graph = pipeline.graph
    for name, stage in graph.stages.items():
        yield {"from": stage.input, "to": name, "rate": row.stages[name].ready if row else 0.0}
        for output in graph.outputs_of(name):
            yield {"from": name, "to": output, "rate": row.stages[name].results if row else 0.0}
