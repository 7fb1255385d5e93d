"""Camera `log`: the pictures of a recording, or of a log that another program made."""

from __future__ import annotations

from dataclasses import dataclass

from edgeai.driver import Camera, CameraOptions
from edgeai.recording.foreign.choose import FormatName, chosen, is_log
from edgeai.recording.foreign.sources import LoggedCamera
from edgeai.recording.foreign.times import TimeUnit

__all__ = ["Log"]


class Log(LoggedCamera):
    """The pictures of one source of a log, at the pace at which they were taken; see `LoggedCamera`."""

    @dataclass(frozen=True, kw_only=True)
    class Options(CameraOptions):
        """path: a recording, a ROS 2 bag, a tub, a folder of pictures with their times, or a video with lines of JSON.

        source: its name in the log; left out, the one that is called like this camera, or the only one. format:
        edgeai, rosbag2, tub, video or folder, where looking at it does not tell. time_unit: s, ms, us or ns, of the
        numbers in text files, where they do not tell. lossless: as fast as the pictures are consumed.
        """

        path: str
        source: str | None = None
        format: FormatName | None = None
        time_unit: TimeUnit | None = None
        lossless: bool = False

    options: Options

    def __init__(self, name: str, options: Options) -> None:
        Camera.__init__(self, name, options)

    @classmethod
    def claims(cls, path: str) -> bool:
        """Claim recordings, bags and tubs; folders of pictures and videos are other cameras', too."""
        return is_log(path)

    def _open(self) -> None:
        self._log, self._logged = chosen("camera", self.name, self.options)
        super()._open()
