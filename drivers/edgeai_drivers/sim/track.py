"""Camera `track`: what the camera on a simulated rover sees of its course."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgeai.driver import NS, Camera, CameraOptions, Capture, Device, Driver, Rate, Size
from edgeai.errors import ConfigError, Problem

from .rover import Rover
from .world.view import View

_SMALLEST = 16
_TALLEST = 0.9
"""Height over width at which the top of the picture still lies below the horizon."""


class Track(Camera):
    """The camera on a rover: it looks ahead and down at the floor, by perspective."""

    @dataclass(frozen=True, kw_only=True)
    class Options(CameraOptions):
        """world: name of the sensor `rover` that carries the camera. size and fps of the pictures. looks: seed of
        floor, line, light and lens; that of the course when absent.
        """

        world: str = "rover"
        size: Size = (160, 120)
        fps: Rate = 30.0
        looks: int | None = None

    def __init__(self, name: str, options: Any) -> None:
        super().__init__(name, options)
        self.rate = options.fps
        self.period = round(NS / options.fps)
        self._rover: Rover | None = None

    @classmethod
    def devices(cls) -> list[Device]:
        """List the one that is there with every rover."""
        return [Device("track", "track:rover", "the camera on the simulated sensor `rover`")]

    def check(self) -> list[Problem]:
        """Find sizes that cannot be rendered."""
        width, height = self.options.size
        if min(width, height) >= _SMALLEST and height <= _TALLEST * width:
            return super().check()
        expected = f"at least {_SMALLEST} pixels each way, and a height of at most {_TALLEST:g} times the width"
        return [*super().check(), Problem(f"cameras.{self.name}.size", f"{width}x{height}", expected)]

    def attach(self, peers: Mapping[str, Driver]) -> None:
        """Find the rover that carries this camera. Raises ConfigError when there is none of that name."""
        wanted = self.options.world
        rover = peers.get(wanted)
        if not isinstance(rover, Rover):
            rovers = [name for name, peer in peers.items() if isinstance(peer, Rover)]
            close = difflib.get_close_matches(wanted, rovers, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "add to the graph: sensors: {rover: {driver: rover}}"
            expected = "the name of a sensor whose driver is rover"
            raise ConfigError(Problem(f"cameras.{self.name}.world", repr(wanted), expected, hint=hint))
        self._rover = rover

    def _open(self) -> None:
        if self._rover is None:
            self.attach({})
        assert self._rover is not None
        course, looks = self._rover.course, self.options.looks
        self._view = View(course, course.seed if looks is None else looks, self.options.size)

    def _read(self, timeout: float) -> Capture:
        assert self._rover is not None
        pose = self._rover.pose_at(self.capture_time)
        return Capture(self._view.render(pose, self.captured + self.lost))

    def _close(self) -> None:
        """Hold nothing that must be released."""
