"""Columns as people write them, and rows of numbers as devices write them."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence

from edgeai.driver import Column
from edgeai.errors import ConfigError, Problem

TIME_UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "µs": 10**3, "ns": 1}
"""Nanoseconds in each unit that a time column may have."""

_TITLED = re.compile(r"(.*?)\s*[(\[]([^)\]]*)[)\]]")


def column(spec: str | Column) -> Column:
    """Read one column: `name`, `name:unit` or `Name (unit)`. Raises ValueError for an empty name."""
    if not isinstance(spec, str):
        return spec
    titled = _TITLED.fullmatch(spec.strip())
    name, unit = titled.groups() if titled else (spec.partition(":")[0], spec.partition(":")[2])
    if not name.strip():
        raise ValueError(f"the column {spec!r} has no name")
    return Column(name.strip(), unit.strip() or "1")


def columns(specs: str | Sequence[str | Column]) -> tuple[Column, ...]:
    """Read columns, from a sequence or from text with commas. Raises ValueError for a name that is missing or twice."""
    read = tuple(column(spec) for spec in (specs.split(",") if isinstance(specs, str) else specs))
    names = [c.name for c in read]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"the column {twice[0]!r} is there twice")
    return read


def split(line: str, separator: str) -> list[str]:
    """Cut a line into fields; the separators ` ` and `whitespace` stand for any run of blanks."""
    return line.split() if separator in (" ", "whitespace") else line.strip().split(separator)


def numbers(fields: Sequence[str], count: int) -> list[float] | None:
    """Return the fields as `count` finite numbers, or None when they are anything else."""
    if len(fields) != count or any("_" in text for text in fields):
        return None
    try:
        values = [float(text) for text in fields]
    except ValueError:
        return None
    return values if all(math.isfinite(value) for value in values) else None


def time_index(path: str, wanted: str, present: Sequence[Column]) -> tuple[int, int]:
    """Return where the time column is, and the nanoseconds in its unit. `wanted` is a name, or `name:unit`.

    `path` leads to the option in the graph. Raises ConfigError for a column that is not there or has no unit of time.
    """
    names = [c.name for c in present]
    asked = Column(wanted) if wanted in names else column(wanted)
    if asked.name not in names:
        close = difflib.get_close_matches(asked.name, names, n=1)
        hint = f"did you mean {close[0]!r}?" if close else ""
        raise ConfigError(Problem(path, repr(wanted), f"one of the columns {', '.join(names)}", hint=hint))
    index = names.index(asked.name)
    unit = asked.unit if asked.unit != "1" else present[index].unit
    if unit not in TIME_UNITS:
        found = f"{wanted!r}, in {'no unit' if unit == '1' else repr(unit)}"
        raise ConfigError(Problem(path, found, f"a unit of time ({', '.join(TIME_UNITS)}), such as {asked.name}:ms"))
    return index, TIME_UNITS[unit]
