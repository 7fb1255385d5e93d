"""From a device of the graph to the driver that is it. Nothing is opened."""

from __future__ import annotations

from pathlib import Path

from edgeai.driver import Driver
from edgeai.graph.callback import Callback
from edgeai.graph.devices import Role, driver_class, options_of, resolved
from edgeai.graph.spec import DeviceSpec

__all__ = ["make"]


def make(role: Role, name: str, spec: DeviceSpec, base: Path) -> Driver:
    """Return the driver of a device, not yet open; one that was handed over in Python takes the graph's name."""
    driver = _made(role, name, spec, base)
    if spec.retry is not None:
        driver.retry = spec.retry
    return driver


def _made(role: Role, name: str, spec: DeviceSpec, base: Path) -> Driver:
    if isinstance(spec.given, Driver):
        spec.given.name = name
        return spec.given
    if spec.given is not None:
        return Callback(name, spec.given)
    cls = driver_class(role, spec.driver)
    return cls(name, options_of(cls, resolved(role, cls, spec.options, base)))
