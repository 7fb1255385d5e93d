"""What pydantic says is wrong, in the words of who wrote the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from edgeai.graph.annotations import annotation_at, choices, describe, notes
from edgeai.graph.document import Path
from edgeai.graph.findings import Mistake
from edgeai.graph.words import any_of, secret, show
from edgeai.plugins import near_miss

__all__ = ["mistakes", "unknown_key"]

_BOUNDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "greater_than": lambda c: f"a number above {c['gt']}",
    "greater_than_equal": lambda c: f"a number of at least {c['ge']}",
    "less_than": lambda c: f"a number below {c['lt']}",
    "less_than_equal": lambda c: f"a number of at most {c['le']}",
    "multiple_of": lambda c: f"a multiple of {c['multiple_of']}",
    "string_too_short": lambda c: f"text of at least {c['min_length']} characters",
    "string_too_long": lambda c: f"text of at most {c['max_length']} characters",
    "string_pattern_mismatch": lambda c: f"text of the form {c['pattern']}",
    "finite_number": lambda c: "a finite number",
}
_UNKNOWN = ("unexpected_keyword_argument", "extra_forbidden", "invalid_key")


def unknown_key(key: str, known: list[str]) -> Mistake:
    """Return the mistake of a key that is not among those known."""
    hint = near_miss(key, known)
    shown = [*known[:6], "…"] if hint and len(known) > 8 else known
    return Mistake("an unknown key", f"one of {', '.join(shown)}" if known else "no such key", hint)


def mistakes(error: ValidationError, cls: type, data: Any) -> list[Mistake]:
    """Return what a validation error of `cls` found wrong in `data`, each at its place, one a place."""
    found: dict[Path, list[Mistake]] = {}
    for item in error.errors(include_url=False):
        mistake = _mistake(dict(item), cls, data)
        found.setdefault(mistake.at, []).append(mistake)
    return [_merged(alternatives) for alternatives in found.values()]


def _merged(alternatives: list[Mistake]) -> Mistake:
    first = alternatives[0]
    expected = any_of(dict.fromkeys(mistake.expected for mistake in alternatives))
    return Mistake(first.found, expected, first.hint, first.at)


def _there(data: Any, loc: Path) -> Path:
    """Return the part of a location that the data has: pydantic adds names of its own for unions."""
    path: Path = ()
    for key in loc:
        in_mapping = isinstance(data, Mapping) and key in data
        in_list = isinstance(data, list | tuple) and isinstance(key, int) and key < len(data)
        if in_mapping or in_list:
            data = data[key]
            path = (*path, key)
    return path


def _value_at(data: Any, path: Path) -> Any:
    for key in path:
        data = data[key]
    return data


def _mistake(error: dict[str, Any], cls: type, data: Any) -> Mistake:
    loc: Path = error["loc"]
    kind: str = error["type"]
    path = _there(data, loc)
    if kind in _UNKNOWN:
        wrong = unknown_key(str(loc[-1]), choices(annotation_at(cls, path[:-1])))
        return Mistake(wrong.found, wrong.expected, wrong.hint, path)
    if kind == "missing" and loc and isinstance(loc[-1], str):
        return Mistake("nothing", _wanted(cls, path, loc[-1]), "this key is required", (*path, loc[-1]))
    value = _value_at(data, path)
    found = "a value (not shown)" if path and secret(path[-1]) and value is not None else show(value)
    return Mistake(found, _expected(error, cls, path), _hint(cls, path, value), path)


def _wanted(cls: type, path: Path, key: str) -> str:
    """Return what a key that is missing shall hold: what its class says of it, else what its type says."""
    owner = annotation_at(cls, path)
    said = notes(owner).get(key, "") if isinstance(owner, type) and choices(owner) else ""
    return said.split(". ")[0].removesuffix(".") or _expected_at(cls, (*path, key))


def _expected_at(cls: type, path: Path) -> str:
    annotation = annotation_at(cls, path)
    return "a value" if annotation is None else describe(annotation)


def _expected(error: dict[str, Any], cls: type, path: Path) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in ("value_error", "assertion_error"):
        message = str(context.get("error", "")) or str(error["msg"])
        return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind in _BOUNDS:
        return _BOUNDS[kind](context)
    expected = _expected_at(cls, path)
    if expected != "a value":
        return expected
    return str(error["msg"]).removeprefix("Input should be ").split(", unable")[0]


def _hint(cls: type, path: Path, value: Any) -> str:
    if isinstance(value, str):
        return near_miss(value, choices(annotation_at(cls, path)))
    if describe(annotation_at(cls, path)) == "text" and isinstance(value, bool | int | float):
        return "put it in quotes"
    return ""
