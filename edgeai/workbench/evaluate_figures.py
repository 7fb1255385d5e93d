"""From what was true and what was found to figures: which metrics a kind of truth has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.errors import ConfigError, Problem
from edgeai.messages import Classification, Detections
from edgeai.workbench.datasets import Boxes, ClassName, Flag, Mask, Points, Truth
from edgeai.workbench.metrics import Confusion, auc, coco_map, mota_idf1, pck, top_k

__all__ = ["Figure", "Seen", "figures", "score_of"]

REACH = 0.1
"""How far off a keypoint may be, as a share of its body's diagonal."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric's value; all but `switches` are shares, the higher the better."""

    metric: str
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What was true of a sample, and the value that a model gave."""

    truth: Truth | None
    value: Any


def figures(seen: Sequence[Seen], labels: tuple[str, ...] | None, metrics: Sequence[str] = ()) -> tuple[Figure, ...]:
    """Return the figures of a model, the main one first, or those named by `metrics` in their order.

    labels: the model's classes. Raises ConfigError where truth and values do not fit each other, PluginError where a
    metric's library is not installed.
    """
    kind = _kind(seen)
    judge = _JUDGES[kind]
    try:
        found = judge(seen, labels)
    except ConfigError:
        raise
    except ValueError as error:
        raise _misfit(f"a truth of {kind} that gives no figure ({error})", "data of which one can be made") from error
    except (AttributeError, TypeError) as error:
        given = type(seen[0].value).__name__
        raise _misfit(
            f"{given} for a truth of {kind} ({error})", "a model whose values are of the data's task"
        ) from error
    unknown = [name for name in metrics if name not in found]
    if unknown:
        raise ConfigError(Problem("--metric", unknown[0], f"one of {', '.join(found)} for this data"))
    return tuple(Figure(name, found[name]) for name in (metrics or found))


def _kind(seen: Sequence[Seen]) -> str:
    for kind, name in ((Points, "keypoints"), (ClassName, "classes"), (Flag, "flags"), (Mask, "masks")):
        if any(isinstance(each.truth, kind) for each in seen):
            return name
    boxes = [each.truth for each in seen if isinstance(each.truth, Boxes)]
    if not boxes:
        expected = "labels, boxes, masks … to judge by; of a recording, FILE#STAGE takes what that found for true"
        raise _misfit("data without truth", expected)
    return "tracks" if any(each.track_id for each in boxes) else "boxes"


def _misfit(found: str, expected: str) -> ConfigError:
    return ConfigError(Problem("--data", found, expected))


def _classes(seen: Sequence[Seen], labels: tuple[str, ...] | None) -> dict[str, float]:
    """Judge classifications; a dataset's numbers do not count a background that the model's labels begin with."""
    pairs = [(each.truth, each.value) for each in seen if isinstance(each.truth, ClassName)]
    if not all(isinstance(value, Classification) for _, value in pairs):
        raise TypeError("it gives no classes")
    by_name = {label.lower(): i for i, label in enumerate(labels or ())}
    first = int(bool(labels) and labels is not None and labels[0].lower() in {"background", "unknown"})
    truth = [_class_id(true, by_name, first) for true, _ in pairs]
    ranked = [value.class_id.tolist() for _, value in pairs]
    return {f"top-{k}": top_k(truth, ranked, k) for k in (1, 5) if k == 1 or max(map(len, ranked)) >= k}


def _class_id(true: ClassName, by_name: dict[str, int], first: int) -> int:
    if true.name is None or not by_name:
        return true.class_id + first
    number = by_name.get(true.name.lower())
    if number is None:
        raise _misfit(
            f"the class {true.name!r}, which the model does not know", f"classes such as {next(iter(by_name))}"
        )
    return number


def _flags(seen: Sequence[Seen], labels: tuple[str, ...] | None) -> dict[str, float]:
    pairs = [(each.truth.there, score_of(each.value)) for each in seen if isinstance(each.truth, Flag)]
    return {"AUC": auc([there for there, _ in pairs], [score for _, score in pairs])}


def score_of(value: Any) -> float:
    """Return the one number that a value stands for: a score, a single regressed value, the second of two classes."""
    if isinstance(value, Classification) and set(value.class_id.tolist()) == {0, 1}:
        return float(value.score[value.class_id.tolist().index(1)])
    if hasattr(value, "threshold"):
        return float(value.value)
    if len(getattr(value, "values", ())) == 1:
        return float(value.values[0])
    raise TypeError("it gives no single score")


def _boxes(seen: Sequence[Seen], labels: tuple[str, ...] | None) -> dict[str, float]:
    pairs = [(each.truth, each.value) for each in seen if isinstance(each.truth, Boxes)]
    if not all(isinstance(value, Detections) for _, value in pairs):
        raise TypeError("it gives no boxes")
    return coco_map([truth for truth, _ in pairs], [value for _, value in pairs])


def _tracks(seen: Sequence[Seen], labels: tuple[str, ...] | None) -> dict[str, float]:
    found = {}
    for frame, each in enumerate(seen):
        value: Detections = each.value
        numbers = () if value.track_id is None else tuple(value.track_id.tolist())
        found[frame] = Boxes(value.box.astype(float), value.label, tuple(value.class_id.tolist()), track_id=numbers)
    return mota_idf1({i: each.truth for i, each in enumerate(seen) if isinstance(each.truth, Boxes)}, found)


def _masks(seen: Sequence[Seen], labels: tuple[str, ...] | None) -> dict[str, float]:
    book = Confusion()
    for each in seen:
        if isinstance(each.truth, Mask):
            height, width = each.truth.class_id.shape
            book.add(each.truth.class_id, each.value.at((width, height)), each.truth.ignore)
    return {"mIoU": book.mean()}


def _points(seen: Sequence[Seen], labels: tuple[str, ...] | None) -> dict[str, float]:
    truth: list[Any] = []
    found: list[Any] = []
    visible: list[Any] = []
    size: list[Any] = []
    for each in seen:
        if isinstance(each.truth, Points):
            points = getattr(each.value, "keypoints", each.value)
            truth.extend(each.truth.point)
            visible.extend(each.truth.visible)
            size.extend(each.truth.size)
            found.extend(_nearest(each.truth, points))
    reach = REACH * np.array(size)
    return {f"PCK@{REACH:g}": pck(np.array(truth), np.array(found), np.array(visible), reach)}


def _nearest(truth: Points, points: Any) -> list[npt.NDArray[np.float64]]:
    """Return for each true body the found one that lies nearest, its points in the truth's order; NaN for none."""
    none = np.full(truth.point.shape[1:], np.nan)
    if points is None or not len(points):
        return [none] * len(truth.point)
    order = [list(points.name).index(name) for name in truth.name] if set(truth.name) <= set(points.name) else None
    found = np.asarray(points.point, np.float64) if order is None else np.asarray(points.point, np.float64)[:, order]
    if found.shape[1:] != truth.point.shape[1:]:
        raise ValueError(f"the model gives {found.shape[1]} keypoints and the data {truth.point.shape[1]}")
    apart = np.hypot(*np.moveaxis(found[None] - truth.point[:, None], -1, 0))
    mean = (apart * truth.visible[:, None]).sum(-1) / np.maximum(truth.visible.sum(-1)[:, None], 1)
    return [found[i] for i in mean.argmin(axis=1)]


_JUDGES: dict[str, Callable[[Sequence[Seen], tuple[str, ...] | None], dict[str, float]]] = {
    "classes": _classes,
    "flags": _flags,
    "boxes": _boxes,
    "tracks": _tracks,
    "masks": _masks,
    "keypoints": _points,
}
