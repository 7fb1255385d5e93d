"""The faults of a pipeline: what happens to whom, and when."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any, TypeVar

from edgeai.clock import NS, Clock, SystemClock, VirtualClock
from edgeai.driver import Driver
from edgeai.errors import ConfigError, Problem
from edgeai.plugins import near_miss
from edgeai.runtime.program import Program, Step
from edgeai.testing.faults.drivers import disturbed
from edgeai.testing.faults.grammar import Fault, FaultKind, parse_fault

__all__ = ["Faults"]

_MB = 1 << 20
D = TypeVar("D", bound=Driver)


class Faults:
    """Disturbs a pipeline: `Pipeline(graph, disturb=Faults.parse("front:unplug@5s,3s"))`."""

    def __init__(self, faults: Sequence[Fault], clock: Clock | None = None) -> None:
        """`clock`: of what is disturbed before it begins, as in a replay; its time 0 is then the beginning."""
        self.faults = tuple(faults)
        self._clock: Clock = clock or VirtualClock()
        self.began = self._clock.now()
        """From when on times count, ns."""
        self._ballast: bytearray | None = None
        self._turn = 0
        self._held: tuple[float, float, tuple[Fault, ...]] = (0.0, 0.0, ())

    @classmethod
    def parse(cls, *texts: str) -> Faults:
        """Read faults. Raises ConfigError."""
        return cls([parse_fault(text) for text in texts])

    # -- what a pipeline asks for ------------------------------------------------------------------------------

    def begin(self, clock: Clock, names: Collection[str]) -> None:
        """Count time from now; `names` are those of all devices and stages. Raises ConfigError for any other."""
        for fault in self.faults:
            if fault.name and fault.name not in (*names, "recorder"):
                hint = near_miss(fault.name, list(names)) or f"there are: {', '.join(sorted(names))}, recorder"
                raise ConfigError(Problem("fault", repr(fault.name), "the name of a device or stage", hint=hint))
        self._clock = clock
        self.began = clock.now()

    def driver(self, driver: D) -> D:
        """Return a driver that fails as the faults say."""
        mine = tuple(fault for fault in self.faults if fault.name == driver.name)
        return disturbed(driver, self) if mine else driver

    def program(self, stage: str, program: Program) -> Program:
        """Return a program that fails as the faults say."""
        kinds = {fault.kind for fault in self.faults if fault.name in ("", stage)}
        if not kinds or not program:
            return program
        return (Step(program[0].mark, lambda work: self._disturbed(stage, program[0], work)), *program[1:])

    def slowdown(self, stage: str, t: int) -> float:
        """Return by how much a job takes longer at time `t` (ns) in virtual time."""
        product = 1.0
        for fault in self._holding((t - self.began) / NS):
            if fault.name in ("", stage):
                if fault.kind == "brown-out" or (fault.kind == "slow" and fault.name == stage):
                    product *= fault.factor
                elif fault.kind in ("hang", "stall") and fault.name == stage:
                    product *= max(1.0, (fault.end - (t - self.began) / NS) / _TYPICAL)
        return product

    def full(self, name: str) -> bool:
        """Say whether there is no room on the disk of the recorder, or of an output."""
        return self.now(name, "full") is not None

    # -- what those who are disturbed ask for ------------------------------------------------------------------

    def now(self, name: str, *kinds: FaultKind) -> Fault | None:
        """Return the fault of one of these kinds that something suffers from now."""
        for fault in self._holding(self.seconds()):
            if fault.kind in kinds and fault.name in (name, ""):
                return fault
        return None

    def _holding(self, seconds: float) -> tuple[Fault, ...]:
        """Return the faults that hold now; they are looked for again only when one begins or ends."""
        since, until, held = self._held
        if not since <= seconds < until:
            turns = sorted({edge for fault in self.faults for edge in (fault.start, fault.end)})
            since = max((edge for edge in turns if edge <= seconds), default=-math.inf)
            until = min((edge for edge in turns if edge > seconds), default=math.inf)
            held = tuple(fault for fault in self.faults if fault.holds(seconds))
            self._held = since, until, held
        return held

    def seconds(self) -> float:
        """Return the seconds since the beginning."""
        return (self._clock.now() - self.began) / NS

    @property
    def live(self) -> bool:
        """True when time passes by itself, so that something can hang in it."""
        return isinstance(self._clock, SystemClock)

    def end_of(self, fault: Fault) -> int:
        """Return when a fault is over, ns on the pipeline's clock."""
        return self.began + round(fault.end * NS)

    def wait_for_end(self, fault: Fault) -> None:
        """Hang until a fault is over, or the pipeline ends."""
        if self.live:
            self._clock.sleep_until(self.end_of(fault))

    def _disturbed(self, stage: str, step: Step, work: Any) -> Any:
        """Run the first step of a job, as the faults let it."""
        if (fault := self.now(stage, "hang", "stall")) is not None:
            self.wait_for_end(fault)
        if self.now(stage, "crash") is not None:
            raise RuntimeError(f"{stage} crashed, as a fault of this test")
        self._take_memory(self.now("", "memory"))
        before = self._clock.now()
        value = step.run(work)
        slow = self.now(stage, "slow", "brown-out")
        if slow is not None and self.live:
            took = self._clock.now() - before
            self._clock.sleep_until(before + round(slow.factor * max(took, round(_TYPICAL * NS))))
        return value

    def _take_memory(self, fault: Fault | None) -> None:
        if fault is None:
            self._ballast = None
            return
        if self._ballast is None and self.live:
            self._ballast = bytearray(round(fault.factor * _MB))
        self._turn += 1
        if self._turn % 2:
            raise MemoryError("there was no memory left, as a fault of this test")


_TYPICAL = 0.010
"""Seconds of a job that is slowed down, at the least."""
