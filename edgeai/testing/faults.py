"""Faults on the virtual clock: what a replay does when a device fails at a moment of one's choice.

front:unplug@5s         the source is gone, and its loss is a fault; it is not opened again
front:stall@5s,3s       it delivers nothing for 3 s, and says nothing
front:corrupt@5s,1s     its pictures are noise, its readings not a number
front:jump@5s,2s        from then on its stamps lie 2 s ahead
objects:slow@5s,3s,4    the stage takes 4 times as long for 3 s
brown-out@5s,3s,2       everything takes 2 times as long for 3 s
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args

import numpy as np
from pydantic import TypeAdapter, ValidationError

from edgeai.clock import NS
from edgeai.driver import Source
from edgeai.errors import ConfigError, DeviceLost, Problem
from edgeai.messages import Frame
from edgeai.quantities import Duration
from edgeai.replay.sources import RecordedCamera, RecordedSensor
from edgeai.schedule.commands import Job

__all__ = ["Fault", "FaultKind", "parse_fault", "slower", "wrap"]

FaultKind = Literal["unplug", "stall", "corrupt", "jump", "slow", "brown-out"]
_FORM = re.compile(
    r"(?:(?P<name>[\w-]+):)?(?P<kind>[a-z-]+)@(?P<start>[^,]+)(?:,(?P<length>[^,]+))?(?:,(?P<by>[\d.]+))?"
)
_OF_SOURCES = ("unplug", "stall", "corrupt", "jump")
_seconds = TypeAdapter(Duration)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a source or stage (all stages where `name` is empty), from `start` for `length` seconds.

    Times count from the beginning of the recording. factor: how many times longer jobs take. Of a jump, `length` is by
    how much stamps lie ahead.
    """

    kind: FaultKind
    name: str
    start: float
    length: float = 1e9
    factor: float = 2.0

    def holds(self, seconds: float) -> bool:
        """Say whether it is there at a time."""
        return self.start <= seconds < self.start + self.length


def parse_fault(text: str) -> Fault:
    """Return the fault that a text such as `front:stall@5s,3s` describes. Raises ConfigError."""
    found = _FORM.fullmatch(text)
    expected = "NAME:KIND@START,LENGTH with one of " + ", ".join(get_args(FaultKind)) + ", such as front:stall@5s,3s"
    if found is None or found["kind"] not in get_args(FaultKind):
        raise ConfigError(Problem("fault", repr(text), expected))
    if (found["name"] is None) != (found["kind"] == "brown-out"):
        raise ConfigError(Problem("fault", repr(text), "a name before every fault but brown-out"))
    try:
        start = _seconds.validate_python(found["start"])
        length = 1e9 if found["length"] is None else _seconds.validate_python(found["length"])
        factor = 2.0 if found["by"] is None else float(found["by"])
    except (ValidationError, ValueError):
        raise ConfigError(Problem("fault", repr(text), expected)) from None
    return Fault(cast(FaultKind, found["kind"]), found["name"] or "", start, length, factor)


def wrap(faults: Sequence[Fault]) -> Callable[[Source[Any]], Source[Any]]:
    """Return what makes a recorded source fail as the faults say."""

    def failing(source: Source[Any]) -> Source[Any]:
        mine = [fault for fault in faults if fault.name == source.name and fault.kind in _OF_SOURCES]
        if not mine:
            return source
        cls = FailingCamera if isinstance(source, RecordedCamera) else FailingSensor
        made: Source[Any] = cls.of(source, mine)
        return made

    return failing


def slower(faults: Sequence[Fault], began: int) -> Callable[[Job, int], float]:
    """Return the factor on a job's duration at time t (ns); `began` is when the recording begins."""
    slow = [fault for fault in faults if fault.kind in ("slow", "brown-out")]

    def factor(job: Job, t: int) -> float:
        seconds, product = (t - began) / NS, 1.0
        for fault in slow:
            if fault.name in ("", job.stage) and fault.holds(seconds):
                product *= fault.factor
        return product

    return factor


class _Failing(Source[Any]):
    """Delivers what was recorded, as the faults let it."""

    faults: Sequence[Fault]
    began: int

    @classmethod
    def of(cls, source: Any, faults: Sequence[Fault]) -> Any:
        """Return a recorded source with faults."""
        made = cls.__new__(cls)
        made.__dict__.update(source.__dict__)
        made.faults, made.began = faults, source.began
        return made

    def read(self, timeout: float) -> Any:
        """Return the next message, spoilt or not; None while nothing comes. Raises DeviceLost when it is unplugged."""
        message = super().read(timeout)
        if message is None:
            return None
        seconds = (self._clock.now() - self.began) / NS
        now = {fault.kind: fault for fault in self.faults if fault.holds(seconds)}
        jump = next((fault for fault in self.faults if fault.kind == "jump" and seconds >= fault.start), None)
        if "unplug" in now:
            raise DeviceLost(f"{self.name} was unplugged, as a fault of this test")
        if "stall" in now:
            return None
        if "corrupt" in now:
            message = _corrupted(message)
        return message if jump is None else replace(message, stamp=message.stamp + round(jump.length * NS))


class FailingCamera(_Failing, RecordedCamera):
    """A recorded camera with faults."""


class FailingSensor(_Failing, RecordedSensor):
    """A recorded sensor with faults."""


def _corrupted(message: Any) -> Any:
    if isinstance(message, Frame):
        noise = np.random.default_rng(message.seq).integers(0, 256, message.image.shape, np.uint8)
        return replace(message, image=noise, encoded=None)
    return replace(message, values=(float("nan"),) * len(message.values))
