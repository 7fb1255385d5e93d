"""Drivers by the section that names them: which there are, what class each is, whether its options are right."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from edgeai import plugins
from edgeai.driver import Camera, Driver, Meter, Output, Sensor
from edgeai.errors import PluginError
from edgeai.graph.annotations import annotation_at, is_path
from edgeai.graph.findings import Mistake
from edgeai.graph.sentences import mistakes
from edgeai.graph.words import show

__all__ = [
    "ROLES",
    "Role",
    "adapter",
    "available",
    "driver_class",
    "options_of",
    "resolved",
    "short_field",
    "wrong_options",
]


@dataclass(frozen=True)
class Role:
    """What a section's devices are: where their drivers are found, and the class they must be."""

    section: str
    noun: str
    kinds: tuple[str, ...]
    base: Any


ROLES = {
    "cameras": Role("cameras", "a camera", ("cameras", "sim"), Camera),
    "sensors": Role("sensors", "a sensor", ("sensors", "sim"), Sensor),
    "meters": Role("meters", "a meter", ("power",), Meter),
    "outputs": Role("outputs", "an output", ("outputs",), Output),
}


def _kind_of(role: Role, name: str) -> str | None:
    return next((kind for kind in role.kinds if name in plugins.names(kind)), None)


def is_driver(role: Role, name: str) -> bool:
    """Say whether a section has a driver of this name, without importing it."""
    return _kind_of(role, name) is not None


def available(role: Role) -> Iterator[tuple[str, type[Driver]]]:
    """Yield the drivers of a section that can be imported, by name; those that cannot are left out."""
    for kind in role.kinds:
        for name in plugins.names(kind):
            try:
                cls = plugins.find(kind, name)
            except PluginError:
                continue
            if _is_a(cls, role.base):
                yield name, cls


def _is_a(cls: Any, base: Any) -> bool:
    return isinstance(cls, type) and issubclass(cls, base)


def driver_class(role: Role, name: str) -> type[Driver]:
    """Return the class of a driver. Raises Mistake when there is none, or it is something else."""
    kind = _kind_of(role, name)
    if kind is None:
        raise Mistake(f"an unknown driver {show(name)}", f"{role.noun} driver: {_listed(role)}", _near(role, name))
    try:
        cls = plugins.find(kind, name)
    except PluginError as error:
        raise Mistake(f"a driver that cannot be loaded ({error})", f"{role.noun} driver that can") from None
    if not _is_a(cls, role.base):
        raise Mistake(
            f"{name}, which is {_role_of(cls)}", f"{role.noun} driver: {_listed(role)}", _other_section(role, name)
        )
    driver: type[Driver] = cls
    return driver


def _listed(role: Role) -> str:
    return ", ".join(name for name, _ in available(role)) or "none is installed"


def _role_of(cls: Any) -> str:
    return next((role.noun for role in ROLES.values() if _is_a(cls, role.base)), "no driver of a device")


def _near(role: Role, name: str) -> str:
    return plugins.near_miss(name, [known for known, _ in available(role)]) or _other_section(role, name)


def _other_section(role: Role, name: str) -> str:
    for other in ROLES.values():
        if other is not role and any(name == known for known, _ in available(other)):
            return f"it is {other.noun}: name it under {other.section}"
    return ""


def adapter(options: type) -> TypeAdapter[Any]:
    """Return what checks a plug-in's options. Raises Mistake for a plug-in whose options are no checkable dataclass."""
    try:
        return TypeAdapter(options)
    except (PydanticUserError, NameError, TypeError) as error:
        raise Mistake(f"a plug-in with a fault in its {options.__name__} ({error})", "one that works") from None


def wrong_options(cls: type, options: Mapping[str, Any]) -> list[Mistake]:
    """Return what is wrong with options for a dataclass that takes them."""
    try:
        adapter(cls).validate_python(dict(options))
    except ValidationError as error:
        return mistakes(error, cls, options)
    except Mistake as mistake:
        return [mistake]
    return []


def options_of(cls: type[Driver], options: Mapping[str, Any]) -> Any:
    """Return the options of a driver as its Options dataclass; they must be right."""
    return adapter(cls.Options).validate_python(dict(options))


def short_field(role: Role, cls: type[Driver]) -> str | None:
    """Return the option that takes the path of a short form: the first that the driver adds to its role's."""
    common = {field.name for field in dataclasses.fields(role.base.Options)}
    return next((field.name for field in dataclasses.fields(cls.Options) if field.name not in common), None)


def resolved(role: Role, cls: type[Driver], options: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """Return options with `~` expanded in paths, and those of sources taken from the folder `base`."""
    result = dict(options)
    for name, value in options.items():
        if isinstance(value, str) and _is_relative(value) and _names_a_file(cls, name):
            expanded = os.path.expanduser(value)
            result[name] = expanded if role.section == "outputs" else under(base, expanded)
    return result


def _is_relative(text: str) -> bool:
    """Say whether a text is a path that depends on the folder, or on the user: no URL, no number of a device."""
    return "://" not in text and not text.isdecimal() and not text.startswith("/")


def under(base: Path, text: str) -> str:
    """Return a path as seen from `base`; a slash at its end stays."""
    return text if base == Path() else os.path.join(base, text)


def _names_a_file(cls: type[Driver], name: str) -> bool:
    return name == "path" or is_path(annotation_at(cls.Options, (name,)))
