"""General-purpose pins through gpiozero: one factory, one sentence a failure."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

from edgeai.driver import Device, vendor
from edgeai.errors import ConfigError, DeviceError, DeviceNotFound, Problem
from edgeai_drivers.ports import absent

_MODULE, _EXTRA = "gpiozero", "gpio"


def gpiozero() -> Any:
    """Return the library. Raises PluginError."""
    return vendor(_MODULE, _EXTRA)


@contextlib.contextmanager
def in_sentences(name: str, path: str, pins: object) -> Iterator[None]:
    """Turn gpiozero's errors into ours. `path` leads to the pins in the graph, `pins` is what is written there."""
    library = gpiozero()
    try:
        yield
    except library.BadPinFactory as error:
        advice = "on a Raspberry Pi, pip install lgpio; elsewhere GPIOZERO_PIN_FACTORY=mock is a simulation"
        raise DeviceNotFound(f"{name} finds no pins on this machine ({error}): {advice}") from error
    except library.GPIOPinInUse as error:
        advice = "give each device pins of its own"
        raise DeviceError(f"{name} finds a pin of {pins!r} in use ({error}): {advice}") from error
    except (library.GPIOZeroError, ValueError) as error:
        expected = "pins of this board, by their BCM numbers"
        raise ConfigError(Problem(path, repr(pins), expected, hint=str(error))) from error
    except OSError as error:
        raise DeviceNotFound(f"{name} may not use the pins ({error}): join the group gpio and log in again") from error


def list_pins(driver: str, description: str) -> list[Device]:
    """Say whether pins can be used here."""
    lacking = absent(_MODULE, _EXTRA)
    if not lacking:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of each factory it tries; what counts is whether one was found
                gpiozero().Device.ensure_pin_factory()
        except Exception as error:  # noqa: BLE001 - each factory that was tried fails in a way of its own
            lacking = f"no pins on this machine ({error}); on a Raspberry Pi: pip install lgpio"
    return [Device(driver, f"{driver}:17", description, lacking)]
