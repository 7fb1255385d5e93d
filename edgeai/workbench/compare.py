"""Compare models: how right they are, how quick, how large, and how far they agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgeai.errors import ConfigError, Problem
from edgeai.perception.model import Model
from edgeai.perception.profile import Measured
from edgeai.workbench.compare_agreement import agreement, agreement_metric
from edgeai.workbench.datasets import Dataset
from edgeai.workbench.evaluate import judge, run
from edgeai.workbench.evaluate_figures import Figure
from edgeai.workbench.profile import Candidate, profile

__all__ = ["Compared", "Comparison", "compare"]

Progress = Callable[[str, float], object]


@dataclass(frozen=True, slots=True)
class Compared:
    """A model: its figures, none where the data has no truth; bytes of the file; what was measured on one thread."""

    name: str
    bytes: int
    figures: tuple[Figure, ...]
    measured: Measured


@dataclass(frozen=True, slots=True)
class Comparison:
    """Models side by side; agreement[i][j] is that of models i and j by `metric`, 1 for wholly."""

    dataset: str
    samples: int
    machine: str
    models: tuple[Compared, ...]
    metric: str
    agreement: tuple[tuple[float, ...], ...]
    warnings: tuple[str, ...] = ()


def compare(
    models: Sequence[Model],
    dataset: Dataset,
    *,
    seconds: float = 2.0,
    metrics: Sequence[str] = (),
    progress: Progress = lambda what, share: None,
) -> Comparison:
    """Run models over a dataset and measure them on this machine, on one thread, in turns.

    seconds: of measuring, for each model. Raises ConfigError for fewer than two models, and for those of different
    tasks; ModelError, PluginError.
    """
    if len(models) < 2:
        raise ConfigError(Problem("MODEL", f"{len(models)} model", "two or more to compare"))
    seen = [run(model, dataset, progress) for model in models]
    known = any(each.truth is not None for each in seen[0])
    values = [[each.value for each in of_one] for of_one in seen]
    rows = tuple(tuple(agreement(a, b) for b in values) for a in values)
    measured = profile([Candidate("", model) for model in models], threads=(1,), seconds=seconds, progress=progress)
    compared = []
    for model, of_one in zip(models, seen, strict=True):
        found = measured.find(model.sha256)
        row = None if found is None else found.at(1)
        if row is None:
            raise ConfigError(Problem("MODEL", f"{model.name}, which was not measured", "another model"))
        figures = judge(model.name, model.labels, dataset, of_one, metrics).figures if known else ()
        compared.append(Compared(model.name, model.path.stat().st_size, figures, row))
    return Comparison(
        dataset=dataset.name,
        samples=len(seen[0]),
        machine=f"{measured.machine}, {measured.runtime} {measured.version}, {measured.date}",
        models=tuple(compared),
        metric=agreement_metric(values[0]),
        agreement=rows,
        warnings=measured.warnings,
    )
