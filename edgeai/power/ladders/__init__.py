"""Ladders of models that somebody measured on a board: accuracy, latency quantiles and energy of each."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import yaml

from edgeai.errors import ConfigError, Problem

__all__ = ["Ladder", "Rung", "ladder_names", "load_ladder"]

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Rung:
    """One model: top-1 accuracy in per cent; ms of one inference; mJ it takes above idle (mj)."""

    model: str
    top1: float
    min_ms: float
    mean_ms: float
    p50_ms: float
    p90_ms: float
    p95_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float
    mj: float

    @property
    def watts(self) -> float:
        """W above idle while it runs."""
        return self.mj / self.mean_ms

    def quantiles(self) -> tuple[tuple[float, float], ...]:
        """Return (probability, ms) pairs, from the least to the largest."""
        return (
            (0.0, self.min_ms),
            (0.5, self.p50_ms),
            (0.9, self.p90_ms),
            (0.95, self.p95_ms),
            (0.99, self.p99_ms),
            (0.999, self.p999_ms),
            (1.0, self.max_ms),
        )


@dataclass(frozen=True, slots=True)
class Ladder:
    """Models measured in one way on one board, in the order of their median latency; `source` covers every number."""

    name: str
    board: str
    title: str
    source: str
    conditions: str
    threads: int
    rungs: tuple[Rung, ...]

    def __getitem__(self, model: str) -> Rung:
        for rung in self.rungs:
            if rung.model == model:
                return rung
        raise KeyError(f"{self.name} has no model {model!r}")


@functools.cache
def ladder_names() -> tuple[str, ...]:
    """List the ladders there are."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


@functools.cache
def load_ladder(name: str) -> Ladder:
    """Return a ladder by name. Raises ConfigError when there is none."""
    if name not in ladder_names():
        raise ConfigError(Problem("ladder", repr(name), f"one of {', '.join(ladder_names())}"))
    document = yaml.safe_load((_FOLDER / f"{name}.yaml").read_text("utf-8"))
    rungs = tuple(Rung(model, *numbers) for model, numbers in document.pop("rungs").items())
    document.pop("columns")
    return Ladder(name=name, rungs=rungs, **document)
