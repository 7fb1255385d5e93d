"""What happened as a trace that ui.perfetto.dev and chrome://tracing open.

The form is the Trace Event Format in JSON: a track for each source, lane and output, slices for what they were busy
with, an arrow from a frame's capture to the jobs that looked at it and on to the outputs that got the results, counters
of watts, temperature and latency, and marks for drops, announcements and faults. Times are microseconds of the
pipeline's clock.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from edgeai.errors import ConfigError
from edgeai.observe.spans import Failed, Note, Said, Wrote
from edgeai.schedule.commands import Command, Drop, Job, Load, Run
from edgeai.schedule.events import Configure, Event, FrameReady, JobDone, Loaded, LoadFailed, Sensed
from edgeai.schedule.workload import Workload

__all__ = ["Decided", "trace_events", "write_trace"]

_PID = 1
_ORDER = ("messages", "source", "stream", "lane", "output", "loader")
"""Kinds of tracks from top to bottom."""

_STEPS = {"preprocessed": "preprocess", "invoked": "invoke", "decoded": "decode", "called": "call", "delayed": "delay"}
"""From the mark at a step's end to what a slice is called."""

_ANCHORS = 20_000
"""Items to which an arrow may still be drawn."""


class Decided(Protocol):
    """A decision, from memory or from a recording."""

    @property
    def event(self) -> Event:
        """What happened."""
        ...

    @property
    def commands(self) -> tuple[Command, ...]:
        """What the scheduler made of it."""
        ...


def trace_events(moments: Iterable[Decided | Note], workload: Workload) -> Iterator[dict[str, Any]]:
    """Yield the events of a trace; a decision on a job comes before its end, and that before what was written of it."""
    trace = _Trace(workload)
    for moment in moments:
        yield from trace.of(moment)


def write_trace(path: Path, events: Iterable[dict[str, Any]]) -> int:
    """Write events as a file, one a line, and return how many there are. Raises ConfigError."""
    count = 0
    try:
        with path.open("w", encoding="utf-8") as file:
            file.write('{"displayTimeUnit": "ms", "traceEvents": [\n')
            for count, event in enumerate(events, 1):
                file.write(f"{',' if count > 1 else ''}{json.dumps(event, ensure_ascii=False)}\n")
            file.write("]}\n")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror}): give a place with room") from error
    return count


class _Anchor(NamedTuple):
    """Where an item came up: a track, a time within a slice of it, and when it was ready (ns)."""

    tid: int
    t: int
    ready: int


class _Trace:
    """Remembers what later moments refer to: jobs that run, and where the arrows to them begin."""

    def __init__(self, workload: Workload) -> None:
        self._points = {stage.name: stage.points for stage in workload.stages}
        self._tracks: dict[tuple[str, str], int] = {}
        self._jobs: dict[int, tuple[Job, int, int]] = {}
        """What runs: the job, when it was ordered, and its place among those that run together."""
        self._anchors: dict[tuple[str, int], _Anchor] = {}
        self._arrived: dict[str, int] = {}
        self._loads: dict[tuple[str, int], int] = {}
        self._arrows = 0

    def of(self, moment: Decided | Note) -> Iterator[dict[str, Any]]:
        """Yield the events of a moment."""
        if isinstance(moment, Wrote):
            yield from self._wrote(moment)
        elif isinstance(moment, Said):
            name = f"{moment.stage}: {moment.state}" if moment.stage else moment.state
            yield from self._mark("messages", "announcements", name, moment.t, "p", {"why": moment.why})
        elif isinstance(moment, Failed):
            yield from self._mark("messages", "faults", moment.name, moment.t, "g", {"why": moment.sentence})
        else:
            yield from self._event(moment.event)
            for command in moment.commands:
                yield from self._command(moment.event.t, command)

    # -- the scheduler's events and commands ---------------------------------------------------------------------

    def _event(self, event: Event) -> Iterator[dict[str, Any]]:
        if isinstance(event, FrameReady):
            yield from self._captured(event)
        elif isinstance(event, JobDone):
            yield from self._done(event)
        elif isinstance(event, Sensed):
            yield from self._sensed(event)
        elif isinstance(event, Loaded | LoadFailed):
            began = self._loads.pop((event.stage, event.point), event.t)
            name = f"load {self._variant(event.stage, event.point)}"
            args = {"stage": event.stage, "failed": getattr(event, "why", "")}
            yield from self._slice("loader", "loader", name, began, event.t, args)
        elif isinstance(event, Configure):
            yield from self._mark(
                "messages", "announcements", f"policy {type(event.policy).__name__}", event.t, "p", {}
            )

    def _command(self, t: int, command: Command) -> Iterator[dict[str, Any]]:
        if isinstance(command, Run):
            self._jobs |= {job.id: (job, t, row) for row, job in enumerate(command.jobs)}
        elif isinstance(command, Drop):
            kind = "stream" if command.origin in self._points else "source"
            args = {"stage": command.stage, "seq": command.seq}
            yield from self._mark(kind, command.origin, f"dropped: {command.cause}", t, "t", args)
        elif isinstance(command, Load):
            self._loads[command.stage, command.point] = t

    def _captured(self, event: FrameReady) -> Iterator[dict[str, Any]]:
        """A frame on its way from capture to arrival; slices of one track must not overlap."""
        began = min(max(event.stamp, self._arrived.get(event.source, event.stamp)), event.t)
        self._arrived[event.source] = event.t
        args = {"seq": event.seq, "on its way ms": (event.t - event.stamp) / 1e6}
        yield from self._slice("source", event.source, "frame", began, event.t, args)
        self._anchor(event.source, event.seq, _Anchor(self._track("source", event.source), began, event.t))

    def _done(self, event: JobDone) -> Iterator[dict[str, Any]]:
        """A job with its steps, and the arrow to it; one that began before the first moment is left out."""
        job, ordered, row = self._jobs.pop(event.job, (None, 0, 0))
        if job is None:
            return
        began = max(event.published - event.wall, ordered)
        lane = f"lane {job.lane}" + (f", aboard {row}" if row else "")
        anchor = self._anchors.get((job.origin, job.seq))
        point = self._points[job.stage][job.point] if job.stage in self._points else None
        args = {
            "seq": job.seq,
            "variant": point.variant if point else "",
            "threads": point.threads if point else 1,
            "waited ms": (began - anchor.ready) / 1e6 if anchor else None,
            "latency ms": (event.published - job.stamp) / 1e6,
            "slack ms": None if job.deadline is None else (job.deadline - event.published) / 1e6,
        }
        yield from self._slice("lane", lane, job.stage if event.ok else f"{job.stage}: fault", began, event.t, args)
        t = began
        for mark, ns in event.steps:
            end = min(t + ns, event.published)
            yield from self._slice("lane", lane, _STEPS.get(mark, mark), t, end, {})
            t = end
        yield from self._slice("lane", lane, "publish", event.published, event.t, {})
        yield from self._arrow(job.origin, job.seq, self._track("lane", lane), began)
        if event.ok:
            self._anchor(job.stage, job.seq, _Anchor(self._track("lane", lane), event.published, event.published))
            yield self._counter(f"latency of {job.stage}, ms", event.published, (event.published - job.stamp) / 1e6)

    def _sensed(self, event: Sensed) -> Iterator[dict[str, Any]]:
        if event.watts is not None:
            yield self._counter(f"power, W, {event.basis}", event.t, event.watts)
        if event.celsius is not None:
            yield self._counter("temperature, °C", event.t, event.celsius)
        if event.battery is not None:
            yield self._counter("battery, Wh", event.t, event.battery / 3600)

    def _wrote(self, note: Wrote) -> Iterator[dict[str, Any]]:
        args = {"stream": note.stream, "seq": note.seq}
        yield from self._slice("output", note.output, "write", note.began, note.ended, args)
        yield from self._arrow(note.stream, note.seq, self._track("output", note.output), note.began)

    def _variant(self, stage: str, point: int) -> str:
        return self._points[stage][point].variant if stage in self._points else stage

    # -- the format ----------------------------------------------------------------------------------------------

    def _slice(
        self, kind: str, name: str, what: str, began: int, ended: int, args: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        yield from self._named(kind, name)
        tid = self._track(kind, name)
        yield {**_head("X", what, tid, began), "dur": max(0, ended - began) / 1e3, "cat": kind, "args": args}

    def _mark(
        self, kind: str, name: str, what: str, t: int, scope: str, args: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        yield from self._named(kind, name)
        yield {**_head("i", what, self._track(kind, name), t), "s": scope, "cat": kind, "args": args}

    def _counter(self, name: str, t: int, value: float) -> dict[str, Any]:
        return {**_head("C", name, 0, t), "args": {"value": round(value, 6)}}

    def _arrow(self, origin: str, seq: int, tid: int, t: int) -> Iterator[dict[str, Any]]:
        """An arrow from where an item came up to the slice that begins at `t`."""
        anchor = self._anchors.get((origin, seq))
        if anchor is not None:
            self._arrows += 1
            same = {"cat": "frame", "id": self._arrows}
            yield {**_head("s", "frame", anchor.tid, anchor.t), **same}
            yield {**_head("f", "frame", tid, t), **same, "bp": "e"}

    def _anchor(self, origin: str, seq: int, anchor: _Anchor) -> None:
        if len(self._anchors) >= _ANCHORS:
            del self._anchors[next(iter(self._anchors))]
        self._anchors[origin, seq] = anchor

    def _track(self, kind: str, name: str) -> int:
        return self._tracks.setdefault((kind, name), len(self._tracks) + 1)

    def _named(self, kind: str, name: str) -> Iterator[dict[str, Any]]:
        """Name a track before its first event."""
        if (kind, name) in self._tracks:
            return
        if not self._tracks:
            yield {"ph": "M", "name": "process_name", "pid": _PID, "tid": 0, "args": {"name": "edgeai"}}
        tid = self._track(kind, name)
        shown = name if kind in ("messages", "lane", "loader") else f"{kind} {name}"
        for what, args in (("name", {"name": shown}), ("sort_index", {"sort_index": _ORDER.index(kind) * 1000 + tid})):
            yield {"ph": "M", "name": f"thread_{what}", "pid": _PID, "tid": tid, "args": args}


def _head(phase: str, name: str, tid: int, t: int) -> dict[str, Any]:
    return {"ph": phase, "name": name, "pid": _PID, "tid": tid, "ts": t / 1e3}
