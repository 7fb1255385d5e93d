"""Sensor `zenoh`: the results of a stage on another machine, sent by the output of the same name."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgeai.driver import Capture, Column, Device, Duration, Sensor, SensorOptions
from edgeai.errors import ConfigError, Problem
from edgeai_drivers.ports import absent
from edgeai_drivers.split import wire
from edgeai_drivers.split.receiver import Receiver
from edgeai_drivers.split.session import check_place

from ._columns import columns

_DEPTH = 100
"""Results that wait to be read; older ones are lost."""


@dataclass(frozen=True, kw_only=True)
class ZenohOptions(SensorOptions):
    """Whose results, which of their numbers, and where they come from.

    key: what the sender calls itself. stream: the stage's name there. columns: the numbers, as `steering` or
    `speed:m/s`; of detections there are count, class_id, score, x1, y1, x2, y2 (of the best). connect: host:port where
    the sender listens; listen: a port of loopback, or host:port, where it connects. patience: seconds to wait for it
    when opened.
    """

    key: str = "edgeai"
    stream: str
    columns: str | tuple[str | Column, ...]
    connect: str | int | None = None
    listen: str | int | None = None
    patience: Duration = 10.0


class Zenoh(Sensor):
    """Readings with the capture stamps of the machine that inferred, mapped to this machine's clock as a camera's are.

    A number that a result does not have is NaN. Messages that are none are counted (`rejected`).
    """

    Options = ZenohOptions
    options: ZenohOptions
    _receiver: Receiver | None = None

    @classmethod
    def devices(cls) -> list[Device]:
        """Say whether pipelines can be split."""
        return [Device("zenoh", "zenoh:edgeai", "results from another machine", absent("zenoh", "zenoh"))]

    def check(self) -> list[Problem]:
        """Require a key, a place and columns."""
        options, path = self.options, f"sensors.{self.name}"
        problems = check_place(path, f"{options.key}/{options.stream}", options.connect, options.listen)
        try:
            columns(options.columns)
        except ValueError as error:
            expected = "columns such as steering,throttle"
            problems.append(Problem(f"{path}.columns", repr(options.columns), expected, hint=str(error)))
        return problems

    @property
    def rejected(self) -> int:
        """Messages that could not be read."""
        return 0 if self._receiver is None else self._receiver.rejected

    def _open(self) -> None:
        options = self.options
        try:
            self.columns = columns(options.columns)
        except ValueError as error:
            raise ConfigError(str(error)) from error
        self._receiver = Receiver(self.name, self._clock, options.key, f"results/{options.stream}", _DEPTH)
        self._receiver.open(options.connect, options.listen, options.patience)

    def _read(self, timeout: float) -> Capture | None:
        assert self._receiver is not None
        received = self._receiver.take(timeout)
        if received is None:
            return None
        try:
            values = wire.values_of(received.message.told)
        except wire.WireError:
            self._receiver.reject()
            return None
        numbers = [values.get(column.name, math.nan) for column in self.columns]
        return Capture(numbers, received.stamp, "device", received.lost, measured=received.measured)

    def _close(self) -> None:
        if self._receiver is not None:
            self._receiver.close()
