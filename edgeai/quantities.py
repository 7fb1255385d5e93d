"""Quantities as people write them: `100ms`, `15fps`, `640x480`, `4.5W`, `1%`; a bare number is in the documented unit.

The annotated types are plain floats and tuples to Python, and tell pydantic how to read the written form.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

__all__ = [
    "Duration",
    "Endpoint",
    "Energy",
    "Fraction",
    "Hours",
    "Memory",
    "Quantity",
    "Rate",
    "Size",
    "TimeOfDay",
    "Watts",
]

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\d\s]*)\s*")
_CLOCK = r"\s*([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?\s*"
_ENDPOINT = r"\s*(?:(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):)?(\d{1,5})\s*"


def _unit_reader(units: dict[str, float]) -> Callable[[str], float]:
    def read(text: str) -> float:
        match = _NUMBER.fullmatch(text)
        if match is None or match[2] not in units:
            raise ValueError(text)
        return float(match[1]) * units[match[2]]

    return read


def _read_size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"\s*(\d+)\s*[x×]\s*(\d+)\s*", text)
    if match is None:
        raise ValueError(text)
    return int(match[1]), int(match[2])


def _read_time_of_day(text: str) -> float:
    match = re.fullmatch(_CLOCK, text)
    if match is None:
        raise ValueError(text)
    return 3600.0 * int(match[1]) + 60.0 * int(match[2]) + int(match[3] or 0)


def _read_endpoint(text: str) -> tuple[str, int]:
    match = re.fullmatch(_ENDPOINT, text)
    if match is None:
        raise ValueError(text)
    return (match[1] or "127.0.0.1").strip("[]"), int(match[2])


@dataclass(frozen=True, slots=True)
class Quantity:
    """A written form: `read` turns text into the value, `expected` says in words what is accepted."""

    read: Callable[[str], Any]
    expected: str
    pattern: str
    check: Callable[[Any], bool] = lambda value: True

    def _before(self, value: Any) -> Any:
        if isinstance(value, bool):
            raise ValueError(self.expected)
        if not isinstance(value, str):
            return value
        try:
            return self.read(value)
        except ValueError:
            raise ValueError(self.expected) from None

    def _after(self, value: Any) -> Any:
        if not self.check(value):
            raise ValueError(self.expected)
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        inner = core_schema.no_info_before_validator_function(self._before, handler(source))
        return core_schema.no_info_after_validator_function(self._after, inner)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        written = {"type": "string", "pattern": self.pattern}
        return {"anyOf": [dict(handler(schema)), written], "description": self.expected}


_TIME = {"": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "min": 60.0, "h": 3600.0}
_RATE = {"": 1.0, "fps": 1.0, "Hz": 1.0, "hz": 1.0, "kHz": 1e3}
_POWER = {"": 1.0, "W": 1.0, "mW": 1e-3, "kW": 1e3}
_BYTES = {"": 1.0, "B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1024.0, "MiB": 1024.0**2, "GiB": 1024.0**3}
_HOURS = {"": 1.0, "h": 1.0, "min": 1.0 / 60.0, "d": 24.0}
_ENERGY = {"": 1.0, "Wh": 1.0, "mWh": 1e-3, "kWh": 1e3}


def _finite_positive(value: float) -> bool:
    return 0 <= value < float("inf")


def _above_zero(value: float) -> bool:
    return 0 < value < float("inf")


Duration = Annotated[
    float,
    Quantity(
        _unit_reader(_TIME),
        "a duration: seconds, or text such as 100ms, 1.5s, 2min, 1h",
        r"^\s*\d*\.?\d+\s*(us|µs|ms|s|min|h)?\s*$",
        _finite_positive,
    ),
]
"""Seconds."""

Rate = Annotated[
    float,
    Quantity(
        _unit_reader(_RATE),
        "a rate: a number per second, or text such as 15fps, 0.5Hz",
        r"^\s*\d*\.?\d+\s*(fps|Hz|hz|kHz)?\s*$",
        _above_zero,
    ),
]
"""Hertz."""

Watts = Annotated[
    float,
    Quantity(
        _unit_reader(_POWER),
        "a power: watts, or text such as 4.5W, 800mW",
        r"^\s*\d*\.?\d+\s*(W|mW|kW)?\s*$",
        _above_zero,
    ),
]
"""Watts."""

Memory = Annotated[
    float,
    Quantity(
        _unit_reader(_BYTES),
        "an amount of memory: bytes, or text such as 200MB, 512MiB, 2GB",
        r"^\s*\d*\.?\d+\s*(B|kB|MB|GB|KiB|MiB|GiB)?\s*$",
        _above_zero,
    ),
]
"""Bytes."""

Energy = Annotated[
    float,
    Quantity(
        _unit_reader(_ENERGY),
        "an energy: watt-hours, or text such as 20Wh",
        r"^\s*\d*\.?\d+\s*(Wh|mWh|kWh)?\s*$",
        _above_zero,
    ),
]
"""Watt-hours."""

Hours = Annotated[
    float,
    Quantity(
        _unit_reader(_HOURS),
        "a time: hours, or text such as 2h, 90min",
        r"^\s*\d*\.?\d+\s*(h|min|d)?\s*$",
        _above_zero,
    ),
]
"""Hours."""

TimeOfDay = Annotated[
    float,
    Quantity(
        _read_time_of_day,
        "a time of day on this machine's clock, such as 18:30",
        f"^{_CLOCK}$",
        lambda seconds: 0 <= seconds < 86_400,
    ),
]
"""Seconds after midnight."""

Fraction = Annotated[
    float,
    Quantity(
        _unit_reader({"": 1.0, "%": 0.01}),
        "a fraction: a number from 0 to 1, or text such as 1%",
        r"^\s*\d*\.?\d+\s*%?\s*$",
        lambda value: 0 <= value <= 1,
    ),
]
"""A number from 0 to 1."""

Endpoint = Annotated[
    tuple[str, int],
    Quantity(
        _read_endpoint,
        "an address to listen on: a port such as 8080 (this machine alone), or host and port such as 0.0.0.0:8080",
        f"^{_ENDPOINT}$",
        lambda endpoint: 0 <= endpoint[1] <= 65535,
    ),
]
"""Host and port; port 0 takes any that is free."""

Size = Annotated[
    tuple[int, int],
    Quantity(
        _read_size,
        "a size: [width, height] in pixels, or text such as 640x480",
        r"^\s*\d+\s*[x×]\s*\d+\s*$",
        lambda size: all(0 < side <= 65536 for side in size),
    ),
]
"""Width and height in pixels."""
