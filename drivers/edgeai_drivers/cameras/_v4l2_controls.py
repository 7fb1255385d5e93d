"""The controls of a V4L2 camera: exposure, gain, white balance and whatever else it has, by the kernel's ioctls."""

from __future__ import annotations

import difflib
import fcntl
import os
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from edgeai.errors import ConfigError, Problem

__all__ = ["Control", "Value", "apply", "controls_of", "on_device", "wishes"]

Value = bool | int | str
Ioctl = Callable[[int, bytes], bytes]
"""Takes a request's number and its structure, returns the structure as the kernel filled it in. Raises OSError."""

_QUERY, _MENU, _GET, _SET = 0xC0445624, 0xC02C5625, 0xC008561B, 0xC008561C
_QUERY_FORMAT, _MENU_FORMAT, _VALUE_FORMAT = "=II32siiiiI8x", "=II32sI", "=Ii"
"""struct v4l2_queryctrl, v4l2_querymenu, v4l2_control of linux/videodev2.h."""
_NEXT = 0x80000000
_DISABLED, _READ_ONLY, _INACTIVE = 0x1, 0x4, 0x10
_INTEGER, _BOOLEAN, _MENU_TYPE = 1, 2, 3
_MOST = 1000
"""Controls of a camera: a driver that goes on for ever is not followed."""

_ALIASES = {
    "exposure": ("exposure_time_absolute", "exposure_absolute"),
    "exposure_auto": ("auto_exposure", "exposure_auto"),
    "gain": ("gain", "analogue_gain"),
    "white_balance": ("white_balance_temperature",),
    "white_balance_auto": ("white_balance_automatic", "white_balance_temperature_auto"),
}
"""What the options are called by cameras, newer names first."""
_EXPOSURE_UNIT = 1e-4
"""Seconds in a step of exposure_time_absolute (linux/v4l2-controls.h)."""
_MANUAL, _AUTOMATIC = 1, 3
"""Of the menu auto_exposure: manual, and aperture priority, which is what UVC cameras do by themselves."""


@dataclass(frozen=True, slots=True)
class Control:
    """One control as the camera describes it; `menu` holds what its numbers mean, `value` is what it was when asked."""

    id: int
    name: str
    type: int
    minimum: int
    maximum: int
    step: int
    flags: int
    value: int
    menu: tuple[tuple[int, str], ...] = ()

    def __str__(self) -> str:
        if self.menu:
            return f"{self.name} ({', '.join(f'{index} {text}' for index, text in self.menu)}; is {self.value})"
        return f"{self.name} ({self.minimum} to {self.maximum}; is {self.value})"


def on_device(file: int) -> Ioctl:
    """Return the ioctl of an open device."""
    return lambda request, data: fcntl.ioctl(file, request, data)


def wishes(
    exposure: float | str | None, gain: int | None, white_balance: int | str | None, others: Mapping[str, Value]
) -> list[tuple[str, Value]]:
    """Return (name or alias, value) of what options ask for, automatics first: while one is on, no value counts."""
    asked: list[tuple[str, Value]] = []
    if exposure is not None:
        asked.append(("exposure_auto", _AUTOMATIC if exposure == "auto" else _MANUAL))
    if white_balance is not None:
        asked.append(("white_balance_auto", white_balance == "auto"))
    asked += [(name, value) for name, value in others.items() if "auto" in name]
    if isinstance(exposure, int | float):
        asked.append(("exposure", max(1, round(exposure / _EXPOSURE_UNIT))))
    if isinstance(white_balance, int):
        asked.append(("white_balance", white_balance))
    if gain is not None:
        asked.append(("gain", gain))
    return asked + [(name, value) for name, value in others.items() if "auto" not in name]


def controls_of(ioctl: Ioctl) -> dict[str, Control]:
    """Return what a camera has that can be set, by name as v4l2-ctl writes it."""
    return {control.name: control for control in _described(ioctl)}


def _described(ioctl: Ioctl) -> Iterator[Control]:
    number = _NEXT
    for _ in range(_MOST):
        try:
            told = struct.unpack(
                _QUERY_FORMAT, ioctl(_QUERY, struct.pack(_QUERY_FORMAT, number, 0, b"", 0, 0, 0, 0, 0))
            )
        except OSError:
            return
        number = told[0] | _NEXT
        found, kind, title, minimum, maximum, step, _, flags = told
        if kind in (_INTEGER, _BOOLEAN, _MENU_TYPE) and not flags & (_DISABLED | _READ_ONLY):
            menu = tuple(_menu(ioctl, found, minimum, maximum)) if kind == _MENU_TYPE else ()
            value = struct.unpack(_VALUE_FORMAT, ioctl(_GET, struct.pack(_VALUE_FORMAT, found, 0)))[1]
            yield Control(found, _name(title), kind, minimum, maximum, step, flags, value, menu)


def _menu(ioctl: Ioctl, found: int, minimum: int, maximum: int) -> Iterator[tuple[int, str]]:
    for index in range(max(minimum, 0), min(maximum, 255) + 1):
        try:
            told = ioctl(_MENU, struct.pack(_MENU_FORMAT, found, index, b"", 0))
        except OSError:
            continue  # a menu may have holes
        yield index, _text(struct.unpack(_MENU_FORMAT, told)[2])


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("ascii", "replace")


def _name(title: bytes) -> str:
    return re.sub(r"[^a-z0-9]+", "_", _text(title).lower()).strip("_")


def apply(ioctl: Ioctl, path: str, asked: list[tuple[str, Value]]) -> None:
    """Set controls. `path` leads to the camera in the graph. Raises ConfigError that lists what the camera has."""
    for name, value in asked:
        present = controls_of(ioctl)
        control = _find(present, path, name)
        number = _number(control, path, value)
        try:
            ioctl(_SET, struct.pack(_VALUE_FORMAT, control.id, number))
        except OSError as error:
            off = "it is inactive: switch the automatic off that sets it"
            hint = off if control.flags & _INACTIVE else os.strerror(error.errno or 0)
            found = f"{control.name}: {value}"
            raise ConfigError(Problem(path, found, "a value that the camera takes now", hint=hint)) from error


def _find(present: Mapping[str, Control], path: str, name: str) -> Control:
    for known in (name, *_ALIASES.get(name, ())):
        if known in present:
            return present[known]
    have = "; ".join(str(control) for control in present.values()) or "none"
    close = difflib.get_close_matches(name, present, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    raise ConfigError(Problem(path, name, "a control of this camera", hint=f"{hint}it has: {have}"))


def _number(control: Control, path: str, value: Value) -> int:
    """Return what is written for a value: a menu's item may be given by its words."""
    words = {text.lower(): index for index, text in control.menu}
    number = words.get(value.lower()) if isinstance(value, str) else int(value)
    if number == _AUTOMATIC and control.menu and number not in dict(control.menu):
        number = 0  # cameras without aperture priority call their automatic 0
    allowed = number in dict(control.menu) if control.menu else number is not None
    if number is None or not allowed or not control.minimum <= number <= control.maximum:
        raise ConfigError(Problem(path, f"{control.name}: {value}", str(control)))
    return number
