"""From a document to specs: each section's shape, each device's short form and options, each stage's keys."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from edgeai.driver import Driver, Source
from edgeai.graph.annotations import field_names
from edgeai.graph.devices import ROLES, Role, driver_class, is_driver, resolved, wrong_options
from edgeai.graph.findings import Findings, Mistake
from edgeai.graph.forms import Names
from edgeai.graph.sentences import mistakes, unknown_key
from edgeai.graph.spec import DeviceSpec, ScheduleSpec, StageSpec
from edgeai.graph.uri import short_form
from edgeai.graph.words import show

__all__ = ["SECTIONS", "as_lossless", "check_shape", "read_devices", "read_schedule", "read_stages", "section"]

SECTIONS = ("cameras", "sensors", "stages", "outputs", "schedule")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_names = TypeAdapter(Names)

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
        elif value is not None and not isinstance(value, Mapping):
            findings.add(
                (key,),
                show(value),
                "a mapping of keys to values" if key == "schedule" else f"a mapping: a name for each of the {key}",
            )
        elif key != "schedule":
            _check_names(key, value or {}, findings)


def _check_names(key: str, names: Mapping[Any, Any], findings: Findings) -> None:
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            expected = "a name: a letter, then letters, digits, _ or -"
            findings.add((key, name if isinstance(name, str) else str(name)), f"the name {show(name)}", expected)


def read_stages(data: Any, findings: Findings) -> dict[str, StageSpec]:
    """Return the stages whose keys and values are right; note what is wrong with the others."""
    return dict(_specs(StageSpec, "stages", data, findings))


def _specs(cls: type[Spec], name: str, data: Any, findings: Findings) -> Iterator[tuple[str, Spec]]:
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
        for mistake in mistakes(error, cls, value):
            findings.mistake(path, mistake)
        return None


def read_schedule(data: Any, findings: Findings) -> ScheduleSpec:
    """Return the schedule; note what is wrong with it."""
    value = data.get("schedule") if isinstance(data, Mapping) else None
    if isinstance(value, ScheduleSpec):
        return value
    return _spec(ScheduleSpec, ("schedule",), section(data, "schedule"), findings) or ScheduleSpec()


def read_devices(name: str, data: Any, base: Path, findings: Findings) -> dict[str, DeviceSpec]:
    """Return the devices of a section that are right; note what is wrong with the others."""
    devices: dict[str, DeviceSpec] = {}
    for key, value in section(data, name).items():
        try:
            spec = _device(ROLES[name], str(key), value, base)
            wrong = _wrong(ROLES[name], spec, base)
        except Mistake as mistake:
            wrong = [mistake]
        else:
            if not wrong:
                devices[key] = spec
        for each in wrong:
            in_text = each.at and not isinstance(value, Mapping)
            findings.mistake((name, key), _in_short_form(each, value) if in_text else each)
    return devices


def as_lossless(source: Any) -> Any:
    """Return a camera as it may be written in Python, with `lossless` set; what is wrong with it is found later."""
    if isinstance(source, Source):
        source.lossless = True
        return source
    if isinstance(source, str | os.PathLike):
        try:
            driver, options = short_form(ROLES["cameras"], os.fspath(source), Path())
        except Mistake:
            return source
        source = {"driver": driver, **options}
    return {**source, "lossless": True} if isinstance(source, Mapping) else source


def _in_short_form(mistake: Mistake, value: Any) -> Mistake:
    """Name the option in the sentence: a short form has no place of its own for it."""
    option = ".".join(str(key) for key in mistake.at)
    return Mistake(f"{option}: {mistake.found}, in {show(value)}", mistake.expected, mistake.hint)


def _wrong(role: Role, spec: DeviceSpec, base: Path) -> list[Mistake]:
    if spec.given is not None:
        return []
    cls = driver_class(role, spec.driver)
    return wrong_options(cls, resolved(role, cls, spec.options, base))


def _device(role: Role, name: str, value: Any, base: Path) -> DeviceSpec:
    if isinstance(value, DeviceSpec):
        return value
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    driver: Any
    if value is None and is_driver(role, name):
        value = name
    if isinstance(value, str):
        driver, options = short_form(role, value, base)
    elif isinstance(value, Mapping):
        options = {str(key): item for key, item in value.items()}
        driver = options.pop("driver", name if is_driver(role, name) else None)
    else:
        driver, options = value, {}
    stages = _stages(options) if role.section == "outputs" else None
    if isinstance(driver, str):
        if isinstance(value, Mapping):
            _at_driver(role, driver, value)
        return DeviceSpec(driver=driver, options=options, stages=stages)
    return DeviceSpec(driver=_given(role, driver, options), given=driver, stages=stages)


def _at_driver(role: Role, driver: str, value: Mapping[str, Any]) -> None:
    try:
        driver_class(role, driver)
    except Mistake as mistake:
        raise Mistake(mistake.found, mistake.expected, mistake.hint, ("driver",) if "driver" in value else ()) from None


def _stages(options: dict[str, Any]) -> tuple[str, ...] | None:
    stages = options.pop("stages", None)
    if stages is None:
        return None
    try:
        return _names.validate_python(stages)
    except ValidationError:
        raise Mistake(show(stages), "a stage, or a list of stages", at=("stages",)) from None


def _given(role: Role, driver: Any, options: Mapping[str, Any]) -> str:
    """Return how a driver that was made in Python is shown. Raises Mistake for anything that is none."""
    example = f"{role.noun}: a driver with its path, such as {_EXAMPLES[role.section]}, or a mapping with a driver"
    if isinstance(driver, type):
        raise Mistake(f"the class {driver.__name__}", f"{role.noun}: an instance of it")
    if isinstance(driver, Driver) and not isinstance(driver, role.base):
        raise Mistake(f"a {type(driver).__name__}", f"{role.noun}: an instance of {role.base.__name__}")
    if not isinstance(driver, role.base) and not (role.section == "outputs" and callable(driver)):
        raise Mistake("no driver" if driver is None else show(driver), example)
    if options:
        raise Mistake(f"{next(iter(options))} beside a driver that is made already", "the driver alone")
    return (
        type(driver).__name__ if isinstance(driver, Driver) else getattr(driver, "__qualname__", type(driver).__name__)
    )


_EXAMPLES: Mapping[str, str] = {
    "cameras": "v4l2:/dev/video0",
    "sensors": "serial_lines:/dev/ttyUSB0",
    "outputs": "jsonl:out.jsonl",
}
