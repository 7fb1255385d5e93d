"""Sensor `log`: the readings of a recording, or of a log that another program made."""

from __future__ import annotations

from dataclasses import dataclass

from edgeai.driver import Sensor, SensorOptions
from edgeai.recording.foreign.choose import FormatName, chosen, is_log
from edgeai.recording.foreign.sources import LoggedSensor
from edgeai.recording.foreign.times import TimeUnit

__all__ = ["Log"]


class Log(LoggedSensor):
    """The readings of one source of a log, at the pace at which they were taken; see `LoggedSensor`."""

    @dataclass(frozen=True, kw_only=True)
    class Options(SensorOptions):
        """path: a recording, a ROS 2 bag, a tub, a folder of pictures with their times, or a video with lines of JSON.

        source: its name in the log; left out, the one that is called like this sensor, or the only one. format:
        edgeai, rosbag2, tub, video or folder, where looking at it does not tell. time_unit: s, ms, us or ns, of the
        numbers in text files, where they do not tell. lossless: as fast as readings are consumed.
        """

        path: str
        source: str | None = None
        format: FormatName | None = None
        time_unit: TimeUnit | None = None
        lossless: bool = False

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
