"""Camera `log`: the pictures of a recording, or of a log that another program made."""

from __future__ import annotations

from dataclasses import dataclass

from edgeai.driver import Camera, CameraOptions
from edgeai.recording.foreign.choose import LogOptions, chosen, is_log
from edgeai.recording.foreign.sources import LoggedCamera

__all__ = ["Log"]


class Log(LoggedCamera):
    """The pictures of one source of a log, at the pace at which they were taken; see `LoggedCamera`."""

    @dataclass(frozen=True, kw_only=True)
    class Options(LogOptions, CameraOptions):
        """Those of any camera, and which log and which of its sources."""

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
