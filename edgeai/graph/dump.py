"""A graph as YAML that reads back as the same graph."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel

from edgeai.errors import ConfigError
from edgeai.graph.calls import name_of
from edgeai.graph.scalars import CoreSchema
from edgeai.graph.spec import DelegateSpec, SsdSpec
from edgeai.graph.steps import CropSpec, GateSpec, TrackSpec
from edgeai.graph.upkeep import UPKEEP, written

if TYPE_CHECKING:
    from edgeai.graph.graph import Graph
    from edgeai.graph.spec import DeviceSpec, LiveViewSpec, StageSpec

__all__ = ["to_yaml"]


_SHORT: Mapping[type, Any] = {TrackSpec: True, CropSpec: True, GateSpec: "motion", SsdSpec: {}, DelegateSpec: {}}
"""How a mapping that says nothing is written."""


class _Dumper(CoreSchema, yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def to_yaml(graph: Graph) -> str:
    """Return the graph's YAML. Raises ConfigError where it holds something made in Python that has no written form."""
    document: dict[str, Any] = {}
    for section in ("cameras", "sensors", "meters", "stages", "outputs"):
        specs: Mapping[str, Any] | None = getattr(graph, section)
        written = _stage if section == "stages" else _device
        if specs or (section == "meters" and specs is not None):
            document[section] = {name: written(graph, (section, name), spec) for name, spec in specs.items()}
    schedule = graph.schedule.model_dump(exclude_defaults=True)
    if schedule:
        document["schedule"] = schedule
    if graph.record is not None:
        document["record"] = graph.record.model_dump(exclude_defaults=True)
    if graph.live_view is not None:
        document["live_view"] = _live_view(graph.live_view)
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def _device(graph: Graph, path: tuple[str, str], spec: DeviceSpec) -> dict[str, Any]:
    if spec.given is not None:
        raise ConfigError(graph.problem(path, f"{spec.driver}, made in Python", "a device that can be written as YAML"))
    said = ((name, getattr(spec, name)) for name in UPKEEP[path[0]])
    upkeep = {name: written(value) for name, value in said if value is not None}
    return {"driver": spec.driver, **{key: _plain(value) for key, value in spec.options.items()}, **upkeep}


def _stage(graph: Graph, path: tuple[str, str], spec: StageSpec) -> dict[str, Any]:
    values = {key: getattr(spec, key) for key in type(spec).model_fields if key in spec.model_fields_set}
    if spec.call is not None and not isinstance(spec.call, str):
        values["call"] = _importable(graph, path, spec.call)
    if spec.model is not None and len(spec.model) == 1:
        values["model"] = spec.model[0]
    if spec.rate is not None and spec.rate[0] == spec.rate[1]:
        values["rate"] = spec.rate[0]
    return {key: _plain(value) for key, value in values.items() if value is not None}


def _live_view(spec: LiveViewSpec) -> dict[str, Any]:
    host, port = spec.address
    token = {} if spec.token is None else {"token": spec.token}
    return {"address": f"[{host}]:{port}" if ":" in host else f"{host}:{port}", **token}


def _importable(graph: Graph, path: tuple[str, str], function: Any) -> str:
    """Return the name by which a function can be imported again."""
    name = name_of(function)
    module, _, names = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in names.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError):
        found = None
    if found is not function or module == "__main__":
        raise ConfigError(graph.problem((*path, "call"), f"the function {name}", "a function of an importable module"))
    return name


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return {key: _plain(getattr(value, key)) for key in value.model_fields_set} or _SHORT[type(value)]
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
