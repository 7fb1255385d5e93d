"""From what a document says of a device to its spec: short form or mapping, driver, options."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgeai.driver import Driver, Source
from edgeai.graph.devices import ROLES, Role, driver_class, is_driver, resolved, wrong_options
from edgeai.graph.findings import Findings, Mistake
from edgeai.graph.reader import section
from edgeai.graph.spec import DeviceSpec
from edgeai.graph.upkeep import taken
from edgeai.graph.uri import short_form
from edgeai.graph.words import show

__all__ = ["as_lossless", "read_devices"]


def read_devices(name: str, data: Any, base: Path, findings: Findings) -> dict[str, DeviceSpec]:
    """Return the devices of a section whose driver is known; note what is wrong with them and with the others."""
    devices: dict[str, DeviceSpec] = {}
    for key, value in section(data, name).items():
        try:
            devices[key] = _device(ROLES[name], str(key), value, base)
            wrong = _wrong(ROLES[name], devices[key], base)
        except Mistake as mistake:
            wrong = [mistake]
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
    return wrong_options(cls.Options, resolved(role, cls, spec.options, base))


def _device(role: Role, name: str, value: Any, base: Path) -> DeviceSpec:
    if isinstance(value, DeviceSpec):
        return value
    driver, options = _written(role, name, value, base)
    upkeep = taken(role.section, options)
    try:
        if not isinstance(driver, str):
            return DeviceSpec(driver=_given(role, driver, options), given=driver, **upkeep)
        driver_class(role, driver)
    except Mistake as mistake:
        at = ("driver",) if isinstance(value, Mapping) and "driver" in value else ()
        raise Mistake(mistake.found, mistake.expected, mistake.hint, at) from None
    return DeviceSpec(driver=driver, options=options, **upkeep)


def _written(role: Role, name: str, value: Any, base: Path) -> tuple[Any, dict[str, Any]]:
    """Return driver and options of a short form, a mapping, or something made in Python.

    A device that does not say its driver has the driver of its own name, if there is one.
    """
    own = name if is_driver(role, name) else None
    if isinstance(value, Mapping):
        options = {str(key): item for key, item in value.items()}
        return options.pop("driver", own), options
    if isinstance(value, str | os.PathLike):
        return short_form(role, os.fspath(value), base)
    return (own if value is None else value), {}


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
    "meters": "hwmon_ina",
    "outputs": "jsonl:out.jsonl",
}
