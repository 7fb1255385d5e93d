"""What happens to the scheduler. Every time is in ns on the pipeline's clock; all values can be logged and replayed.

What there is one of for each frame is a named tuple: it takes a fifth of a frozen dataclass's time to make.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from edgeai.schedule.policy import Policy

__all__ = [
    "Batching",
    "Calibrated",
    "Configure",
    "Event",
    "FrameReady",
    "JobDone",
    "LoadFailed",
    "Loaded",
    "Pause",
    "Profile",
    "Sensed",
    "Shutdown",
    "Skip",
    "Tick",
    "Unpaired",
]


class FrameReady(NamedTuple):
    """A frame of a source has arrived; partners: (source or stage, seq) of what it was joined with."""

    t: int
    source: str
    seq: int
    stamp: int
    partners: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Unpaired:
    """A frame of a source has arrived, and what it was to be joined with has not."""

    t: int
    source: str
    seq: int
    stamp: int


Skip = Literal["gated", "empty"]
"""Why a job's model did not look: a gate saw that nothing moved, or there was nothing to look at."""


class JobDone(NamedTuple):
    """A job ended. `steps` are (mark, wall ns) as measured by the engine, `cpu` is the lane's CPU time in ns.

    `published` is the time its result was published; with `ok` false the stage raised and nothing was published. Jobs
    that ran together took the same steps, and share the CPU time. skipped: why its model did not look; its duration is
    none of the model's then.
    """

    t: int
    job: int
    ok: bool
    published: int
    steps: tuple[tuple[str, int], ...] = ()
    cpu: int = 0
    skipped: Skip | None = None

    @property
    def wall(self) -> int:
        """Nanoseconds the lane was busy."""
        wall = 0
        for _, ns in self.steps:
            wall += ns
        return wall


@dataclass(frozen=True, slots=True)
class Profile:
    """Measured durations of one operating point of a stage, in ns; 0 for a quantile that is not known.

    watts: what the board takes above idle while it runs, None where only the board's table tells.
    """

    stage: str
    point: int
    p50: int
    p99: int
    p90: int = 0
    p95: int = 0
    p999: int = 0
    watts: float | None = None


@dataclass(frozen=True, slots=True)
class Batching:
    """Operating points of several stages that share a model, and what running their items as one takes.

    members: (stage, point), each stage once. stretch: how much longer one run of any number of them takes than that of
    a single one; None where they never run together, and `why` says why not.
    """

    members: tuple[tuple[str, int], ...]
    stretch: float | None = None
    why: str = ""

    @property
    def told(self) -> str:
        """What was found, in a few words. `batched: 2.1x at 4`: a run of four does 2.1 times as much in a time."""
        if self.stretch is None:
            return f"not batched: {self.why}"
        return f"batched: {len(self.members) / self.stretch:.1f}x at {len(self.members)}"


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Profiles were measured at load, or come from a table.

    idle, busy: the board's watts with nothing running, and above that while a lane runs; 0 where no table is known.
    started: the time of day, seconds after local midnight; a virtual day begins at midnight.
    """

    t: int
    profiles: tuple[Profile, ...]
    idle: float = 0.0
    busy: float = 0.0
    batchings: tuple[Batching, ...] = ()
    started: float = 0.0


@dataclass(frozen=True, slots=True)
class Loaded:
    """An operating point that was to be loaded is warm and can run from now on."""

    t: int
    stage: str
    point: int


@dataclass(frozen=True, slots=True)
class LoadFailed:
    """An operating point could not be loaded; `why` is a sentence."""

    t: int
    stage: str
    point: int
    why: str


@dataclass(frozen=True, slots=True)
class Sensed:
    """The situation: watts at the board's input, degrees Celsius, throttling, battery in joules; None: unknown.

    watts is the mean since the last event of this kind, so that watts x time is energy.
    """

    t: int
    watts: float | None = None
    celsius: float | None = None
    throttled: bool | None = None
    battery: float | None = None
    basis: Literal["measured", "modelled"] = "measured"


@dataclass(frozen=True, slots=True)
class Configure:
    """From now on another policy decides; a policy is a frozen value, too."""

    t: int
    policy: Policy


@dataclass(frozen=True, slots=True)
class Pause:
    """With `on`, nothing new is begun until the next event of this kind without it: what comes is dropped as `paused`.

    A lossless stage drops nothing: its item waits.
    """

    t: int
    on: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """The time asked for by WakeAt has come."""

    t: int


@dataclass(frozen=True, slots=True)
class Shutdown:
    """Nothing more will run: whatever waits is dropped."""

    t: int


Event = (
    FrameReady | Unpaired | JobDone | Calibrated | Loaded | LoadFailed | Sensed | Configure | Pause | Tick | Shutdown
)
