"""Messages of different sources that belong to one moment: by the nearest or by interpolated time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edgeai.messages import Frame, Reading, Result

__all__ = ["Joined", "Message", "Partner", "at_time", "chosen", "is_settled", "name_of"]

Message = Frame | Reading | Result


@dataclass(frozen=True, slots=True)
class Partner:
    """What is joined with each item of a stage's input. All times in ns.

    name: a camera, sensor or stage. tolerance: how far its stamp may lie from the item's. by: the nearest message, or
    a reading interpolated linearly between the two around the item. wait: for so long after the item's arrival a better
    one is waited for. gap: what happens without one: the item is dropped, or goes on without.
    """

    name: str
    tolerance: int
    by: Literal["nearest", "interpolated"] = "nearest"
    wait: int = 0
    gap: Literal["drop", "without"] = "drop"


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """What was found for each partner, in their order: messages (two to interpolate between), none for a gap.

    t: when all was there, or no longer waited for (ns).
    """

    t: int
    stamp: int
    found: tuple[tuple[Message, ...], ...]

    @property
    def values(self) -> tuple[Message | None, ...]:
        """One message for each partner as of the stamp, None for a gap."""
        return tuple(at_time(messages, self.stamp) for messages in self.found)

    @property
    def names(self) -> tuple[tuple[str, int], ...]:
        """The messages by (source or stage, seq)."""
        return tuple((name_of(message), message.seq) for messages in self.found for message in messages)

    @property
    def inputs(self) -> tuple[tuple[str, int], ...]:
        """The (source, seq) pairs of all messages; those of a result are its own."""
        pairs: list[tuple[str, int]] = []
        for message in (message for messages in self.found for message in messages):
            pairs += message.inputs if isinstance(message, Result) else [(message.source, message.seq)]
        return tuple(pairs)


def name_of(message: Message) -> str:
    """Return the name of the source or stage that a message is of."""
    return message.stream if isinstance(message, Result) else message.source


def is_settled(partner: Partner, past: Sequence[Message], t: int) -> bool:
    """Say whether no later message of a partner could fit an item stamped t better.

    past: its messages so far, oldest first. With steady messages the next one is no nearer while the newest is nearer
    than half their interval.
    """
    if not past:
        return False
    newest = past[-1].stamp
    if newest >= t or partner.by == "interpolated" or len(past) < 2:
        return newest >= t
    return 2 * (t - newest) <= newest - past[-2].stamp


def chosen(partner: Partner, past: Sequence[Message], t: int) -> tuple[Message, ...]:
    """Return the message nearest to t, or the two to interpolate between; none where they are not within tolerance."""
    after = bisect_left(past, t, key=lambda message: message.stamp)
    around = [past[i] for i in (after - 1, after) if 0 <= i < len(past)]
    near = tuple(message for message in around if abs(message.stamp - t) <= partner.tolerance)
    exact = tuple(message for message in near if message.stamp == t)
    if exact or not near:
        return exact
    if partner.by == "nearest":
        return (min(near, key=lambda message: abs(message.stamp - t)),)
    return near if len(near) == 2 and near[0].stamp < t < near[1].stamp else ()


def at_time(messages: Sequence[Message], t: int) -> Message | None:
    """Return a single message as it is, of two readings one in between at time t; None for none."""
    if len(messages) < 2:
        return messages[0] if messages else None
    before, after = messages
    assert isinstance(before, Reading)
    assert isinstance(after, Reading)
    share = (t - before.stamp) / (after.stamp - before.stamp)
    values = tuple(a + share * (b - a) for a, b in zip(before.values, after.values, strict=True))
    nearer = before if share <= 0.5 else after
    return Reading(before.source, nearer.seq, t, values, before.columns, before.timing)
