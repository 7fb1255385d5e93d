"""Plain scalars by the core schema of YAML 1.2: `off` and `no` are text, `1e3` is a number, `012` is twelve."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml

__all__ = ["PREFIX", "READ", "CoreSchema", "scalar", "tag_of"]

PREFIX = "tag:yaml.org,2002:"
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def tag_of(text: str) -> str:
    """Return the type of a plain scalar: null, bool, int, float or str."""
    for name, pattern in (("null", _NULL), ("bool", _BOOL), ("int", _INT), ("float", _FLOAT)):
        if pattern.fullmatch(text):
            return name
    return "str"


def _integer(text: str) -> int:
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


def _float(text: str) -> float:
    return float(re.sub(r"\.(inf|nan)", r"\1", text.lower()))


READ: dict[str, Callable[[str], Any]] = {
    "null": lambda _: None,
    "bool": lambda text: text.lower() == "true",
    "int": _integer,
    "float": _float,
    "str": str,
}
"""From a tag to what reads its text."""


def scalar(text: str) -> Any:
    """Return the value of a plain scalar: None, a bool, an int, a float or the text itself."""
    try:
        return READ[tag_of(text)](text)
    except ValueError:  # a number with thousands of digits
        return text


class CoreSchema:
    """Gives plain scalars the types of YAML 1.2; a base for loaders and dumpers of PyYAML."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """Return the tag of a node without one."""
        if kind is yaml.ScalarNode:
            return PREFIX + (tag_of(value) if implicit[0] else "str")
        return PREFIX + ("seq" if kind is yaml.SequenceNode else "map")
