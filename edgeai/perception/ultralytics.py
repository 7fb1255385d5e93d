"""What Ultralytics' exporter packs into its files: a dictionary about the model, as Python or JSON writes it."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

from edgeai.errors import ModelError
from edgeai.perception.labels import MAX_CLASSES, UNNAMED, Labels

__all__ = ["read_dictionary"]

MAX_BYTES = 256 << 10
_TASKS = {"detect": "detection", "classify": "classification"}
"""Their words for the tasks that are read here."""


def read_dictionary(text: bytes, origin: str) -> tuple[Labels | None, str | None]:
    """Return the labels and the task that the dictionary names; a head that no decoder reads gives raw tensors.

    Raises ModelError when it is damaged.
    """
    said = _parse(text, origin)
    names = said.get("names")
    if isinstance(names, list | tuple):
        names = dict(enumerate(names))
    labels = Labels(_names(names, origin), origin) if names else None
    return labels, _TASKS.get(str(said["task"]), "tensors") if "task" in said else None


def _parse(text: bytes, origin: str) -> Mapping[Any, Any]:
    if len(text) > MAX_BYTES:
        raise ModelError(f"{origin} is larger than {MAX_BYTES >> 10} KiB: fetch the file again")
    for parse in (json.loads, ast.literal_eval):
        try:
            said = parse(text.decode("utf-8").strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        return said if isinstance(said, Mapping) else {}
    raise ModelError(f"{origin} is damaged: fetch the file again, or say `labels: <file>`")


def _names(names: Any, origin: str) -> tuple[str, ...]:
    """Return the names by class, `???` where there is a gap."""
    try:
        by_class = {int(class_id): str(name) for class_id, name in names.items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise ModelError(f"{origin} does not name classes by number: say `labels: <file>`") from error
    if not 0 <= min(by_class) <= max(by_class) < MAX_CLASSES:
        raise ModelError(f"{origin} numbers a class beyond reason: say `labels: <file>`")
    return tuple(by_class.get(i, UNNAMED) for i in range(max(by_class) + 1))
