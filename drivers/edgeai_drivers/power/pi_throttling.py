"""Meter `pi_throttling`: whether the firmware of a Raspberry Pi holds the clock down, now and since it started."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from edgeai.driver import Device, Meter
from edgeai.errors import DeviceError, DeviceNotFound
from edgeai.messages import MeterReading, MeterValue
from edgeai_drivers.power._files import text
from edgeai_drivers.power._vcgencmd import VcgencmdOptions, ask

_SYSFS = "sys/devices/platform/soc/soc:firmware/get_throttled"
_BITS = ("under_voltage", "frequency_capped", "throttled", "soft_temperature_limit")
"""Bits 0 to 3: so it is now. Bits 16 to 19: so it has been since the start."""
_SINCE_START = 16
_ANSWER = re.compile(r"throttled=(0x[0-9a-fA-F]+)")


@dataclass(frozen=True, kw_only=True)
class PiThrottlingOptions(VcgencmdOptions):
    """sysfs: read the kernel's file where vcgencmd cannot be asked."""

    sysfs: bool = True


class PiThrottling(Meter):
    """Asks vcgencmd; the kernel's file stands in only where that program is missing or may not reach the firmware, for
    the file has been seen at 0 while vcgencmd was not.

    `throttled` is true while the clock is capped, throttled or at its soft limit (bits 1 to 3); under-voltage, now and
    ever, is among the values, as are the other bits, named `..._since_start` where they stick.
    """

    Options = PiThrottlingOptions
    options: PiThrottlingOptions

    @classmethod
    def detect(cls, root: str = "/") -> list[Device]:
        """Say by what way the firmware could be asked."""
        what = "throttling of a Raspberry Pi"
        try:
            _, note = asked("pi_throttling", PiThrottlingOptions(root=root))
        except (DeviceError, ValueError, OSError) as error:
            return [Device("pi_throttling", "pi_throttling", what, str(error))]
        return [Device("pi_throttling", "pi_throttling", f"{what}{', ' if note else ''}{note}")]

    def _open(self) -> None:
        asked(self.name, self.options)

    def _read(self) -> MeterReading:
        bits, note = asked(self.name, self.options)
        return MeterReading(
            self.name,
            self._clock.now(),
            throttled=bool(bits & 0b1110),
            values=tuple(MeterValue(name, on) for name, on in flags(bits).items()),
            note=note,
        )

    def _close(self) -> None:
        pass


def asked(meter: str, options: PiThrottlingOptions) -> tuple[int, str]:
    """Return the bits, and a remark on where they come from. Raises DeviceError, ValueError."""
    try:
        return bits_of(ask(meter, options, "get_throttled")), ""
    except DeviceNotFound:
        file = Path(options.root, _SYSFS)
        if not (options.sysfs and file.exists()):
            raise
        return int(text(file), 16), f"from {file}, which has been seen at 0 while vcgencmd was not"


def bits_of(answer: str) -> int:
    """Return the bits of the answer `throttled=0x50005`. Raises ValueError."""
    match = _ANSWER.fullmatch(answer.strip())
    if match is None:
        raise ValueError(f"get_throttled answered {answer.strip()[:60]!r}, not throttled=0x...")
    return int(match[1], 16)


def flags(bits: int) -> dict[str, bool]:
    """Return each bit by its name, now and since the start."""
    now = {name: bool(bits >> i & 1) for i, name in enumerate(_BITS)}
    ever = {f"{name}_since_start": bool(bits >> i + _SINCE_START & 1) for i, name in enumerate(_BITS)}
    return now | ever
