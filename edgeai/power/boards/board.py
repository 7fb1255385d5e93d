"""A board as values: figures with their sources, its model of power, and how its speed compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any, ClassVar

from edgeai.messages import PowerBasis

__all__ = ["Board", "Figure", "Power", "Steps", "ThreadTimes", "slowdown"]

_STRICT: Mapping[str, Any] = {"extra": "forbid"}
_ASSUMED = "assumed"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number and where it comes from; a source that begins with `assumed` gives the reason instead."""

    value: float
    source: str

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT

    @property
    def assumed(self) -> bool:
        """True when nobody published this number."""
        return self.source.startswith(_ASSUMED)


@dataclass(frozen=True, kw_only=True)
class Steps:
    """An ascending series of numbers, and where it comes from."""

    values: tuple[float, ...]
    source: str

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT


@dataclass(frozen=True, kw_only=True)
class ThreadTimes:
    """Milliseconds of one inference by number of threads, for one thread and for all cores at least."""

    ms: Mapping[int, float]
    source: str

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT

    def at(self, threads: int) -> float:
        """Return ms on `threads` threads.

        Between the measured ends t(n) = t(1) (s + (1 - s) / n), the law of Amdahl (1967), with the serial share s that
        fits both ends; beyond the last one nothing gets faster.
        """
        last = max(self.ms)
        n = min(max(threads, 1), last)
        if n in self.ms:
            return self.ms[n]
        serial = (self.ms[last] / self.ms[1] - 1 / last) / (1 - 1 / last)
        return self.ms[1] * (serial + (1 - serial) / n)


@dataclass(frozen=True, slots=True)
class Power:
    """Watts, and whether they were measured or modelled."""

    watts: float
    basis: PowerBasis


@dataclass(frozen=True, kw_only=True)
class Board:
    """A board. Powers are those of the whole board at its input.

    models: texts by which the device tree's model names it. idle, stress: W doing nothing and under an integer load on
    all cores. core: W more for each core kept busy by inference. supply: W its supply can deliver, so the most that can
    be true. frequencies: Hz of the cores; volts: V at some of them, in the same order as their Hz. throttle_soft: °C
    from which the clock comes down, throttle_hard: °C at which it is at its least. fan: °C at which the fan goes a
    step faster. threads: times of one model that is the same on all boards (MobileNet v1, int8). ladders: names of the
    measured ladders of models, for `edgeai.power.ladders.load_ladder`; the first is the reference.
    """

    name: str
    title: str
    models: tuple[str, ...] = ()
    cores: Figure
    idle: Figure
    stress: Figure
    core: Figure
    supply: Figure
    frequencies: Steps
    volts: Mapping[float, float] | None = None
    volts_source: str = ""
    throttle_soft: Figure
    throttle_hard: Figure
    fan: Steps | None = None
    threads: ThreadTimes
    ladders: tuple[str, ...] = ()

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT

    def power(self, busy: Sequence[float], cores: Sequence[int] | None = None) -> Power:
        """Model the board's watts: idle + core x sum(busy x cores), over lanes.

        busy: for each lane the share of time it computes, 0 to 1 (held to that). cores: threads of each lane; without,
        the lanes share all cores equally. Linear, because on a Pi 4 energy is time: over 45 quantized models the power
        above idle is 2.74 to 3.38 W, whatever the model. Raises ValueError when the two are not of one length.
        """
        shares = [self.cores.value / max(len(busy), 1)] * len(busy) if cores is None else cores
        load = fsum(min(max(b, 0.0), 1.0) * n for b, n in zip(busy, shares, strict=True))
        return Power(self.idle.value + self.core.value * load, "modelled")

    def figures(self) -> dict[str, Figure]:
        """Return the single figures by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, Figure)}


def slowdown(board: Board, than: Board, threads: int | None = None) -> float:
    """Return how many times longer an inference takes on `board` than on `than`, on `threads` or on all cores of each.

    It is the quotient of both boards' times of one model; other models differ by some tens of per cent.
    """
    mine = threads or int(board.cores.value)
    theirs = threads or int(than.cores.value)
    return board.threads.at(mine) / than.threads.at(theirs)
