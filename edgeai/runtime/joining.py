"""Items of a stage that wait until what they are joined with is there."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from edgeai.clock import NS
from edgeai.messages import Frame, Reading, Readings, Result
from edgeai.perception.synchronisation import Joined, Message, Partner, chosen, is_settled
from edgeai.runtime.program import Work

__all__ = ["Join", "Joining"]

_READINGS = 1.0
"""Seconds of readings that are kept: frames that reach the pipeline late must still find theirs."""

_PICTURES = 8
"""Frames or results of a partner that are kept: a quarter of a second at 30 fps."""

_WAITING = 8
"""Items that wait at the most; the oldest then goes with what is there: newest counts, and memory is bounded."""


@dataclass(frozen=True, slots=True)
class Join:
    """Items of `lead`, a source or stage, are joined with partners and offered to the scheduler as of `origin`."""

    lead: str
    origin: str
    partners: tuple[Partner, ...]


class Joining:
    """All joins of a pipeline. Any thread may call it; items are offered under its lock, in the order of arrival."""

    def __init__(self, joins: Sequence[Join]) -> None:
        self._joiners = [_Joiner(join) for join in joins]
        self._lock = threading.RLock()
        self.names = frozenset(name for join in joins for name in (join.lead, *(p.name for p in join.partners)))
        """The sources and stages whose messages are of interest."""

    @property
    def waits(self) -> bool:
        """True while an item waits."""
        return any(joiner.waits for joiner in self._joiners)

    def note(self, name: str, message: Message, work: Work) -> None:
        """Keep a message, which is offered, or joined with others, when `settle` is called; work: it as an item."""
        with self._lock:
            for joiner in self._joiners:
                joiner.note(name, message, work)

    def settle(self, now: int, offer: Callable[[str, Work, bool], None], wake_at: Callable[[int], None]) -> None:
        """Offer what need not wait (origin, item, whether it may go on); ask to be called again for the rest."""
        with self._lock:
            for joiner in self._joiners:
                for work, complete in joiner.ready(now):
                    offer(joiner.join.origin, work, complete)
                if (due := joiner.due()) is not None:
                    wake_at(due)

    def held(self) -> Iterator[tuple[str, Frame | Reading | Readings | Result]]:
        """Yield what is kept, by origin, without waiting for the lock."""
        for joiner in self._joiners:
            yield from joiner.held()


class _Joiner:
    """Joins the items of one stage, in the order of arrival."""

    def __init__(self, join: Join) -> None:
        self.join = join
        self._past: dict[str, deque[Message]] = {partner.name: deque() for partner in join.partners}
        self._waiting: deque[Work] = deque()
        self._told: int | None = None
        self._wait = max((partner.wait for partner in join.partners), default=0)

    @property
    def waits(self) -> bool:
        """True while an item waits."""
        return bool(self._waiting)

    def due(self) -> int | None:
        """Return until when the first that waits may wait (ns), if that was not told before."""
        due = self._waiting[0].ready + self._wait if self._waiting else None
        told, self._told = self._told, due
        return None if due == told else due

    def note(self, name: str, message: Message, work: Work) -> None:
        """Take a message, where it leads or is a partner's; work: it as an item."""
        if name == self.join.lead:
            self._waiting.append(work)
        past = self._past.get(name)
        if past is None:
            return
        past.append(message)
        if isinstance(message, Reading):
            while past[0].stamp < message.stamp - _READINGS * NS:
                past.popleft()
        elif len(past) > _PICTURES:
            past.popleft()

    def ready(self, now: int) -> Iterator[tuple[Work, bool]]:
        """Yield the items whose partners are there or not waited for any more, and whether they may go on."""
        while self._waiting:
            work = self._waiting[0]
            late = len(self._waiting) > _WAITING
            if not all(late or self._is_settled(partner, work, now) for partner in self.join.partners):
                return
            self._waiting.popleft()
            stamp = work.stamp
            found = tuple(chosen(partner, self._past[partner.name], stamp) for partner in self.join.partners)
            complete = all(
                messages or partner.gap == "without"
                for messages, partner in zip(found, self.join.partners, strict=True)
            )
            yield work._replace(joined=Joined(now, stamp, found)), complete

    def held(self) -> Iterator[tuple[str, Frame | Reading | Readings | Result]]:
        """Yield what is kept, by origin: what waits, and the partners' past."""
        for work in self._waiting.copy():
            yield self.join.lead, work.captured
            if work.result is not None:
                yield self.join.lead, work.result
        for name, past in self._past.items():
            yield from ((name, message) for message in past.copy())

    def _is_settled(self, partner: Partner, work: Work, now: int) -> bool:
        return now >= work.ready + partner.wait or is_settled(partner, self._past[partner.name], work.stamp)
