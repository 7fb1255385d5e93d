"""The rover's motor controller: bytes of the serial protocol in, telemetry bytes out, and time passed in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from edgeai_drivers.framing import ENCODERS, Deframer, FrameCounts, Protocol

from .body import Command

WATCHDOG_NS = 500_000_000
"""Without a valid command for this long the motor stops, nanoseconds."""

_TELEMETRY_LIMIT = 4096


class BadCommandError(ValueError):
    """A message that parses and still is not a command."""


@dataclass(frozen=True, slots=True)
class ControllerCounts:
    """What a controller has received since it was made."""

    frames: FrameCounts
    accepted: int
    """Messages taken as commands."""
    clamped: int
    """Of those, the ones with a value beyond [-1, 1], which was brought back to the end of the range."""
    rejected: int
    """Messages without a steering or throttle, or with one that is not a finite number."""
    stops: int
    """Times the watchdog stopped the motor: a command had expired, or nobody spoke."""


class Controller:
    """Obey the newest valid command and stop the motor when none comes.

    A command is a message with ``steering`` or ``throttle`` or both, numbers in [-1, 1]; other keys are ignored.
    Steering left out keeps its place; throttle left out means the throttle `cruise`. It is good for ``expires`` ms, at
    most WATCHDOG_NS, which is also the time of a command that does not say.
    """

    def __init__(self, protocol: Protocol = "jsonl", cruise: float = 0.0) -> None:
        self._deframer = Deframer(protocol)
        self._encode = ENCODERS[protocol]
        self._cruise = cruise
        self._command = Command()
        self._good_until: int | None = None
        self._outbox = bytearray()
        self._accepted = self._clamped = self._rejected = self._stops = 0

    @property
    def counts(self) -> ControllerCounts:
        """Read the counters as they are now."""
        return ControllerCounts(self._deframer.counts, self._accepted, self._clamped, self._rejected, self._stops)

    def feed(self, data: bytes, t_ns: int) -> None:
        """Take bytes that arrived at `t_ns`. Whatever they are, this returns."""
        for message in self._deframer.feed(data):
            try:
                self._obey(message, t_ns)
            except BadCommandError:
                self._rejected += 1

    def command(self, t_ns: int) -> Command:
        """Return what the body is to do at `t_ns`; call it with times that do not fall."""
        if self._good_until is not None and t_ns >= self._good_until:
            self._command = Command(self._command.steering, 0.0)
            self._good_until = None
            self._stops += 1
        return self._command

    @property
    def driving(self) -> bool:
        """Whether a command is in force."""
        return self._good_until is not None

    def report(self, telemetry: dict[str, object]) -> None:
        """Queue one telemetry message; it is dropped when nobody takes the ones before it."""
        frame = self._encode(telemetry)
        if len(self._outbox) + len(frame) <= _TELEMETRY_LIMIT:
            self._outbox += frame

    def take(self) -> bytes:
        """Take the bytes to be sent."""
        data = bytes(self._outbox)
        self._outbox.clear()
        return data

    def _obey(self, message: Mapping[str, object], t_ns: int) -> None:
        if "steering" not in message and "throttle" not in message:
            raise BadCommandError("neither steering nor throttle")
        wanted = Command(
            _number(message.get("steering", self._command.steering)), _number(message.get("throttle", self._cruise))
        )
        command = Command(_clamp(wanted.steering), _clamp(wanted.throttle))
        good_for = _number(message.get("expires", WATCHDOG_NS / 1e6)) * 1e6
        self._accepted += 1
        self._clamped += command != wanted
        self._command = command
        self._good_until = t_ns + round(min(max(good_for, 0.0), WATCHDOG_NS))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadCommandError(f"{value!r} is not a number")
    try:
        number = float(value)
    except OverflowError as error:
        raise BadCommandError("an integer beyond the range of a double") from error
    if not math.isfinite(number):
        raise BadCommandError(f"{number} is not finite")
    return number


def _clamp(value: float) -> float:
    return min(max(value, -1.0), 1.0)
