"""Sensor `log`: the readings of a recording, or of a log that another program made."""

from __future__ import annotations

from dataclasses import dataclass

from edgeai.driver import Sensor, SensorOptions
from edgeai.recording.foreign.choose import LogOptions, chosen, is_log
from edgeai.recording.foreign.sources import LoggedSensor

__all__ = ["Log"]


class Log(LoggedSensor):
    """The readings of one source of a log, at the pace at which they were taken; see `LoggedSensor`."""

    @dataclass(frozen=True, kw_only=True)
    class Options(LogOptions, SensorOptions):
        """Those of any sensor, and which log and which of its sources."""

    options: Options

    def __init__(self, name: str, options: Options) -> None:
        Sensor.__init__(self, name, options)

    @classmethod
    def claims(cls, path: str) -> bool:
        """Claim recordings, bags and tubs."""
        return is_log(path)

    def _open(self) -> None:
        self._log, self._logged = chosen("sensor", self.name, self.options)
        self.columns = self._logged.columns
        super()._open()
