"""The receiving half of a split pipeline: the newest messages of one key, and the sender's clock."""

from __future__ import annotations

import struct
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

from edgeai.driver import NS, Clock
from edgeai.errors import DeviceNotFound

from .offset import Exchange, Offset
from .session import open_session
from .wire import Message, WireError, integer, unpack

_ASKED = struct.Struct("<q")
_ANSWER = struct.Struct("<qQqq")
_FIRST = 8
"""Questions in quick succession, until that many answers are there."""
_OFTEN, _SELDOM = NS // 50, NS
"""ns between two questions, at first and later."""


@dataclass(frozen=True, slots=True, eq=False)
class Received:
    """A message, its capture's stamp on the sender's clock, what maps that to ours and its doubt, what was lost before.

    All times in ns.
    """

    message: Message
    stamp: int
    measured: tuple[int, int]
    lost: int


class Receiver:
    """Keeps the newest `depth` messages of a key until they are taken; those they replace are counted lost.

    The clock is asked for when opened and then once a second, on the way of `take`. A sender that was started anew has
    a clock that is not known, so its messages are passed over until it has answered.
    """

    def __init__(self, name: str, clock: Clock, key: str, what: str, depth: int) -> None:
        self.rejected = 0
        """Messages that were none."""
        self._name, self._clock = name, clock
        self._key, self._what = f"edgeai/{key}", what
        self._arrived = threading.Condition()
        self._waiting: deque[tuple[int, Message]] = deque()
        self._depth = depth
        self._sender: int | None = None
        self._offset = Offset()
        self._asked = -_SELDOM
        self._last: tuple[int, int] | None = None
        self._session: Any = None

    def open(self, connect: str | int | None, listen: str | int | None, patience: float) -> None:
        """Open the session and wait for the sender. Raises PluginError, DeviceError, DeviceNotFound."""
        self._session = open_session(self._name, connect, listen)
        self._subscriber = self._session.declare_subscriber(f"{self._key}/{self._what}", self._arrive)
        give_up = self._clock.now() + int(patience * NS)
        while self._offset.at(give_up) is None:
            now = self._clock.now()
            if now >= give_up:
                place = " and ".join(str(place) for place in (connect, listen) if place is not None)
                raise DeviceNotFound(
                    f"{self._name} hears nobody of {self._key} at {place}: start the other side with the output zenoh, "
                    "and compare `key`, `connect` and `listen`"
                )
            self._ask(now)
            with self._arrived:
                self._arrived.wait(0.05)

    def take(self, timeout: float) -> Received | None:
        """Return the next message, or None when none came in `timeout` seconds."""
        self._ask(self._clock.now())
        with self._arrived:
            if not self._waiting:
                self._arrived.wait(timeout)
            while self._waiting:
                received = self._mapped(*self._waiting.popleft())
                if received is not None:
                    return received
        return None

    def reject(self) -> None:
        """Count a message that could not be understood."""
        with self._arrived:
            self.rejected += 1

    def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _mapped(self, arrival: int, message: Message) -> Received | None:
        """Return a message with what maps its stamp; None without a stamp, or while the sender's clock is unknown."""
        offset = self._offset.at(arrival) if message.session == self._sender else None
        if offset is None:
            return None
        try:
            stamp, doubt = integer(message.told, "stamp"), max(0, integer(message.told, "uncertainty"))
        except WireError:
            self.rejected += 1
            return None
        return Received(message, stamp, (offset[0], offset[1] + doubt), self._gap(message))

    def _gap(self, message: Message) -> int:
        last, self._last = self._last, (message.session, message.number)
        if last is None or last[0] != message.session:
            return 0
        return max(0, (message.number - last[1]) % (1 << 32) - 1)

    def _ask(self, now: int) -> None:
        """Ask for the sender's time, if it is due."""
        if now - self._asked >= (_OFTEN if len(self._offset) < _FIRST else _SELDOM):
            self._asked = now
            question = _ASKED.pack(self._clock.now())
            self._session.get(f"{self._key}/clock", self._answered, payload=question, timeout=2.0)

    # -- called on threads of zenoh's --------------------------------------------------------------------------

    def _arrive(self, sample: Any) -> None:
        now = self._clock.now()
        try:
            message = unpack(bytes(sample.payload))
        except WireError:
            self.reject()
            return
        with self._arrived:
            if len(self._waiting) >= self._depth:
                self._waiting.popleft()
            self._waiting.append((now, message))
            self._arrived.notify()

    def _answered(self, reply: Any) -> None:
        now = self._clock.now()
        answer = b"" if reply.ok is None else bytes(reply.ok.payload)
        if len(answer) != _ANSWER.size:
            return
        t0, sender, t1, t2 = _ANSWER.unpack(answer)
        with self._arrived:
            if sender != self._sender:
                self._sender, self._offset = sender, Offset()
            self._offset.add(Exchange(t0, t1, t2, now))
            self._arrived.notify()
