"""A recording replayed: what came out, beside what was recorded."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from edgeai.errors import ConfigError, Problem
from edgeai.messages import Result
from edgeai.power.boards import Board, load_board
from edgeai.recording.notes import Decision
from edgeai.recording.reader import Recording
from edgeai.replay.choices import Divergence, choices, divergence
from edgeai.replay.compare import EXACT, Comparison, Rule, Rules, compare
from edgeai.replay.driven import Driven, drive
from edgeai.replay.durations import RecordedDurations
from edgeai.replay.graphs import graph_of, require_same_models, with_recording
from edgeai.replay.past import Past, policy_of
from edgeai.replay.recompute import decision_rows, recompute
from edgeai.replay.recorded import rerun
from edgeai.replay.rows import Row, digest, result_row
from edgeai.runtime.disturbance import Disturbance
from edgeai.runtime.taps import Fault, Tap
from edgeai.schedule.events import Configure, Event, Pause, Sensed, Shutdown
from edgeai.schedule.snapshot import restore
from edgeai.schedule.workload import Workload

__all__ = ["Mode", "Replay", "replay"]

Mode = Literal["lossless", "recorded", "recompute"]

_OF_TIME = ("stamp", "published", "inferred_stamp", "variant", "threads")
_VALUES = Rules(tuple(Rule(f"*.{field}", ignore=True) for field in _OF_TIME))
"""Without the decisions that were taken, only what was found in each frame can be compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """A replay: results and decisions as they came out, the recording, and what was driven in virtual time.

    rules: how this mode is compared with the recording. driven: None where nothing but the scheduler, or nothing but
    perception, was run.
    """

    past: Past
    mode: Mode
    results: tuple[Result, ...] = ()
    decisions: tuple[Decision, ...] = ()
    rules: Rules = EXACT
    driven: Driven | None = None

    @property
    def path(self) -> Path:
        """The recording's file."""
        return self.past.recording.path

    @property
    def lossy(self) -> bool:
        """True where the pictures that are replayed are not those that were inferred on."""
        return self.past.recording.header.lossy

    @property
    def workload(self) -> Workload:
        """What was scheduled in the recorded run."""
        return self.past.recording.header.workload

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What failed in the replay, in the order of time."""
        return () if self.driven is None else tuple(self.driven.faults)

    def rows(self) -> Iterator[Row]:
        """Yield what came out as rows: results, then decisions."""
        yield from map(result_row, self.results)
        yield from decision_rows(self.decisions)

    @property
    def digest(self) -> str:
        """The SHA-256 of all rows: equal for two replays that agree byte for byte."""
        return digest(self.rows())

    @property
    def divergence(self) -> Divergence:
        """Where the scheduler chose differently from what was recorded; nothing where it was not asked."""
        now = self.workload if self.driven is None else self.driven.workload
        return divergence(choices(self.past.decisions, self.workload), choices(self.decisions, now))

    def compare(self, rules: Rules | None = None) -> Comparison:
        """Compare with what was recorded of the same kind."""
        then = self.past.decisions if self.decisions or self.mode == "recompute" else ()
        alike = {i for i, pair in enumerate(zip(then, self.decisions, strict=False)) if pair[0] == pair[1]}
        results = self.past.results if self.results or self.mode != "recompute" else ()
        return compare(
            (*map(result_row, results), *decision_rows(then, alike)),
            (*map(result_row, self.results), *decision_rows(self.decisions, alike)),
            self.rules if rules is None else rules,
            {"decisions": len(alike)} if alike else {},
        )


def replay(
    path: str | os.PathLike[str],
    *,
    mode: Mode = "recompute",
    graph: str | os.PathLike[str] | None = None,
    allow_code: bool = False,
    board: str | None = None,
    schedule: Mapping[str, Any] | None = None,
    models: Mapping[str, Sequence[str]] | None = None,
    numerics: Literal["default", "reference"] | None = None,
    outputs: Mapping[str, Any] | None = None,
    disturb: Disturbance | None = None,
    taps: Sequence[Tap] = (),
) -> Replay:
    """Replay a recording in virtual time.

    mode: `lossless` runs every frame through the models; `recorded` runs the jobs that ran, again; `recompute` gives
    the recorded events to a fresh scheduler, or, with another graph, board, schedule, ladder (`models`, by stage) or
    faults (`disturb`), drives the recorded sources on the lock-step engine: what would have been. outputs: what
    is to be written meanwhile; nothing by default, and no device is driven. numerics: kernels of the models.

    Raises RecordingError, ConfigError, ModelError.
    """
    recording = Recording.open(path)
    past = Past(recording)
    if mode == "recompute" and not (graph or board or schedule or models or disturb):
        return Replay(past, mode, decisions=recompute(past))
    made = graph_of(recording, None if graph is None else Path(graph), allow_code=allow_code)
    if not models:
        require_same_models(made, recording)
    ran_on = load_board(recording.header.board)
    driven_graph = with_recording(
        made,
        recording,
        lossless=mode == "lossless",
        numerics=numerics,
        schedule={"profile": None, **(schedule or {})} if made.schedule.profile else schedule,
        models=models,
        outputs=outputs,
    )
    if mode == "recorded":
        if schedule or board or disturb:
            raise ConfigError(Problem("mode", "recorded", "recompute, where a schedule, board or fault is to be tried"))
        return Replay(past, mode, tuple(rerun(driven_graph, recording).results))
    target: Board = ran_on if board is None else load_board(board)
    chooses = mode != "lossless" or any(stage.model and len(stage.model) > 1 for stage in driven_graph.stages.values())
    then = past.decisions if chooses else ()  # every frame by the only model: no decision bears on that
    durations = RecordedDurations.of_recording(
        recording.header, recording.opening.calibrated, then, None if board is None else target
    )
    driven = drive(
        driven_graph,
        recording,
        durations,
        target,
        told=[*_followed(recording, graph, schedule), *_told(then, keep_policy=not schedule)],
        disturb=disturb,
        taps=taps,
        until=None if mode == "lossless" or not then else then[-1].event.t,
    )
    if mode == "lossless":
        return Replay(past, mode, tuple(driven.results), rules=_VALUES, driven=driven)
    decisions = tuple(driven.decisions)
    if then and not isinstance(then[-1].event, Shutdown):
        decisions = decisions[:-1]  # the recording ended and the run went on
    return Replay(past, mode, tuple(driven.results), decisions, driven=driven)


def _followed(recording: Recording, graph: Any, schedule: Any) -> Iterator[Event]:
    """Yield the policy that was followed when a later file began: the graph names the one of the first file."""
    opening = recording.opening
    if not graph and not schedule and opening.calibrated is not None:
        yield Configure(opening.t, restore(opening.scheduler, policy_of).planner.policy)


def _told(then: Sequence[Decision], *, keep_policy: bool) -> Iterator[Event]:
    """Yield what the scheduler was told from outside; watts are modelled anew, for other work takes other watts."""
    for decision in then:
        event = decision.event
        if isinstance(event, Sensed):
            yield replace(event, watts=None)
        elif isinstance(event, Pause) or (keep_policy and isinstance(event, Configure)):
            yield event
