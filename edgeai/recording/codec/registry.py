"""The classes that a recording may name: nothing else is ever made from a file's content.

This is the one place to enter a module whose values are recorded: what the scheduler is told and answers, what flows in
a pipeline, and what its stages remember.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from types import ModuleType
from typing import Any, get_type_hints

import numpy as np

from edgeai import messages, parts, values
from edgeai.perception.gating import look
from edgeai.perception.tracking import book, motion, tracks
from edgeai.schedule import commands, events, policy, workload

__all__ = ["CLASSES", "DTYPES", "MODULES", "STRANGE", "hints_of", "is_record"]

MODULES: tuple[ModuleType, ...] = (events, commands, workload, values, parts, messages, motion, tracks, book, look)
"""All dataclasses and named tuples of these are known."""

DTYPES = frozenset(("bool", "uint8", "int8", "uint16", "int16", "int32", "uint32", "int64", "float32", "float64"))

STRANGE = {"inf": np.inf, "-inf": -np.inf, "nan": np.nan}
"""Floats that JSON does not know."""


def _has_fields(value: Any) -> bool:
    return isinstance(value, type) and (is_dataclass(value) or (issubclass(value, tuple) and hasattr(value, "_fields")))


def _of(module: ModuleType) -> Iterator[type]:
    for value in vars(module).values():
        if _has_fields(value) and value.__module__ == module.__name__:
            yield value


CLASSES: dict[str, type] = {cls.__name__: cls for module in MODULES for cls in _of(module)} | {
    "Choice": policy.Choice,
    "Aim": policy.Aim,
}


def is_record(cls: type) -> bool:
    """Say whether values of a class are written field by field: any dataclass, and the named tuples known here."""
    return is_dataclass(cls) or CLASSES.get(cls.__name__) is cls


@functools.cache
def hints_of(cls: type) -> dict[str, Any]:
    """Return the annotations of a record's fields, in order, without those that are only remembered."""
    hints = get_type_hints(cls)
    if not is_dataclass(cls):
        return hints
    return {field.name: hints[field.name] for field in fields(cls) if not field.metadata.get("transient")}
