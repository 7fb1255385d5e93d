"""How long an operating point takes and what it draws on a board, and who says so.

The places to look, in this order: a profile measured on the board; the ladder of the board's own table; the same table
of another board, by the quotient of both boards' times of one model; the model's multiply-accumulates (`estimate.py`).
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from math import exp
from pathlib import Path
from typing import Literal, Protocol

from edgeai.errors import ModelError
from edgeai.perception.facts import read_content
from edgeai.perception.macs import count_macs
from edgeai.power.boards import Board, load_board, slowdown
from edgeai.power.ladders import Ladder, Rung, load_ladder
from edgeai.schedule.events import Profile
from edgeai.schedule.shape import Shape
from edgeai.workbench.estimate import Fit
from edgeai.workbench.world.distribution import Distribution

__all__ = ["LEVELS", "Basis", "Figures", "Profiled", "find_rung", "of_model", "of_rung", "of_time", "reference_ladder"]

Basis = Literal["measured", "table", "estimated", "given"]
"""Measured on the board; from a table of this board; computed from other figures; as the workload's file says."""

_RUN = 600e9
"""ns for which each model of the ladders was run: how many runs its least and most duration are of."""
LEVELS = ((0.9, 1.2815515655446004), (0.95, 1.6448536269514722), (0.99, 2.3263478740408408), (0.999, 3.0902323061678))
"""Probabilities with their normal scores."""
_REFERENCE = "pi4"
"""The board whose ladder stands in where one has none."""


@dataclass(frozen=True, slots=True)
class Figures:
    """An operating point on a board: quantiles (probability, ns), watts above idle while it runs, accuracy 0..1.

    basis, source: of the durations; watts_basis: of the watts. A probability of 0 or 1 is the least or most of `runs`.
    """

    quantiles: tuple[tuple[float, float], ...]
    watts: float
    basis: Basis
    source: str
    watts_basis: Basis
    accuracy: float | None = None
    runs: float = 1000.0

    def quantile(self, probability: float) -> float:
        """Return one of the quantiles, ns. Raises KeyError for one that is not listed."""
        return dict(self.quantiles)[probability]

    @property
    def median(self) -> float:
        """The median duration, ns."""
        return self.quantile(0.5)

    def distribution(self) -> Distribution:
        """Return the distribution that goes through the quantiles."""
        return Distribution.through(self.quantiles, self.runs)

    def profile(self, stage: str, point: int) -> Profile:
        """Return what a scheduler is told of the point."""
        p50, p90, p95, p99, p999 = (round(self.quantile(p)) for p in (0.5, 0.9, 0.95, 0.99, 0.999))
        return Profile(stage, point, p50, p99, p90, p95, p999, self.watts)

    def scaled(self, factor: float) -> Figures:
        """Return the figures of a board that takes `factor` times as long."""
        return replace(self, quantiles=tuple((p, ns * factor) for p, ns in self.quantiles))

    def later(self, ns: float) -> Figures:
        """Return the figures with `ns` added to every duration."""
        return replace(self, quantiles=tuple((p, t + ns) for p, t in self.quantiles))


class Profiled(Protocol):
    """What was measured of models' files on the board."""

    def threads(self, path: Path) -> tuple[int, ...]:
        """Return the numbers of threads with which a model was measured; none where it was not."""
        ...

    def figures(self, path: Path, threads: int) -> Figures | None:
        """Return what was measured of a model with a number of threads, None where it was not."""
        ...


def reference_ladder(board: Board) -> Ladder:
    """Return the ladder that speaks for a board: its own, else the Raspberry Pi 4's."""
    return load_ladder((board.ladders or load_board(_REFERENCE).ladders)[0])


def find_rung(ladder: Ladder, name: str) -> Rung | None:
    """Return the rung of a model, whichever way its name is written (mobilenet_v2_1.0_224_quant), or None."""
    wanted = _plain(name)
    return next((rung for rung in ladder.rungs if _plain(rung.model) == wanted), None)


def _plain(name: str) -> str:
    return re.sub(r"-(quantized|quant|uint8)$", "", name.lower().replace("_", "-").removesuffix(".tflite"))


def of_rung(rung: Rung, ladder: Ladder, board: Board, threads: int) -> Figures:
    """Return what a ladder says of one of its models, on a board with a number of threads."""
    theirs = load_board(ladder.board)
    quantiles = tuple((p, ms * 1e6) for p, ms in rung.quantiles())
    figures = Figures(
        quantiles, rung.watts, "table", ladder.name, "table", rung.top1 / 100.0, runs=_RUN / (rung.mean_ms * 1e6)
    )
    if board.name == theirs.name and threads == ladder.threads:
        return figures
    factor = board.threads.at(threads) / theirs.threads.at(ladder.threads)
    source = f"{ladder.name} x {factor:.2f} ({board.name}, {threads} thread{'s' if threads > 1 else ''})"
    return replace(
        figures.scaled(factor),
        watts=board.core.value * threads,
        basis="estimated",
        source=source,
        watts_basis="estimated",
    )


def of_time(
    board: Board, threads: int, p50: float, p99: float | None, watts: float | None, *, basis: Basis, source: str
) -> Figures:
    """Return figures from a median and, where it is known, a 99th percentile (ns); the rest is the usual shape."""
    shape = Shape(round(p50), p99=round(p99 or 0))
    upper = [(p, p50 * exp(shape.quantile(z))) for p, z in LEVELS]
    quantiles = ((0.1, p50 * p50 / upper[0][1]), (0.5, p50), *upper)
    drawn = board.core.value * threads if watts is None else watts
    return Figures(quantiles, drawn, basis, source, "estimated" if watts is None else "given")


def of_model(path: Path, threads: int, board: Board, profiled: Profiled | None = None) -> Figures:
    """Return the figures of a model's file. Raises ModelError for a file that cannot be read."""
    found = profiled.figures(path, threads) if profiled is not None else None
    if found is not None:
        return found
    ladder = reference_ladder(board)
    rung = find_rung(ladder, path.stem)
    if rung is not None:
        return of_rung(rung, ladder, board, threads)
    macs = _macs(path)
    if not macs:
        raise ModelError(f"{path} has no operation whose work can be counted: give a --profile that measured it")
    fit = _fit(ladder.name)
    factor = slowdown(board, load_board(ladder.board), threads) * _threads(ladder, threads)
    source = f"{macs / 1e6:.3g} M multiply-accumulates, as {ladder.name} (to {100 * fit.error:.0f} %)"
    return of_time(board, threads, fit.ns(macs) * factor, None, None, basis="estimated", source=source)


def _threads(ladder: Ladder, threads: int) -> float:
    """How many times longer the ladder's own board takes with another number of threads."""
    times = load_board(ladder.board).threads
    return times.at(threads) / times.at(ladder.threads)


@functools.cache
def _macs(path: Path) -> int:
    return count_macs(read_content(path))


@functools.cache
def _fit(ladder: str) -> Fit:
    return Fit.of(load_ladder(ladder))
