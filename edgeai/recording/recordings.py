"""The recordings of a pipeline: one at a time, from its start on or begun and ended while it runs."""

from __future__ import annotations

import logging
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edgeai.clock import Clock
from edgeai.errors import ConfigError
from edgeai.graph import Graph
from edgeai.power.boards import Board
from edgeai.recording.options import RecordOptions
from edgeai.runtime.assembly import Assembly
from edgeai.runtime.core import Core
from edgeai.runtime.disturbance import Disturbance
from edgeai.runtime.listeners import Listeners
from edgeai.runtime.roster import Roster

if TYPE_CHECKING:
    from edgeai.recording.recorder import Recorder

__all__ = ["Recordings"]

_log = logging.getLogger("edgeai")

_WRITE_OUT = 2.0
"""Seconds after which what waits for a recording is given up at the end, when nothing of it could be written."""


class Recordings:
    """Makes recorders and ends them. Any thread may call."""

    def __init__(
        self, graph: Graph, clock: Clock, listeners: Listeners, roster: Roster, disturb: Disturbance | None
    ) -> None:
        self.asked = _asked(graph)
        """What is recorded from the start on; None where nothing is."""
        self.recorder: Recorder | None = None
        """What records, or did last; None before the first time."""
        self._graph, self._clock = graph, clock
        self._listeners, self._roster = listeners, roster
        self._disturb = disturb
        self._lock = threading.Lock()
        self._closed = False

    def open(self, assembly: Assembly, board: Board) -> tuple[Recorder, ...]:
        """Return the recorder, a tap for the engine to be made, where something is recorded from the start on."""
        if self.asked is not None:
            self.recorder = self._make(self.asked, assembly, board)
        return () if self.recorder is None else (self.recorder,)

    def begin(self, options: RecordOptions, assembly: Assembly, board: Board, core: Core) -> None:
        """Begin a recording while the pipeline runs. Raises ConfigError."""
        with self._lock:
            if self._closed:
                raise ConfigError("this pipeline has stopped: there is nothing to record any more")
            if self.recorder is not None and self.recorder.status.recording:
                raise ConfigError(f"{options.path}: one recording is being made already: call stop_recording() first")
            if self.recorder is not None:
                core.detach(self.recorder)  # it has failed
            recorder = self._make(options, assembly, board)
            core.attach(recorder)
            self.recorder = recorder

    def end(self, core: Core) -> tuple[Path, ...]:
        """End the recording while the pipeline goes on; returns its files, none where nothing is recorded."""
        with self._lock:
            if self.recorder is None or not self.recorder.status.recording:
                return ()
            core.detach(self.recorder)
            _write_out(self.recorder)
            return self.recorder.paths

    def close(self) -> None:
        """Write out what waits, for as long as that gets on; nothing is recorded any more."""
        with self._lock:
            self._closed = True
            if self.recorder is not None:
                _write_out(self.recorder)

    def _make(self, options: RecordOptions, assembly: Assembly, board: Board) -> Recorder:
        from edgeai.recording.facts import headers_of
        from edgeai.recording.recorder import Recorder

        headers = headers_of(options, self._graph, assembly, assembly.programs.models, board, self._clock)
        cameras = [camera.name for camera in assembly.cameras]
        full = None if self._disturb is None else partial(self._disturb.full, Recorder.name)
        return Recorder(options, headers, cameras, self._clock, self._listeners.faulted, self._roster, full)


def _asked(graph: Graph) -> RecordOptions | None:
    spec = graph.record
    return None if spec is None else RecordOptions(Path(spec.path), spec.cameras, spec.rotate, spec.look_back)


def _write_out(recorder: Recorder) -> None:
    if not recorder.close(_WRITE_OUT):
        _log.warning("the recording was not written out in time and ends before its end")
