"""What a trace needs besides the decisions: what was written, said and what failed, the newest of it in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edgeai.messages import Result
from edgeai.runtime.taps import Fault, Tap
from edgeai.schedule.commands import Announce

__all__ = ["Failed", "Note", "Said", "Spans", "Wrote"]

KEPT = 10_000
"""Writes kept: more than a minute of four outputs at 30 a second, and about a megabyte."""

_KEPT_WORDS = 1_000
"""Announcements and faults kept; there are few of them."""


@dataclass(frozen=True, slots=True)
class Wrote:
    """An output was busy with result `seq` of a stream from `began` to `ended` (ns)."""

    output: str
    stream: str
    seq: int
    began: int
    ended: int


@dataclass(frozen=True, slots=True)
class Said:
    """The scheduler told people at `t` (ns) of the state of a stage, or of the whole where `stage` is empty."""

    t: int
    stage: str
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A source, stage or output failed at `t` (ns)."""

    t: int
    name: str
    sentence: str


Note = Wrote | Said | Failed


class Spans(Tap):
    """Keeps the newest notes; iterate over it at any time. The spans of lanes are in the decisions, which are kept."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._writes: deque[tuple[str, str, int, int, int]] = deque(maxlen=KEPT)
        self._words: deque[Note] = deque(maxlen=_KEPT_WORDS)

    def written(self, output: str, result: Result, began: int, ended: int) -> None:
        """Keep what an output did."""
        self._writes.append((output, result.stream, result.seq, began, ended))

    def announced(self, announce: Announce) -> None:
        """Keep what people were told."""
        self._words.append(Said(self._now(), announce.stage, announce.state, announce.why))

    def faulted(self, fault: Fault) -> None:
        """Keep a fault."""
        self._words.append(Failed(fault.t, fault.name, str(fault)))

    def __iter__(self) -> Iterator[Note]:
        yield from self._words.copy()
        for row in self._writes.copy():
            yield Wrote(*row)
