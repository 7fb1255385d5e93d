"""A fault on one line: NAME:KIND@START,LENGTH,BY.

front:unplug@5s,3s      the device is gone for 3 s: it is lost, and cannot be opened
front:stall@5s,3s       it delivers nothing and says nothing; an output takes nothing and says nothing
front:hang@5s,3s        its driver does not return; that of a source in virtual time, where none can wait, stalls
front:crash@5s,1s       its driver raises what no driver should; a stage raises
front:slow@5s,3s,4      it delivers 4 times fewer; a stage takes 4 times as long, an output 0.1 s a result
front:garble@5s,1s      its pictures are noise, its readings not a number
front:shape@5s,1s       its pictures have half the height, its readings lack the last value
front:duplicate@5s,1s   it delivers the same capture again and again: a frozen picture
front:skip@5s,3s        every other capture is lost on the way
front:jump@5s,2s        from then on its clock is 2 s ahead (behind: -2s)
recorder:full@5s,3s     the disk is full; of an output, too
brown-out@5s,3s,2       everything takes 2 times as long
memory@5s,3s,200        200 MB are taken, and stages find no memory for every other result

Left out, LENGTH is for ever, and BY 2 (of memory 200).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast, get_args

from pydantic import TypeAdapter, ValidationError

from edgeai.errors import ConfigError, Problem
from edgeai.quantities import Duration

__all__ = ["Fault", "FaultKind", "parse_fault"]

FaultKind = Literal[
    "unplug",
    "stall",
    "hang",
    "crash",
    "slow",
    "garble",
    "shape",
    "duplicate",
    "skip",
    "jump",
    "full",
    "brown-out",
    "memory",
]
OF_THE_MACHINE = ("brown-out", "memory")
"""Kinds that concern nothing in particular, and bear no name."""

_FORM = re.compile(
    r"(?:(?P<name>[\w-]+):)?(?P<kind>[a-z-]+)@(?P<start>[^,]+)(?:,(?P<sign>-?)(?P<length>[^,-]+))?(?:,(?P<by>\d[\d.]*))?"
)
_EVER = 1e9
_seconds = TypeAdapter(Duration)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a device or stage (of the machine where `name` is empty), from `start` for `length` seconds.

    factor: how many times longer something takes. Of a jump, `length` is by how much the clock is ahead.
    """

    kind: FaultKind
    name: str
    start: float
    length: float = _EVER
    factor: float = 2.0

    @property
    def end(self) -> float:
        """When it is over, seconds."""
        return _EVER if self.kind == "jump" else self.start + self.length

    def holds(self, seconds: float) -> bool:
        """Say whether it is there at a time."""
        return self.start <= seconds < self.end


def parse_fault(text: str) -> Fault:
    """Return the fault that a text such as `front:stall@5s,3s` describes. Raises ConfigError."""
    found = _FORM.fullmatch(text)
    expected = "NAME:KIND@START,LENGTH with one of " + ", ".join(get_args(FaultKind)) + ", such as front:stall@5s,3s"
    if found is None or found["kind"] not in get_args(FaultKind):
        raise ConfigError(Problem("fault", repr(text), expected))
    kind = cast(FaultKind, found["kind"])
    if (found["name"] is None) != (kind in OF_THE_MACHINE):
        raise ConfigError(Problem("fault", repr(text), f"a name before every fault but {' and '.join(OF_THE_MACHINE)}"))
    if found["sign"] and kind != "jump":
        raise ConfigError(Problem("fault", repr(text), "a length above zero: only a clock jumps back"))
    try:
        start = _seconds.validate_python(found["start"])
        length = _EVER if found["length"] is None else _seconds.validate_python(found["length"])
        factor = (200.0 if kind == "memory" else 2.0) if found["by"] is None else float(found["by"])
    except (ValidationError, ValueError):
        raise ConfigError(Problem("fault", repr(text), expected)) from None
    return Fault(kind, found["name"] or "", start, -length if found["sign"] else length, factor)
