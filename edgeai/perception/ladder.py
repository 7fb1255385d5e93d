"""What keeps models from being a ladder: variants of one task, of which one may stand in for another.

They may differ in the size of their input, in quantization, architecture and accuracy: in what a result costs and how
good it is. They may not differ in what a result means: task, classes, labels, names and units of values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from edgeai.perception.model import Model

__all__ = ["Mismatch", "mismatch"]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What is wrong with a member: its place in the ladder, what was found, what was expected."""

    member: int
    found: str
    expected: str


def mismatch(ladder: Sequence[Model]) -> Mismatch | None:
    """Return the first thing that keeps models from being a ladder, None when they are one."""
    if len(ladder) < 2:
        return None
    return _in_meaning(ladder) or _in_accuracy(ladder)


# -- what results mean ---------------------------------------------------------------------------------------------


def _in_meaning(ladder: Sequence[Model]) -> Mismatch | None:
    first = ladder[0]
    for i, other in enumerate(ladder[1:], 1):
        for what, aspect in _ASPECTS:
            mine, theirs = aspect(other), aspect(first)
            if mine != theirs:
                found = f"{other.name} with {what} {_difference(mine, theirs)}"
                expected = f"{what} {_difference(theirs, mine)}, as {first.name} has: a ladder is of one task"
                return Mismatch(i, found, expected)
    return None


def _outputs(model: Model) -> Any:
    """Return the shapes of the outputs where nothing else says what they are; detectors differ in their anchors."""
    if model.labels is not None or model.task == "detection":
        return None
    return tuple(info.shape for info in model.outputs)


def _decoder(model: Model) -> str | None:
    """Return the decoder; detections mean the same whoever decodes them."""
    return None if model.task == "detection" else model.decoder


def _columns(model: Model) -> tuple[str, ...] | None:
    return None if model.columns is None else tuple(f"{column.name} [{column.unit}]" for column in model.columns)


_ASPECTS: tuple[tuple[str, Callable[[Model], Any]], ...] = (
    ("the task", lambda model: model.task),
    ("the decoder", _decoder),
    ("the labels", lambda model: model.labels),
    ("the values", _columns),
    ("the outputs", _outputs),
)


def _difference(mine: Any, theirs: Any) -> str:
    """Say in few words what is there: of two lists of names, how many, or the first that differs."""
    if not isinstance(mine, tuple):
        return "none" if mine is None else str(mine)
    if not isinstance(theirs, tuple) or len(mine) != len(theirs):
        return f"{len(mine)} ({', '.join(map(str, mine[:3]))}{' …' if len(mine) > 3 else ''})"
    at = next(i for i, (a, b) in enumerate(zip(mine, theirs, strict=True)) if a != b)
    return f"{mine[at]!s} as number {at}"


# -- how good they are ---------------------------------------------------------------------------------------------


def _in_accuracy(ladder: Sequence[Model]) -> Mismatch | None:
    """Policies weigh accuracies against each other: all or none are to be given, of one metric, as shares."""
    figures = [model.card.accuracy if model.card is not None else None for model in ladder]
    known = next((i for i, figure in enumerate(figures) if figure is not None), None)
    if known is None:
        return None
    for i, (model, figure) in enumerate(zip(ladder, figures, strict=True)):
        example = ladder[known]
        card = model.path.with_suffix(".yaml").name
        if figure is None:
            expected = f"one in its card {card}, as {example.name} has: a policy weighs one against the other"
            return Mismatch(i, f"{model.name} without an accuracy", expected)
        if not 0.0 <= figure.value <= 1.0 or figure.better != "higher":
            expected = f"a share from 0 to 1, the higher the better, in its card {card}"
            return Mismatch(i, f"{model.name} with {figure.metric} {figure.value:g}", expected)
        other = figures[known]
        if other is not None and figure.metric != other.metric:
            expected = f"{other.metric}, as {example.name} has: figures of two metrics cannot be compared"
            return Mismatch(i, f"{model.name} with an accuracy in {figure.metric}", expected)
    return None
