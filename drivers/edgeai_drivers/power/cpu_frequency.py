"""Meter `cpu_frequency`: the clock frequencies the kernel asks for, their limits and governor."""

from __future__ import annotations

from pathlib import Path

from edgeai.driver import Device, Meter, MeterOptions
from edgeai.errors import DeviceNotFound
from edgeai.messages import MeterReading, MeterValue
from edgeai_drivers.power._files import number, text_or_empty

_POLICIES = "sys/devices/system/cpu/cpufreq"
_LIMITS = ("cur", "min", "max")


class CpuFrequency(Meter):
    """Gives, for each policy (a group of cores), `policyN.cur`, `.min` and `.max` in Hz and `.governor`.

    cur is the frequency that was requested: a firmware that throttles may give less and not say so here.
    """

    Options = MeterOptions
    options: MeterOptions

    @classmethod
    def detect(cls, root: str = "/") -> list[Device]:
        """Say whether this machine shows its frequencies."""
        found = _policies(root)
        missing = (
            "" if found else f"no policy under {Path(root, _POLICIES)}: this machine does not scale, or is virtual"
        )
        return [Device("cpu_frequency", "cpu_frequency", ", ".join(policy.name for policy in found), missing)]

    def _open(self) -> None:
        if not _policies(self.options.root):
            raise DeviceNotFound(f"{self.name} finds no policy under {Path(self.options.root, _POLICIES)}")

    def _read(self) -> MeterReading:
        policies = _policies(self.options.root)
        if not policies:
            raise FileNotFoundError(f"no policy under {Path(self.options.root, _POLICIES)}")
        return MeterReading(
            self.name,
            self._clock.now(),
            values=tuple(value for policy in policies for value in _values(policy)),
            note="cur is the frequency requested; firmware may give less",
        )

    def _close(self) -> None:
        pass


def _policies(root: str) -> list[Path]:
    return sorted(Path(root, _POLICIES).glob("policy*"), key=lambda policy: (len(policy.name), policy.name))


def _values(policy: Path) -> list[MeterValue]:
    frequencies = [
        MeterValue(f"{policy.name}.{limit}", number(policy / f"scaling_{limit}_freq") * 1e3, "Hz") for limit in _LIMITS
    ]
    return [*frequencies, MeterValue(f"{policy.name}.governor", text_or_empty(policy / "scaling_governor"))]
