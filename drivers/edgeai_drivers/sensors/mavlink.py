"""A flight controller or another vehicle that speaks MAVLink, over a serial port or UDP, by pymavlink."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edgeai.driver import Capture, Column, Device, vendor
from edgeai.errors import ConfigError, Problem
from edgeai_drivers.ports import list_devices

from ._serial import SerialSensor, SerialSensorOptions
from ._udp import SCHEME, UdpPort, place
from .serial_lines import DeviceClock

_TEXT = "char"


@dataclass(frozen=True, kw_only=True)
class MavlinkOptions(SerialSensorOptions):
    """Where packets come from and which make a reading.

    port: a device, or udp:HOST:PORT to listen there; udp:14550 listens on 127.0.0.1 alone. messages: names of the
    common set, such as `ATTITUDE` or `ATTITUDE,VFR_HUD`; a reading comes with each of the first, once all have been
    heard, with what the others told last. system: the vehicle listened to; 0 is any.
    """

    baud: int = 57600
    messages: str = "ATTITUDE"
    system: int = 0


class Mavlink(SerialSensor):
    """The numbers of the messages, in their own order and units; arrays and texts are left out.

    Stamps are the vehicle's `time_boot_ms` where the first message has it. Damaged packets are counted (`rejected`);
    messages of other kinds are passed over. Nothing is sent.
    """

    Options = MavlinkOptions

    @classmethod
    def devices(cls) -> list[Device]:
        """List the serial ports of this machine: which of them is a vehicle, nobody can know."""
        return list_devices("mavlink", needs=("pymavlink", "mavlink"))

    def check(self) -> list[Problem]:
        """Require a port that can be understood."""
        port = self.options.port
        if port.startswith(SCHEME) and place(port) is None:
            expected = "udp:HOST:PORT or udp:PORT, such as udp:14550"
            return [*super().check(), Problem(f"sensors.{self.name}.port", repr(port), expected)]
        return super().check()

    def _begin(self) -> None:
        dialect: Any = vendor("pymavlink.dialects.v20.common", "mavlink")
        kinds = {kind.msgname: kind for kind in dialect.mavlink_map.values()}
        self._wanted = [name.strip().upper() for name in self.options.messages.split(",")]
        for name in self._wanted:
            if name not in kinds:
                close = difflib.get_close_matches(name, kinds, n=1)
                hint = f"did you mean {close[0]}?" if close else ""
                raise ConfigError(
                    Problem(f"sensors.{self.name}.messages", name, "a message of MAVLink's common set", hint=hint)
                )
        self._fields = {name: list(_numbers(kinds[name])) for name in self._wanted}
        self.columns = tuple(column for name in self._wanted for column in self._titled(name))
        self._heard: dict[str, Any] = {}
        self._parser = dialect.MAVLink(None)
        self._parser.robust_parsing = True
        self._device_clock = DeviceClock()

    def _titled(self, name: str) -> Iterator[Column]:
        """Give a message's columns, led by its name where there are several messages."""
        for field, unit in self._fields[name]:
            yield Column(field if len(self._wanted) == 1 else f"{name.lower()}.{field}", unit)

    def _open_port(self) -> Any:
        where = place(self.options.port) if self.options.port.startswith(SCHEME) else None
        return super()._open_port() if where is None else UdpPort(self.name, *where)

    def _parse(self, data: bytes) -> Iterator[Capture]:
        parser = self._parser
        for message in parser.parse_buffer(data) or ():
            name = message.get_type()
            if name == "BAD_DATA":
                self.rejected += 1
            elif name in self._fields and self.options.system in (0, message.get_srcSystem()):
                self._heard[name] = message
                if name == self._wanted[0] and len(self._heard) == len(self._wanted):
                    yield self._capture(message)
        del parser.buf[: parser.buf_index]  # pymavlink keeps what it has read until nothing is left over
        parser.buf_index = 0

    def _capture(self, first: Any) -> Capture:
        values = [
            _number(getattr(self._heard[name], field)) for name in self._wanted for field, _ in self._fields[name]
        ]
        booted = getattr(first, "time_boot_ms", None)
        if not isinstance(booted, int):
            return Capture(values)
        return Capture(values, self._device_clock.unwrap(booted * 1_000_000, 1_000_000, self._clock.now()), "device")


def _numbers(kind: Any) -> Iterator[tuple[str, str]]:
    """Give (name, unit) of the fields of a message that are single numbers, in the message's order."""
    lengths = dict(zip(kind.ordered_fieldnames, kind.array_lengths, strict=True))
    for field, what in zip(kind.fieldnames, kind.fieldtypes, strict=True):
        if what != _TEXT and lengths[field] == 0:
            yield field, kind.fieldunits_by_name.get(field, "1")


def _number(value: Any) -> float:
    number = float(value)
    return number if math.isfinite(number) else math.nan
