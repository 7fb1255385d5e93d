"""Sensors: numbers checked and made into readings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from edgeai.driver.base import DriverOptions
from edgeai.driver.source import Source
from edgeai.errors import DeviceError
from edgeai.messages import Column, Reading
from edgeai.quantities import Duration

__all__ = ["Sensor", "SensorOptions"]


@dataclass(frozen=True, kw_only=True)
class SensorOptions(DriverOptions):
    """What every sensor takes. history: seconds of readings kept for `history()`, windows and synchronisation."""

    history: Duration = 10.0


class Sensor(Source[Reading]):
    """A source of readings. `_read` returns a sequence of floats, one for each of `columns`."""

    Options: ClassVar[type[DriverOptions]] = SensorOptions
    columns: tuple[Column, ...] = ()
    """Names and units, known after `_open` at the latest."""
    headline: tuple[str, ...] = ()
    """Names of the columns that a status line shows."""

    def _wrap(self, data: Any, seq: int, stamp: int, timing: Any) -> Reading:
        values = tuple(float(value) for value in data)
        if len(values) != len(self.columns):
            raise DeviceError(
                f"{self.name} delivered {len(values)} values for {len(self.columns)} columns: correct `columns`"
            )
        return Reading(self.name, seq, stamp, values, self.columns, timing)
