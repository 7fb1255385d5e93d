"""What happened in a recording, read in one pass, pictures left aside."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from edgeai.driver import DriverState
from edgeai.messages import Result
from edgeai.recording import format as layout
from edgeai.recording.header import Header
from edgeai.recording.reader import Decision, FaultNote, Loss, Recording
from edgeai.schedule.commands import Announce, Drop
from edgeai.schedule.events import Configure, Event, Sensed
from edgeai.schedule.policy import Policy
from edgeai.schedule.workload import StageLoad

__all__ = ["PHASES", "Happening", "Look", "StageStory", "Story", "read_story"]

PHASES = ("arrive", "earlier stages", "wait", "preprocess", "invoke", "decode", "other steps", "publish")
"""What the time from capture to publication is spent on, in order."""

_PHASE_OF = {"started": "wait", "preprocessed": "preprocess", "invoked": "invoke", "decoded": "decode"}
_MISSED = ("superseded", "late", "fault")
_WORST = 40
"""Results of a stage that are kept whole, those with the greatest latency."""


@dataclass(frozen=True, slots=True)
class Look:
    """One result: when it was published and its latency (ns), its operating point, ns of each of PHASES."""

    published: int
    latency: int
    variant: str
    threads: int
    phases: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something to tell of at `t` (ns): a `fault`, a `driver`, a `decision` or a `note`; about whom, what, why."""

    t: int
    kind: str
    name: str
    what: str
    why: str


@dataclass(slots=True)
class StageStory:
    """What a stage did. drops: (t, cause) of each item it did not look at; worst: results of the greatest latency."""

    load: StageLoad
    looks: list[Look] = field(default_factory=list)
    drops: list[tuple[int, str]] = field(default_factory=list)
    worst: list[tuple[int, int, Result]] = field(default_factory=list)

    @property
    def late(self) -> int:
        """Results after the deadline."""
        deadline = self.load.deadline
        return 0 if deadline is None else sum(look.latency > deadline for look in self.looks)

    @property
    def misses(self) -> list[int]:
        """When results came too late, or items that were due got none (ns)."""
        deadline = self.load.deadline
        late = [look.published for look in self.looks if deadline is not None and look.latency > deadline]
        return late + [t for t, cause in self.drops if cause in _MISSED]

    @property
    def missed(self) -> int:
        """Results after the deadline, and items that were due and got none."""
        return len(self.misses)

    @property
    def offered(self) -> int:
        """Results, and items that were due and got none."""
        return len(self.looks) + self.missed - self.late


@dataclass(slots=True)
class Story:
    """A recording's story; times are ns on the pipeline's clock, from `began` to `ended`.

    watts: (t, W, whether it was measured); celsius: (t, °C); budgets: (t, W) from when on a budget held. lost: what the
    recorder had no room for, by topic.
    """

    name: str
    header: Header
    began: int = 0
    ended: int = 0
    stages: dict[str, StageStory] = field(default_factory=dict)
    watts: list[tuple[int, float, bool]] = field(default_factory=list)
    celsius: list[tuple[int, float]] = field(default_factory=list)
    budgets: list[tuple[int, float]] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended - self.began) * 1e-9

    @property
    def joules(self) -> float:
        """What the board took, each figure holding since the one before."""
        joules, before = 0.0, self.began
        for t, watts, _ in self.watts:
            joules += watts * (t - before) * 1e-9
            before = t
        return joules


def read_story(
    recording: Recording, policies: Callable[[str], type[Policy]], told: Callable[[int], object] = lambda count: None
) -> Story:
    """Read a recording, passing over what is damaged; `told` is called with the number of values read so far."""
    header = recording.header
    story = Story(recording.path.name, header, recording.opening.t, recording.opening.t)
    story.stages = {load.name: StageStory(load) for load in header.workload.stages}
    _budget(story, recording.opening.t, header.policy.get("options", header.policy))
    topics = [layout.DECISIONS, layout.DROPS, layout.ANNOUNCEMENTS, layout.FAULTS, layout.DRIVERS, layout.LOSSES]
    topics += [layout.results_of(name) for name in story.stages]
    for count, record in enumerate(recording.records(topics, salvage=True, policies=policies)):
        story.ended = max(story.ended, record.t)
        _tell(story, record.t, record.value)
        told(count)
    story.happenings = sorted(_edges(story.happenings), key=lambda happening: happening.t)
    return story


def _tell(story: Story, t: int, value: Any) -> None:
    match value:
        case Decision(event, _):
            _event(story, event)
        case Result():
            _result(story, value)
        case Drop(stage, _, _, cause) if stage in story.stages:
            story.stages[stage].drops.append((t, cause))
        case Announce(stage, state, why):
            story.happenings.append(Happening(t, "decision" if stage else "note", stage, state, why))
        case FaultNote(name, _, sentence, at):
            story.happenings.append(Happening(at, "fault", name, "failed", sentence))
        case DriverState(name, _, state, why):
            story.happenings.append(Happening(t, "driver", name, state, why))
        case Loss(topic, count, _):
            story.lost[topic] = count


def _event(story: Story, event: Event) -> None:
    if isinstance(event, Sensed):
        if event.watts is not None:
            story.watts.append((event.t, event.watts, event.basis == "measured"))
        if event.celsius is not None:
            story.celsius.append((event.t, event.celsius))
    elif isinstance(event, Configure):
        name = type(event.policy).__name__
        asked = _asked(event.policy)
        words = ", ".join(f"{key.replace('_', ' ')} {number:g}" for key, number in asked.items())
        story.happenings.append(Happening(event.t, "decision", "", f"policy {name}", words))
        _budget(story, event.t, asked)


def _asked(policy: Policy) -> dict[str, float]:
    fields = getattr(policy, "__dataclass_fields__", {})
    values = {name: getattr(policy, name) for name in fields}
    return {name: value for name, value in values.items() if isinstance(value, int | float)}


def _budget(story: Story, t: int, asked: Any) -> None:
    watts = asked.get("budget") if isinstance(asked, dict) else None
    if isinstance(watts, int | float):
        story.budgets.append((t, float(watts)))


def _result(story: Story, result: Result) -> None:
    stage = story.stages[result.stream]
    latency = result.published - result.stamp
    stage.looks.append(Look(result.published, latency, result.variant, result.threads, _phases(result)))
    if len(stage.worst) < _WORST:
        heapq.heappush(stage.worst, (latency, result.seq, result))
    elif latency > stage.worst[0][0]:
        heapq.heapreplace(stage.worst, (latency, result.seq, result))


def _phases(result: Result) -> tuple[int, ...]:
    """Split a result's ledger into ns of each phase; what an earlier stage did is one of them."""
    spent = dict.fromkeys(PHASES, 0)
    before = result.stamp
    for name, mark, t in result.ledger:
        if name == result.stream:
            phase = "publish" if mark == "published" else _PHASE_OF.get(mark, "other steps")
        else:
            phase = "arrive" if mark in ("captured", "arrived") else "earlier stages"
        spent[phase] += t - before
        before = t
    return tuple(spent.values())


def _edges(happenings: list[Happening]) -> Iterator[Happening]:
    """Leave out that drivers open, run and close as they should."""
    troubled: set[str] = set()
    for happening in happenings:
        if happening.kind != "driver" or happening.what in ("stalled", "lost", "retrying"):
            troubled.add(happening.name if happening.kind == "driver" else "")
            yield happening
        elif happening.what == "running" and happening.name in troubled:
            troubled.discard(happening.name)
            yield happening
