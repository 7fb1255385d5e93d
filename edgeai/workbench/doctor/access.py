"""Who may open what: device files that are there, and the group that would open those that stay shut."""

from __future__ import annotations

import grp
import os
from collections.abc import Iterator
from pathlib import Path

from edgeai.workbench.doctor.finding import Finding

__all__ = ["access"]

_KINDS = (
    ("cameras", ("dev/video*",), "video"),
    ("serial ports", ("dev/ttyACM*", "dev/ttyUSB*", "dev/ttyAMA*"), "dialout"),
    ("I2C buses", ("dev/i2c-*",), "i2c"),
    ("GPIO", ("dev/gpiochip*",), "gpio"),
)
"""What a kind of device is called, its files, and its group on Debian and Raspberry Pi OS."""


def access(root: str = "/") -> Iterator[Finding]:
    """Look whether the devices that are there may be opened."""
    for name, patterns, group in _KINDS:
        files = sorted(file for pattern in patterns for file in Path(root).glob(pattern))
        if not files:
            yield Finding("access", name, "absent", f"no {' or '.join('/' + pattern for pattern in patterns)}")
            continue
        shut = [file for file in files if not os.access(file, os.R_OK | os.W_OK)]
        if shut:
            yield Finding("access", name, "bad", f"{_names(shut)} may not be opened", _mend(shut[0], group))
        else:
            yield Finding("access", name, "good", _names(files))


def _names(files: list[Path]) -> str:
    shown = ", ".join(file.name for file in files[:4])
    return shown if len(files) <= 4 else f"{shown} and {len(files) - 4} more"


def _mend(file: Path, usual: str) -> str:
    """Say which group opens a file: its own where that has a name, else the usual one."""
    try:
        own = grp.getgrgid(file.stat().st_gid).gr_name
    except (OSError, KeyError):
        own = usual
    return f"sudo usermod -aG {usual if own == 'root' else own} $USER, then log in again; or see drivers/udev"
