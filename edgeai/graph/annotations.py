"""What a field accepts, in words: from the type that its class declares for it."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import os
import re
import types
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from edgeai.graph.forms import WRITTEN
from edgeai.graph.words import any_of

__all__ = ["annotation_at", "choices", "describe", "field_names", "is_path", "notes"]

_SIMPLE = ((bool, "true or false"), (int, "a whole number"), (float, "a number"), (PurePath, "a path"), (str, "text"))
_PLURAL = {"a number": "numbers", "a whole number": "whole numbers", "text": "texts", "a path": "paths"}


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls, include_extras=True)


def field_names(cls: Any) -> list[str]:
    """Return the fields of a dataclass or model that a document may name, those of its own before those inherited."""
    if issubclass(cls, BaseModel):
        return [name for name in cls.model_fields if name != "given"]
    names = [field.name for field in dataclasses.fields(cls) if field.init]
    return sorted(
        names, key=lambda name: next(i for i, base in enumerate(cls.__mro__) if name in inspect.get_annotations(base))
    )


def notes(cls: type) -> dict[str, str]:
    """Return what the docstrings of a dataclass and its bases say of its fields (`rotate: degrees clockwise.`)."""
    found: dict[str, str] = {}
    names = "|".join(re.escape(name) for name in field_names(cls))
    for base in cls.__mro__:
        text = " ".join((base.__dict__.get("__doc__") or "").split())
        for match in re.finditer(rf"\b({names}): (.*?)(?=(?:\s\b\w+(?:, \w+)*: )|$)", text):
            found.setdefault(match[1], match[2].strip())
    return found


def _unwrapped(annotation: Any) -> Any:
    """Take Annotated and `| None` off."""
    if get_origin(annotation) is Annotated:
        return _unwrapped(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        rest = [item for item in get_args(annotation) if item is not type(None)]
        if len(rest) == 1:
            return _unwrapped(rest[0])
    return annotation


def annotation_at(annotation: Any, path: Sequence[str | int]) -> Any:
    """Return the type declared at a path inside a class, or None where none is."""
    for key in path:
        annotation = _unwrapped(annotation)
        if isinstance(key, str) and _is_record(annotation):
            annotation = _hints(annotation).get(key) if key in field_names(annotation) else None
        else:
            annotation = _item(annotation, key)
    return annotation


def _item(annotation: Any, key: str | int) -> Any:
    arguments = get_args(annotation)
    if not arguments:
        return None
    if isinstance(key, int) and get_origin(annotation) is tuple and ... not in arguments:
        return arguments[key] if key < len(arguments) else None
    return arguments[0] if isinstance(key, int) else arguments[-1]


def _is_record(annotation: Any) -> bool:
    return isinstance(annotation, type) and (dataclasses.is_dataclass(annotation) or issubclass(annotation, BaseModel))


def choices(annotation: Any) -> list[str]:
    """Return the words that may be written where only some may be, or the keys of a mapping with fixed keys."""
    annotation = _unwrapped(annotation)
    if get_origin(annotation) is Literal:
        return [str(item) for item in get_args(annotation)]
    return field_names(annotation) if _is_record(annotation) else []


def is_path(annotation: Any) -> bool:
    """Say whether a field holds a path of the file system."""
    arguments = get_args(_unwrapped(annotation)) or (_unwrapped(annotation),)
    return any(isinstance(item, type) and issubclass(item, os.PathLike) for item in arguments)


def describe(annotation: Any) -> str:
    """Return what is accepted, in words; `a value` where nothing better is known."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        written = [item.expected for item in metadata if isinstance(item, WRITTEN)]
        return written[0] if written else describe(inner)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return any_of(dict.fromkeys(describe(item) for item in arguments if item is not type(None)))
    if origin is Literal:
        return any_of(arguments)
    if origin in (tuple, list, set, frozenset):
        return _list_of(origin, arguments)
    if _is_record(annotation):
        return f"a mapping with {any_of(field_names(annotation), 'and')}"
    if origin is dict or annotation is dict or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return "a mapping"
    return next(
        (words for kind, words in _SIMPLE if isinstance(annotation, type) and issubclass(annotation, kind)), "a value"
    )


def _list_of(origin: Any, arguments: tuple[Any, ...]) -> str:
    items = [describe(item) for item in arguments if item is not ...]
    kinds = any_of(dict.fromkeys(_PLURAL.get(item, item) for item in items)) if items else "values"
    return f"a list of {len(items)} {kinds}" if origin is tuple and ... not in arguments else f"a list of {kinds}"
