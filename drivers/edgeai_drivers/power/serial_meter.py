"""Meter `serial_meter`: a meter that writes lines to a serial or USB port."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Literal

from edgeai.driver import NS, Device, Meter, MeterOptions
from edgeai.errors import DeviceTimeout, Problem
from edgeai.messages import MeterReading, MeterValue
from edgeai_drivers.ports import BORROWED, OWN, list_devices, lost, open_port, receive
from edgeai_drivers.sensors.serial_lines import LineBuffer

_UNITS = {"W": 1.0, "V": 1.0, "A": 1.0, "mW": 1e-3, "mV": 1e-3, "mA": 1e-3}
_PAIR = re.compile(r"([A-Za-z]+)\s*[=:]\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)")
_NAMES = {"W": "power", "V": "voltage", "A": "current"}


@dataclass(frozen=True, kw_only=True)
class SerialMeterOptions(MeterOptions):
    """The port and what its lines hold.

    port: a device (best by its name in /dev/serial/by-id), a pty, or a URL of pyserial. columns: what the numbers of a
    plain line are, in order, each W, V, A, mW, mV, mA, or - for one that is of no interest; without, a line is pairs
    such as `W=4.52 V=5.07 A=0.89`. separator: between plain numbers; a blank stands for any run of blanks. measures:
    what the meter lies in. stall: seconds of silence after which reading raises DeviceTimeout.
    """

    port: str
    baud: int = 115200
    columns: tuple[str, ...] = ()
    separator: str = ","
    measures: Literal["board", "rails", "battery"] = "board"
    stall: float = 5.0


class SerialMeter(Meter):
    """Reads the newest line.

    Power is W, or V x A where the line has no W. A line that is neither is counted (`rejected`) and changes nothing.
    Between lines the last one is given again with its own stamp, until it is `stall` seconds old.
    """

    Options = SerialMeterOptions
    options: SerialMeterOptions
    rejected: int = 0
    """Lines that held no power."""
    _port: Any = None

    @classmethod
    def detect(cls, root: str = "/") -> list[Device]:
        """List the serial ports of this machine: which of them is a meter, nobody can know."""
        return list_devices("serial_meter")

    def check(self) -> list[Problem]:
        """Require a port, and columns of which power can be made."""
        options, path = self.options, f"meters.{self.name}"
        problems = []
        if not options.port or options.port.startswith(BORROWED):
            problems.append(Problem(f"{path}.port", repr(options.port), OWN))
        if options.baud <= 0:
            problems.append(Problem(f"{path}.baud", str(options.baud), "bits a second, such as 115200"))
        if not options.separator:
            problems.append(Problem(f"{path}.separator", "''", "a character, or a blank"))
        known = {column[-1] for column in options.columns if column in _UNITS}
        strange = [column for column in options.columns if column not in (*_UNITS, "-")]
        if strange or (options.columns and not (known >= {"W"} or known >= {"V", "A"})):
            expected = "W, or V and A (also mW, mV, mA), and - for the rest"
            problems.append(Problem(f"{path}.columns", str(list(options.columns)), expected))
        return problems

    def _open(self) -> None:
        self.rejected = 0
        self._lines = LineBuffer()
        self._last: MeterReading | None = None
        self._since = self._clock.now()
        path = f"meters.{self.name}.port"
        self._port = open_port(self.name, path, self.options.port, self.options.baud, write_timeout=0.1)

    def _read(self) -> MeterReading:
        self._take(0.0)
        give_up = self._since + int(self.options.stall * NS)
        while self._last is None and (left := give_up - self._clock.now()) > 0:
            if not self._take(left / NS):
                break
        silent = (self._clock.now() - self._since) / NS
        if self._last is None or silent > self.options.stall:
            heard = f"{self.rejected} lines without power" if self.rejected else "nothing"
            raise DeviceTimeout(
                f"{self.name} has heard {heard} from {self.options.port} for {silent:.1f} s: look at the meter, `baud` "
                "and `columns`"
            )
        return self._last

    def _take(self, timeout: float) -> bool:
        """Take all bytes that are there, waiting for the first; keep the newest good line; say whether there were any.

        Raises DeviceLost.
        """
        heard = False
        try:
            while data := receive(self._port, 0.0 if heard else timeout):
                self._lines.feed(data)
                heard = True
        except OSError as error:
            raise lost(self.name, self.options.port, error) from error
        for line in self._lines:
            told = figures(line.decode("ascii", "replace"), self.options.columns, self.options.separator)
            if told is None:
                self.rejected += 1
            else:
                self._since = self._clock.now()
                self._last = self._reading(told)
        return heard

    def _reading(self, told: dict[str, float]) -> MeterReading:
        values = tuple(MeterValue(_NAMES[unit], value, unit) for unit, value in told.items())
        return MeterReading(self.name, self._since, watts=told["W"], measures=self.options.measures, values=values)

    def _close(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None


def figures(line: str, columns: tuple[str, ...], separator: str) -> dict[str, float] | None:
    """Return W, and V and A where they are told, of a line; None when it holds no power."""
    pairs = _plain(line, columns, separator) if columns else _PAIR.findall(line)
    told: dict[str, float] = {}
    try:
        for unit, number in pairs:
            if unit in _UNITS:
                told[unit[-1]] = float(number) * _UNITS[unit]
    except ValueError:
        return None
    if "W" not in told and {"V", "A"} <= told.keys():
        told["W"] = told["V"] * told["A"]
    return told if "W" in told and all(math.isfinite(value) for value in told.values()) else None


def _plain(line: str, columns: tuple[str, ...], separator: str) -> list[tuple[str, str]]:
    fields = line.split() if separator == " " else line.split(separator)
    return list(zip(columns, fields, strict=True)) if len(fields) == len(columns) else []
