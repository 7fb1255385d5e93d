"""Measured profiles as figures: the one place that knows their file."""

from __future__ import annotations

import hashlib
from math import exp
from pathlib import Path

from edgeai.perception.facts import read_content
from edgeai.perception.profile import MachineProfile, ModelProfile
from edgeai.power.boards import Board
from edgeai.schedule.shape import Shape
from edgeai.workbench.figures import LEVELS, Figures

__all__ = ["MeasuredFigures"]


class MeasuredFigures:
    """What a machine's profile says of models, by the hash of their files.

    Durations are those of whole jobs. Quantiles that too few runs were made to know follow the usual shape.
    """

    def __init__(self, profile: MachineProfile, board: Board) -> None:
        """`profile`: of a machine; `board`: its table, for watts that were not measured."""
        self._profile = profile
        self._board = board

    def threads(self, path: Path) -> tuple[int, ...]:
        """Return the numbers of threads with which a model was measured; none where it was not."""
        model = self._model(path)
        return () if model is None else tuple(row.threads for row in model.rows)

    def figures(self, path: Path, threads: int) -> Figures | None:
        """Return what was measured of a model with a number of threads, None where it was not."""
        model = self._model(path)
        row = None if model is None else model.at(threads)
        if row is None:
            return None
        p50, p90, p95, p99, p999 = row.job.ns()
        shape = Shape(p50, p90, p95, p99, p999)
        known = ((p, p50 * exp(shape.quantile(z))) for p, z in LEVELS)
        metered = row.watts is not None and row.basis == "measured"
        return Figures(
            ((0.0, row.job.least * 1e6), (0.5, float(p50)), *known),
            self._board.core.value * threads if row.watts is None else row.watts,
            "measured",
            f"{row.runs} jobs on {self._profile.machine}",
            "measured" if metered else "estimated",
            runs=float(row.runs),
        )

    def _model(self, path: Path) -> ModelProfile | None:
        return self._profile.find(hashlib.sha256(read_content(path)).hexdigest())
