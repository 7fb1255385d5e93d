"""Judge models on data: run them over a dataset and compute the figures of its kind of truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from edgeai.errors import ConfigError, Problem
from edgeai.messages import Detections, Frame
from edgeai.perception.card import Card
from edgeai.perception.model import Model
from edgeai.perception.options import ModelOptions
from edgeai.perception.tracking import Tracker
from edgeai.workbench.datasets import Boxes, Dataset
from edgeai.workbench.datasets.coco import Coco, read_json
from edgeai.workbench.datasets.give import count_for, give, samples_for
from edgeai.workbench.datasets.mot import Mot, read_rows, tracks_of
from edgeai.workbench.evaluate_figures import Figure, Seen, figures
from edgeai.workbench.profile import candidates
from edgeai.workbench.quantize_card import with_accuracy, write_card

__all__ = ["Evaluation", "evaluate", "judge", "models", "results", "run", "write_accuracy"]

LEAST_SCORE = 0.01
"""Detectors are judged from this score up: average precision looks at all thresholds."""

Progress = Callable[[str, float], object]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of a model on a dataset, the main one first; samples: how many inputs it was run on."""

    model: str
    dataset: str
    samples: int
    figures: tuple[Figure, ...]

    @property
    def main(self) -> Figure:
        """What the model's card is told."""
        return self.figures[0]


def models(names: Sequence[str], *, allow_code: bool = False) -> list[Model]:
    """Return the models of files, or those of a graph as it configures them. Raises ConfigError, ModelError.

    Detectors given as files keep all but the faintest boxes, of which average precision is made.
    """
    found = []
    graph = any(name.endswith((".yaml", ".yml")) for name in names)
    for model in {candidate.key: candidate.model for candidate in candidates(names, allow_code=allow_code)}.values():
        faint = not graph and model.task == "detection"
        found.append(Model.load(model.path, ModelOptions(score=LEAST_SCORE)) if faint else model)
    return found


def run(model: Model, dataset: Dataset, progress: Progress = lambda what, share: None) -> list[Seen]:
    """Run a model over a dataset; detections are tracked where the truth is numbered.

    Raises ConfigError, ModelError.
    """
    tracker: Tracker | None = None
    seen = []
    total = max(1, count_for(model, dataset))
    for done, sample in enumerate(samples_for(model, dataset)):
        progress(model.name, min(1.0, done / total))
        given = sample.load()
        give(model, given)
        model.invoke()
        value = model.decode()
        numbered = isinstance(sample.truth, Boxes) and sample.truth.track_id is not None
        if numbered and isinstance(given, Frame) and isinstance(value, Detections):
            tracker = tracker or Tracker()
            value = tracker.update(value.keep("person"), given.stamp).at(given.stamp)
        seen.append(Seen(sample.truth, value))
    progress(model.name, 1.0)
    return seen


def judge(
    name: str, labels: tuple[str, ...] | None, dataset: Dataset, seen: Sequence[Seen], metrics: Sequence[str] = ()
) -> Evaluation:
    """Return the evaluation of what was seen. Raises ConfigError, PluginError."""
    return Evaluation(name, dataset.name, len(seen), figures(seen, labels, metrics))


def evaluate(
    model: Model, dataset: Dataset, metrics: Sequence[str] = (), progress: Progress = lambda what, share: None
) -> Evaluation:
    """Run a model over a dataset and judge it. Raises ConfigError, ModelError, PluginError."""
    return judge(model.name, model.labels, dataset, run(model, dataset, progress), metrics)


def write_accuracy(model: Model, evaluation: Evaluation) -> Path:
    """Write the main figure into the model's card, which is made where there is none. Raises ModelError."""
    card = model.card or Card()
    main = evaluation.main
    return write_card(model.path, with_accuracy(card, main.metric, main.value, evaluation.dataset))


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a COCO results file."""

    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    score: float


def results(path: Path, dataset: Dataset) -> list[Seen]:
    """Return what a file of results says of a dataset: COCO results (.json), or a MOTChallenge tracker's (.txt).

    Raises ConfigError where the file is neither, or of another kind than the data.
    """
    if isinstance(dataset, Mot) and path.suffix == ".txt":
        return _tracked(path, dataset)
    if isinstance(dataset, Coco) and path.suffix == ".json":
        return _detected(read_json(path, TypeAdapter(tuple[_Row, ...]), "COCO results"), dataset)
    raise ConfigError(
        Problem("MODEL", str(path), "a model, or results of the data's kind: .json for COCO, .txt for MOT")
    )


def _tracked(path: Path, dataset: Mot) -> list[Seen]:
    try:
        tracks = tracks_of(read_rows(path.read_text("utf-8"), path.name))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(Problem("MODEL", f"{path}, which cannot be read ({error})", "a tracker's results")) from error
    return [Seen(sample.truth, _detections(tracks.get(int(sample.name)))) for sample in dataset]


def _detections(boxes: Boxes | None) -> Detections:
    if boxes is None:
        empty = np.zeros((0, 4), np.float32)
        return Detections(empty, empty[:, 0], np.zeros(0, np.int32), (), np.zeros(0, np.int32))
    n = len(boxes)
    numbers = np.array(boxes.track_id, np.int32)
    return Detections(boxes.box.astype(np.float32), np.ones(n, np.float32), np.zeros(n, np.int32), boxes.label, numbers)


def _detected(rows: Iterable[_Row], dataset: Coco) -> list[Seen]:
    names = {category.id: category.name for category in dataset.document.categories}
    by_image: dict[int, list[_Row]] = {}
    for row in sorted(rows, key=lambda row: -row.score):
        by_image.setdefault(row.image_id, []).append(row)
    known = [picture.id for picture in dataset.document.images]
    return [
        Seen(sample.truth, _rows(by_image.get(image, []), names)) for image, sample in zip(known, dataset, strict=True)
    ]


def _rows(rows: list[_Row], names: dict[int, str]) -> Detections:
    xywh: Any = np.array([row.bbox for row in rows], np.float32).reshape(-1, 4)
    return Detections(
        np.hstack([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]]),
        np.array([row.score for row in rows], np.float32),
        np.array([row.category_id for row in rows], np.int32),
        tuple(names.get(row.category_id, "") for row in rows),
    )
