"""From a document to specs: each section's shape, each stage's keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from edgeai.graph.annotations import field_names
from edgeai.graph.findings import Findings
from edgeai.graph.sentences import mistakes, unknown_key
from edgeai.graph.spec import LiveViewSpec, RecordSpec, ScheduleSpec, StageSpec
from edgeai.graph.words import show

__all__ = [
    "SECTIONS",
    "check_shape",
    "read_live_view",
    "read_record",
    "read_schedule",
    "read_specs",
    "read_stages",
    "section",
]

SECTIONS = ("cameras", "sensors", "meters", "stages", "outputs", "schedule", "record", "live_view")
_SINGLE = ("schedule", "record", "live_view")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
Spec = TypeVar("Spec", bound=BaseModel)


def section(data: Any, name: str) -> dict[Any, Any]:
    """Return a section of the document; empty where there is none, or none that can be read."""
    value = data.get(name) if isinstance(data, Mapping) else None
    return dict(value) if isinstance(value, Mapping) else {}


def check_shape(data: Any, findings: Findings) -> None:
    """Note a document that is no mapping, unknown sections, sections that are no mappings, and names that are none."""
    if data is not None and not isinstance(data, Mapping):
        findings.add((), show(data), "a mapping with cameras, stages and outputs")
        return
    for key, value in (data or {}).items():
        if key not in SECTIONS:
            findings.mistake((key,), unknown_key(str(key), list(SECTIONS)))
        elif key == "live_view" and isinstance(value, str | int) and not isinstance(value, bool):
            continue  # its short form
        elif not isinstance(value, Mapping | ScheduleSpec | RecordSpec | LiveViewSpec | None):
            expected = "a mapping of keys to values" if key in _SINGLE else "a mapping of names to " + key
            findings.add((key,), show(value), expected)
        elif key not in _SINGLE and isinstance(value, Mapping):
            _check_names(key, value, findings)


def _check_names(key: str, names: Mapping[Any, Any], findings: Findings) -> None:
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            expected = "a name: a letter, then letters, digits, _ or -"
            findings.add((key, name if isinstance(name, str) else str(name)), f"the name {show(name)}", expected)


def read_stages(data: Any, findings: Findings) -> dict[str, StageSpec]:
    """Return the stages; note what is wrong with them, and leave it out."""
    return dict(read_specs(StageSpec, "stages", data, findings))


def read_specs(cls: type[Spec], name: str, data: Any, findings: Findings) -> Iterator[tuple[str, Spec]]:
    """Yield each name of a section with its spec; note what is wrong, and leave it out."""
    for key, value in section(data, name).items():
        spec = _spec(cls, (name, key), value, findings)
        if spec is not None:
            yield key, spec


def _spec(cls: type[Spec], path: tuple[str, ...], value: Any, findings: Findings) -> Spec | None:
    if isinstance(value, cls):
        return value
    if not isinstance(value, Mapping):
        expected = f"a mapping with keys such as {', '.join(field_names(cls)[:3])}"
        findings.add(path, show(value), expected)
        return None
    try:
        return cls.model_validate(dict(value))
    except ValidationError as error:
        found = mistakes(error, cls, value)
    for mistake in found:
        findings.mistake(path, mistake)
    wrong = {mistake.at[0] for mistake in found if mistake.at}
    return cls.model_validate({key: item for key, item in value.items() if isinstance(key, str) and key not in wrong})


def read_schedule(data: Any, findings: Findings) -> ScheduleSpec:
    """Return the schedule; note what is wrong with it."""
    value = data.get("schedule") if isinstance(data, Mapping) else None
    if isinstance(value, ScheduleSpec):
        return value
    return _spec(ScheduleSpec, ("schedule",), section(data, "schedule"), findings) or ScheduleSpec()


def read_record(data: Any, findings: Findings) -> RecordSpec | None:
    """Return what is to be recorded, None for nothing; note what is wrong with it."""
    value = data.get("record") if isinstance(data, Mapping) else None
    if value is None or isinstance(value, RecordSpec):
        return value
    return _spec(RecordSpec, ("record",), section(data, "record"), findings)


def read_live_view(data: Any, findings: Findings) -> LiveViewSpec | None:
    """Return where the live view is served, None for nowhere; note what is wrong with it."""
    value = data.get("live_view") if isinstance(data, Mapping) else None
    if value is None or isinstance(value, LiveViewSpec):
        return value
    short = not isinstance(value, Mapping)
    said = {"address": value} if short else section(data, "live_view")
    return _spec(LiveViewSpec, ("live_view",), said, findings)
