"""What a graph says of any device beside its driver's options: how it is opened again, and where it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import TypeAdapter, ValidationError

from edgeai.driver import NEVER_AGAIN, Retry
from edgeai.graph.findings import Mistake
from edgeai.graph.forms import Form, Names
from edgeai.graph.words import show
from edgeai.quantities import Duration

__all__ = ["UPKEEP", "taken", "upkeep_schema", "written"]

_EXPECTED = "off, on, or a restart budget such as {budget: 5, within: 60s}"
_duration = TypeAdapter(Duration)


def _retry(value: Any) -> Retry:
    if isinstance(value, Retry):
        return value
    if value in ("off", False):
        return NEVER_AGAIN
    if value in ("on", True):
        return Retry()
    if not isinstance(value, Mapping) or not set(value) <= {"budget", "within"}:
        raise ValueError
    budget = value.get("budget", Retry().budget)
    if not isinstance(budget, int) or isinstance(budget, bool) or not 0 <= budget <= 1000:
        raise ValueError("a budget from 0 to 1000 restarts")
    try:
        within = _duration.validate_python(value.get("within", Retry().within))
    except ValidationError:
        raise ValueError from None
    return Retry(budget, within)


_RETRY_SCHEMA = {
    "anyOf": [
        {"enum": ["off", "on"]},
        {"type": "boolean"},
        {
            "type": "object",
            "properties": {
                "budget": {"type": "integer", "minimum": 0, "maximum": 1000},
                "within": _duration.json_schema(),
            },
            "additionalProperties": False,
        },
    ]
}

_ADAPTERS: Mapping[str, tuple[TypeAdapter[Any], str, str]] = {
    "stages": (TypeAdapter(Names), "a stage, or a list of stages", "Whose results it gets; left out: all."),
    "retry": (
        TypeAdapter(Annotated[Retry, Form(_retry, _EXPECTED, _RETRY_SCHEMA)]),
        _EXPECTED,
        "How often it is opened again when it fails: off, or {budget: 5, within: 60s}; left out, files are not.",
    ),
    "isolate": (
        TypeAdapter(Literal["process"]),
        "process: the driver runs in a process of its own",
        "process: the driver runs in a process of its own, which is ended and started again when it hangs.",
    ),
}

UPKEEP: Mapping[str, tuple[str, ...]] = {
    "cameras": ("retry", "isolate"),
    "sensors": ("retry", "isolate"),
    "meters": (),
    "outputs": ("stages", "retry"),
}
"""What may be said of the devices of each section."""


def taken(section: str, options: dict[str, Any]) -> dict[str, Any]:
    """Take what is not the driver's out of `options` and return it, read. Raises Mistake."""
    found = {}
    for name in UPKEEP[section]:
        value = options.pop(name, None)
        if value is None:
            continue
        adapter, expected, _ = _ADAPTERS[name]
        try:
            found[name] = adapter.validate_python(value)
        except ValidationError:
            raise Mistake(show(value), expected, at=(name,)) from None
    return found


def written(value: Any) -> Any:
    """Return the form in which such a value is written."""
    if isinstance(value, Retry):
        return {"budget": value.budget, "within": value.within} if value.budget else "off"
    return list(value) if isinstance(value, tuple) else value


def upkeep_schema(section: str) -> dict[str, Any]:
    """Return the JSON schemas of what may be said of the devices of a section."""
    return {name: _ADAPTERS[name][0].json_schema() | {"description": _ADAPTERS[name][2]} for name in UPKEEP[section]}
