"""The JSON schema of a graph's YAML, for editors and other tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeai import plugins
from edgeai.driver import Driver
from edgeai.graph.annotations import notes
from edgeai.graph.devices import ROLES, Role, adapter, available
from edgeai.graph.findings import Mistake
from edgeai.graph.reader import SECTIONS
from edgeai.graph.spec import LiveViewSpec, RecordSpec, ScheduleSpec, StageSpec
from edgeai.graph.upkeep import upkeep_schema

__all__ = ["json_schema"]

_ABOUT = {
    "cameras": "Cameras by name: a short form (v4l2:/dev/video0?fps=30, clip.mp4), or a driver with its options.",
    "sensors": "Sensors by name: a short form such as serial_lines:/dev/ttyUSB0, or a driver with its options.",
    "meters": "What tells power, heat and battery; left out, what this machine has; {} for none.",
    "stages": "Stages by name: a model or a Python function, what feeds it, and what is asked of it.",
    "outputs": "Outputs by name: a short form such as jsonl:out.jsonl, or a driver with its options and stages.",
}
_NAME = r"^[A-Za-z_][A-Za-z0-9_-]*$"

Schema = dict[str, Any]


def json_schema() -> Schema:
    """Return the schema (draft 2020-12), with the options of every driver that can be imported here."""
    definitions: Schema = {}
    stage = _taken_in(StageSpec.model_json_schema(), definitions)
    stage["oneOf"] = [{"required": ["model"]}, {"required": ["call"]}]
    schedule = _taken_in(ScheduleSpec.model_json_schema(), definitions)
    schedule["properties"]["policy"]["examples"] = plugins.names("policies")
    record = _taken_in(RecordSpec.model_json_schema(), definitions)
    live_view = _taken_in(LiveViewSpec.model_json_schema(), definitions)
    definitions |= {"stage": stage, "schedule": schedule, "record": record, "live_view": live_view}
    sections = {name: _devices(role, definitions) for name, role in ROLES.items()}
    sections["stages"] = _named("stages", {"$ref": "#/$defs/stage"}) | {"minProperties": 1}
    sections["record"] = {"anyOf": [{"$ref": "#/$defs/record"}, {"type": "null"}]}
    short = live_view["properties"]["address"]["anyOf"]
    sections["live_view"] = {"anyOf": [{"$ref": "#/$defs/live_view"}, *short, {"type": "integer"}, {"type": "null"}]}
    sections["schedule"] = {"anyOf": [{"$ref": "#/$defs/schedule"}, {"type": "null"}]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "edgeai graph",
        "description": "A pipeline: cameras and sensors feed stages, whose results go to outputs.",
        "type": "object",
        "properties": {name: sections[name] for name in SECTIONS},
        "required": ["stages"],
        "anyOf": [{"required": ["cameras"]}, {"required": ["sensors"]}],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _taken_in(schema: Schema, definitions: Schema) -> Schema:
    """Move a schema's own definitions to those of the document."""
    definitions |= schema.pop("$defs", {})
    return schema


def _named(section: str, item: Schema) -> Schema:
    return {
        "description": _ABOUT[section],
        "type": ["object", "null"],
        "propertyNames": {"pattern": _NAME},
        "additionalProperties": item,
    }


def _devices(role: Role, definitions: Schema) -> Schema:
    """Return the schema of a section: each device a short form, or one of the drivers with its options."""
    written: list[Schema] = [{"type": "string", "minLength": 1, "description": f"The short form of {role.noun}."}]
    by_name: Schema = {}
    for name, cls in available(role):
        reference = _options(role, name, cls, definitions)
        if reference is not None:
            written.append({"$ref": reference, "required": ["driver"]})
            by_name[name] = {"anyOf": [{"$ref": f"#/$defs/{role.section}"}, {"$ref": reference}, {"type": "null"}]}
    definitions[role.section] = {"anyOf": written}
    return _named(role.section, {"$ref": f"#/$defs/{role.section}"}) | {"properties": by_name}


def _options(role: Role, name: str, cls: type[Driver], definitions: Schema) -> str | None:
    """Define the mapping of one driver and return the reference to it; None where its options cannot be read."""
    try:
        template = f"#/$defs/{role.section}.{name}.{{model}}"
        schema = adapter(cls.Options).json_schema(ref_template=template)
    except Mistake:
        return None
    for inner, definition in schema.pop("$defs", {}).items():
        definitions[f"{role.section}.{name}.{inner}"] = definition
    properties = {
        key: _noted(value, notes(cls.Options).get(key)) for key, value in schema.get("properties", {}).items()
    }
    own: Schema = {"driver": {"const": name, "description": _first_line(cls)}, **properties}
    own |= upkeep_schema(role.section)
    definitions[f"{role.section}.{name}"] = {
        "type": "object",
        "description": _first_line(cls),
        "properties": own,
        "required": schema.get("required", []),
        "additionalProperties": False,
    }
    return f"#/$defs/{role.section}.{name}"


def _noted(schema: Mapping[str, Any], note: str | None) -> Schema:
    return {**schema, "description": note} if note else dict(schema)


def _first_line(cls: type) -> str:
    return (cls.__doc__ or cls.__name__).strip().splitlines()[0]
