"""Results as commands over a serial port, in JSON lines or COBS frames with a CRC."""

from __future__ import annotations

import contextlib
import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from edgeai.driver import Driver, DriverOptions, Duration, Output
from edgeai.errors import ConfigError, DeviceError, Problem
from edgeai.messages import Device, Frame, Result
from edgeai_drivers.framing import DELIMITERS, ENCODERS
from edgeai_drivers.ports import BORROWED, FrameWriter, list_devices, lost, open_port

from ._command import command

if TYPE_CHECKING:
    from typing import Self


@dataclass(frozen=True, kw_only=True)
class SerialOptions(DriverOptions):
    """The port and what is said over it.

    port: a device (best by its name in /dev/serial/by-id), a pty, a URL of pyserial (socket://host:port,
    rfc2217://...), or the port of another device of this pipeline: sim:NAME of a simulated one, sensor:NAME of a
    sensor that reads from it. baud: bits a second. protocol: jsonl or cobs, see `framing`. constants: keys added to
    every message, such as {throttle: 0.4}; a value of the result wins. safe: the message, such as {throttle: 0}, that
    stops what is driven: it is sent when what feeds the output fails, and at every end. write_timeout: how long a
    command waits for the line before it is dropped; at most 500 ms.
    """

    port: str
    baud: int = 115200
    protocol: Literal["jsonl", "cobs"] = "jsonl"
    constants: Mapping[str, bool | int | float | str] = field(default_factory=dict)
    safe: Mapping[str, bool | int | float | str] = field(default_factory=dict)
    write_timeout: Duration = 0.1


class Serial(Output):
    """Send each result as one command; only the newest counts.

    While the line is full a command waits for at most `write_timeout` and is then dropped (`dropped` counts them); the
    pipeline never waits. No half command is ever taken for a whole one. With `safe` it is an output that drives
    something; without, who listens has to notice by itself that no more commands come.
    """

    Options: ClassVar[type[DriverOptions]] = SerialOptions
    keeps = "newest"

    _peer: Any = None
    _writer: FrameWriter | None = None

    @classmethod
    def devices(cls) -> list[Device]:
        """List the serial ports of this machine."""
        return list_devices("serial")

    @property
    def dropped(self) -> int:
        """Commands that found no room on the line in time."""
        return self._writer.dropped if self._writer else 0

    @property
    def drives(self) -> bool:
        """True when there is something to send that makes it safe."""
        return bool(self.options.safe)

    def check(self) -> list[Problem]:
        """Require a port, a baud rate and a time-out under which the pipeline still stops in time."""
        options, path = self.options, f"outputs.{self.name}"
        rules = [
            ("port", options.port not in ("", *BORROWED), "a device, a URL of pyserial, sim:NAME or sensor:NAME"),
            ("baud", options.baud > 0, "bits a second, such as 115200"),
            ("write_timeout", options.write_timeout <= 0.5, "at most 500ms"),
            ("safe", all(math.isfinite(v) for v in options.safe.values() if isinstance(v, float)), "finite numbers"),
        ]
        return [
            Problem(f"{path}.{key}", repr(getattr(options, key)), expected) for key, good, expected in rules if not good
        ]

    def attach(self, peers: Mapping[str, Driver]) -> None:
        """Find the device of `port: sim:NAME` or `sensor:NAME`. Raises ConfigError when there is none of that name."""
        if not self.options.port.startswith(BORROWED):
            return
        scheme, _, wanted = self.options.port.partition(":")
        linked = [name for name, peer in peers.items() if callable(getattr(peer, "link", None))]
        if wanted not in linked:
            close = difflib.get_close_matches(wanted, linked, n=1)
            hint = f"did you mean '{scheme}:{close[0]}'?" if close else f"there are: {', '.join(linked) or 'none'}"
            found = f"{self.options.port!r}" + (", which has no serial port" if wanted in peers else "")
            expected = "the name of a device of this pipeline that has a serial port"
            raise ConfigError(Problem(f"outputs.{self.name}.port", found, expected, hint=hint))
        self._peer = peers[wanted]

    def anew(self) -> Self:
        """Return another driver of the same device, linked to the same other device."""
        made = super().anew()
        made._peer = self._peer
        return made

    def _open(self) -> None:
        options = self.options
        self._writer = None
        if options.port.startswith(BORROWED) and self._peer is None:
            self.attach({})
        port = self._peer.link() if self._peer is not None else self._open_port()
        self._writer = FrameWriter(port, self._clock, options.write_timeout, DELIMITERS[options.protocol])

    def _open_port(self) -> Any:
        options = self.options
        path = f"outputs.{self.name}.port"
        return open_port(self.name, path, options.port, options.baud, options.write_timeout)

    def _write(self, result: Result, frame: Frame | None) -> None:
        self._send(command(result, self.options.constants))

    def _safe(self) -> None:
        self._send(self.options.safe)

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self._writer is not None
        try:
            self._writer.send(ENCODERS[self.options.protocol](message))
        except OSError as error:
            raise lost(self.name, self.options.port, error) from error

    def _close(self) -> None:
        if self._writer is not None:
            if self.drives:
                with contextlib.suppress(DeviceError):
                    self._safe()
            self._writer.close()
