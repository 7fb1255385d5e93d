"""The whole simulated rover as one pure machine: course, body and motor controller, with time passed in."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgeai_drivers.framing import Protocol

from .body import STEP_NS, BodyState, Build, Pose, step
from .controller import Controller, ControllerCounts
from .course import LOST_AT, Course, make_course

TELEMETRY_NS = 100_000_000
"""Period of the controller's telemetry, nanoseconds."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happened up to `t_ns`, as only a simulation can know it."""

    t_ns: int
    x: float
    """Metres."""
    y: float
    """Metres."""
    heading: float
    """Radians, anticlockwise from the x axis."""
    speed: float
    """Metres a second."""
    steering: float
    """Where the servo stands, in [-1, 1]; positive is left."""
    cross_track_error: float
    """Signed distance of the rear axle from the centre line, metres; positive when the rover is left of the line."""
    max_cross_track_error: float
    """Largest absolute cross-track error so far, metres."""
    laps: int
    """Whole laps driven in the course's direction since the start."""
    off_line: bool
    """Whether the rover is now farther than LOST_AT from the line."""
    departures: int
    """How many times it has left the line."""
    distance: float
    """Metres driven."""


class RoverMachine:
    """Drive a rover round the course of `course_seed` by bytes of its serial protocol.

    The rover stands on the line at the start, pointing along it. `cruise` is the speed in metres a second while
    commands name no throttle. Times are nanoseconds on any one clock; the world begins at the first one passed in.
    Its steps lie on multiples of STEP_NS of that clock, so calling more often changes nothing. A time before the
    newest one counts as the newest.
    """

    def __init__(
        self, course_seed: int, *, cruise: float = 0.9, protocol: Protocol = "jsonl", build: Build | None = None
    ) -> None:
        self._build = build or Build()
        self._course = make_course(course_seed)
        self._controller = Controller(protocol, cruise / self._build.max_speed)
        self._state = BodyState(Pose(*self._course.at(0.0)))
        self._place = self._course.place(self._state.pose.x, self._state.pose.y)
        self._t_ns: int | None = None
        self._progress = 0.0
        self._max_error = 0.0
        self._off_line = False
        self._departures = 0
        self._told = 0

    @property
    def course(self) -> Course:
        """Return the course driven on."""
        return self._course

    @property
    def pose(self) -> Pose:
        """Return where the rover is after the last step."""
        return self._state.pose

    @property
    def counts(self) -> ControllerCounts:
        """Read the motor controller's counters."""
        return self._controller.counts

    @property
    def driving(self) -> bool:
        """Whether a command is in force."""
        return self._controller.driving

    def feed(self, data: bytes, t_ns: int) -> None:
        """Give the controller bytes that arrive at `t_ns`; they take effect from the next step."""
        self.advance(t_ns)
        self._controller.feed(data, t_ns)

    def take(self) -> bytes:
        """Take the telemetry bytes that the controller has sent."""
        return self._controller.take()

    def advance(self, t_ns: int) -> None:
        """Integrate up to the last step at or before `t_ns`."""
        goal = t_ns - t_ns % STEP_NS
        if self._t_ns is None:
            self._t_ns = goal
        while self._t_ns < goal:
            self._state = step(self._state, self._controller.command(self._t_ns), self._build)
            self._t_ns += STEP_NS
            self._follow()
            if self._t_ns % TELEMETRY_NS == 0:
                self._controller.report(self._telemetry())

    def truth(self) -> Truth:
        """Return the state of the world after the last step."""
        pose = self._state.pose
        return Truth(
            t_ns=self._t_ns or 0,
            x=pose.x,
            y=pose.y,
            heading=pose.heading,
            speed=self._state.speed,
            steering=self._state.steering,
            cross_track_error=self._place.cross_track,
            max_cross_track_error=self._max_error,
            laps=max(0, math.floor(self._progress / self._course.length)),
            off_line=self._off_line,
            departures=self._departures,
            distance=self._state.distance,
        )

    def _follow(self) -> None:
        """Carry progress, the largest error and departures over to the pose just reached."""
        before = self._place.arc_length
        self._place = self._course.place(self._state.pose.x, self._state.pose.y, self._place.index)
        half = 0.5 * self._course.length
        self._progress += (self._place.arc_length - before + half) % self._course.length - half
        error = abs(self._place.cross_track)
        self._max_error = max(self._max_error, error)
        self._departures += error > LOST_AT and not self._off_line
        self._off_line = error > LOST_AT

    def _telemetry(self) -> dict[str, object]:
        ticks = self._build.ticks_per_metre
        self._told += 1
        return {
            "seq": self._told,
            "micros": (self._t_ns or 0) // 1000,
            "left": math.floor(self._state.left * ticks),
            "right": math.floor(self._state.right * ticks),
            "driving": int(self._controller.driving),
            "stops": self._controller.counts.stops,
            "speed": round(self._state.speed, 4),
            "steering": round(self._state.steering, 4),
            "distance": round(self._state.distance, 4),
            "accepted": self._controller.counts.accepted,
        }
