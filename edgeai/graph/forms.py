"""Written forms of the graph's own values, beside those of edgeai.quantities: rate ranges, ladders, threads, labels."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import TypeAdapter, ValidationError

from edgeai.messages import Column
from edgeai.quantities import Duration, Quantity, Rate

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

__all__ = [
    "WRITTEN",
    "Call",
    "Channels",
    "Columns",
    "Deadline",
    "Divisors",
    "Form",
    "Labels",
    "Ladder",
    "Names",
    "RateRange",
    "Threads",
]


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A written form: `read` returns the value or raises ValueError, with a text if that says more than `expected`."""

    read: Callable[[Any], Any]
    expected: str
    schema: Mapping[str, Any]

    def _validate(self, value: Any) -> Any:
        try:
            return self.read(value)
        except ValueError as error:
            raise ValueError(str(error) or self.expected) from None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return dict(self.schema)


_rate = TypeAdapter(Rate)
_duration = TypeAdapter(Duration)
_RATE_SCHEMA: Any = {k: v for k, v in TypeAdapter(Rate).json_schema().items() if k != "description"}
_DURATION_SCHEMA: Any = TypeAdapter(Duration).json_schema()
_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}


def _need(condition: bool, expected: str = "") -> None:
    if not condition:
        raise ValueError(expected)


def _one_rate(value: Any) -> float:
    try:
        return _rate.validate_python(value)
    except ValidationError:
        raise ValueError from None


def _rates(value: Any) -> tuple[float, float]:
    if not isinstance(value, list | tuple):
        rate = _one_rate(value)
        return rate, rate
    _need(len(value) == 2)
    low, high = _one_rate(value[0]), _one_rate(value[1])
    _need(low <= high, "[min, max] with min not above max, such as [2fps, 15fps]")
    return low, high


def _deadline(value: Any) -> float:
    try:
        seconds = _duration.validate_python(value)
    except ValidationError:
        raise ValueError from None
    _need(seconds > 0, "a deadline above zero, such as 100ms")
    return seconds


def _text(value: Any) -> str:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    _need(isinstance(value, str) and bool(value.strip()))
    return str(value)


def _texts(value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list | tuple) else [value]
    _need(len(items) > 0)
    return tuple(_text(item) for item in items)


def _ladder(value: Any) -> tuple[str, ...]:
    models = _texts(value)
    _need(len(set(models)) == len(models), "each model of the ladder once")
    return models


def _labels(value: Any) -> str | tuple[str, ...]:
    return _texts(value) if isinstance(value, list | tuple) else _text(value)


def _threads(value: Any) -> int | Literal["auto"]:
    if value == "auto":
        return "auto"
    _need(isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 64)
    return int(value)


def _number(value: Any) -> float:
    _need(isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf"))
    return float(value)


def _channels(value: Any) -> float | tuple[float, float, float]:
    if not isinstance(value, list | tuple):
        return _number(value)
    _need(len(value) == 3)
    return _number(value[0]), _number(value[1]), _number(value[2])


def _divisors(value: Any) -> float | tuple[float, float, float]:
    channels = _channels(value)
    _need(channels != 0 and (isinstance(channels, float) or 0 not in channels), "a number other than zero")
    return channels


def _column(value: Any) -> Column:
    if isinstance(value, Column):
        return value
    if isinstance(value, str):
        match = re.fullmatch(r"\s*([^\[\]]+?)\s*(?:\[([^\[\]]*)\])?\s*", value)
        _need(match is not None)
        assert match is not None
        return Column(match[1], (match[2] or "").strip() or "1")
    _need(isinstance(value, Mapping) and "name" in value and set(value) <= {"name", "unit"})
    return Column(_text(value["name"]), _text(value.get("unit", "1")))


def _columns(value: Any) -> tuple[Column, ...]:
    items = value if isinstance(value, list | tuple) else [value]
    _need(len(items) > 0)
    columns = tuple(_column(item) for item in items)
    _need(len({column.name for column in columns}) == len(columns), "each name once")
    return columns


_CALL = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def _call(value: Any) -> Any:
    _need((isinstance(value, str) and bool(_CALL.fullmatch(value))) or callable(value))
    return value


_DEADLINE = "a duration above zero: seconds, or text such as 100ms"
_RATES = "a rate such as 15fps, or a range [min, max] such as [2fps, 15fps]"
_COLUMNS = "names, with units where they have one: [steering, {name: speed, unit: m/s}]"

Deadline = Annotated[float, Form(_deadline, _DEADLINE, {**_DURATION_SCHEMA, "description": _DEADLINE})]
RateRange = Annotated[
    tuple[float, float],
    Form(
        _rates,
        _RATES,
        {"anyOf": [_RATE_SCHEMA, {"type": "array", "items": _RATE_SCHEMA, "minItems": 2, "maxItems": 2}]},
    ),
]
Ladder = Annotated[tuple[str, ...], Form(_ladder, "a model file, or a list of them (a ladder)", _TEXTS)]
Names = Annotated[tuple[str, ...], Form(_texts, "a name, or a list of names", _TEXTS)]
Labels = Annotated[str | tuple[str, ...], Form(_labels, "a file with a label a line, or a list of labels", _TEXTS)]
Threads = Annotated[
    int | Literal["auto"],
    Form(
        _threads,
        "auto, or a number of threads from 1 to 64",
        {"anyOf": [{"const": "auto"}, {"type": "integer", "minimum": 1, "maximum": 64}]},
    ),
]
_CHANNELS = "a number, or a list of three (one a channel)"
_CHANNELS_SCHEMA = {
    "anyOf": [{"type": "number"}, {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}]
}
PerChannel = float | tuple[float, float, float]
Channels = Annotated[PerChannel, Form(_channels, _CHANNELS, _CHANNELS_SCHEMA)]
Divisors = Annotated[PerChannel, Form(_divisors, _CHANNELS + ", not zero", _CHANNELS_SCHEMA)]
_COLUMN_SCHEMA = {
    "anyOf": [
        _TEXT,
        {
            "type": "object",
            "properties": {"name": _TEXT, "unit": _TEXT},
            "required": ["name"],
            "additionalProperties": False,
        },
    ]
}
Columns = Annotated[
    tuple[Column, ...],
    Form(_columns, _COLUMNS, {"anyOf": [_COLUMN_SCHEMA, {"type": "array", "items": _COLUMN_SCHEMA, "minItems": 1}]}),
]
Call = Annotated[
    Any, Form(_call, "a function as package.module:name", {"type": "string", "pattern": rf"^{_CALL.pattern}$"})
]

WRITTEN = (Form, Quantity)
"""What knows in words which values it accepts."""
