"""Chips under /sys/class/hwmon, found by their name: the number in `hwmonN` moves from boot to boot, and when a driver
is loaded again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from edgeai.driver import Device
from edgeai.errors import DeviceNotFound
from edgeai_drivers.power._files import text_or_empty

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Chip:
    """A chip: its folder now, its name (`ina219`), and its place, which stays (`1-0040`: bus 1, address 0x40)."""

    folder: Path
    name: str
    place: str


def chips(root: str, names: Collection[str]) -> list[Chip]:
    """List the chips that bear one of these names, in the order of their places."""
    folders = Path(root, "sys/class/hwmon").glob("hwmon*")
    found = [Chip(folder, text_or_empty(folder / "name"), _place(folder)) for folder in folders]
    return sorted((chip for chip in found if chip.name in names), key=lambda chip: (chip.place, str(chip.folder)))


def _place(folder: Path) -> str:
    device = folder / "device"
    return os.path.basename(os.path.realpath(device)) if device.exists() else ""


def listed(driver: str, root: str, names: Collection[str], what: str) -> list[Device]:
    """List the chips a driver can open by the names `names`, or say that there is none."""
    found = chips(root, names)
    if not found:
        missing = (
            f"no {what} under {Path(root, 'sys/class/hwmon')}: wire one and load its driver (dtoverlay=i2c-sensor)"
        )
        return [Device(driver, driver, what, missing)]
    return [
        Device(driver, f"{driver}:{chip.place or chip.name}", f"{chip.name} in {chip.folder.name}") for chip in found
    ]


class Hwmon:
    """A chip that is found again when its number moves."""

    def __init__(self, meter: str, root: str, names: Collection[str], wanted: str) -> None:
        """Find the chip whose name or place is `wanted`, or the only one when that is empty. Raises DeviceNotFound."""
        self._meter = meter
        self._root = root
        self._names = names
        there = chips(root, names)
        fitting = [chip for chip in there if wanted in ("", chip.name, chip.place)]
        self.chip = self._only(fitting, wanted or f"chip called {', '.join(sorted(names))}", there)

    def read(self, take: Callable[[Path], T]) -> T:
        """Return what `take` makes of the chip's folder, wherever that is by now. Raises OSError, ValueError."""
        if not self._is_there():
            self._find_again()
        try:
            return take(self.chip.folder)
        except FileNotFoundError:
            self._find_again()
            return take(self.chip.folder)

    def _is_there(self) -> bool:
        folder = self.chip.folder
        return text_or_empty(folder / "name") == self.chip.name and _place(folder) == self.chip.place

    def _find_again(self) -> None:
        there = chips(self._root, self._names)
        same = [chip for chip in there if (chip.name, chip.place) == (self.chip.name, self.chip.place)]
        self.chip = self._only(same, f"{self.chip.name} at {self.chip.place or 'its place'}", there)

    def _only(self, fitting: list[Chip], wanted: str, there: list[Chip]) -> Chip:
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            several = f"{len(fitting)} chips ({_places(fitting)})"
            raise DeviceNotFound(f"{self._meter} finds {several}: name one by the option `chip`")
        others = f"there are: {_places(there)}" if there else "there is none like it: look at its wires and its driver"
        raise DeviceNotFound(f"{self._meter} finds no {wanted} under {Path(self._root, 'sys/class/hwmon')}; {others}")


def _places(found: list[Chip]) -> str:
    return ", ".join(f"{chip.name} at {chip.place or chip.folder.name}" for chip in found)
