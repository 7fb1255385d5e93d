"""A closed, smooth course drawn by seed: its centre line by arc length, and where a point lies relative to it.

Only `math` and `random` are used, so that one seed gives one course on every machine.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from itertools import pairwise

LINE_WIDTH = 0.05
"""Width of the painted line, metres."""

LOST_AT = 0.25
"""Cross-track error beyond which the rover has left the line, metres."""

MIN_RADIUS = 0.6
"""Tightest bend of any course, metres."""

_SPACING = 0.01
_SAMPLES = 3000
_HARMONICS = (2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a point lies relative to the centre line."""

    index: int
    """Number of the nearest sample of the centre line: the `hint` of the next query."""
    arc_length: float
    """Metres along the centre line from the start, in [0, length)."""
    cross_track: float
    """Signed distance from the centre line in metres; positive when the point is left of it."""
    heading: float
    """Direction of the centre line there, radians, anticlockwise from the x axis."""


@dataclass(frozen=True, slots=True)
class Course:
    """A closed centre line sampled at equal steps of arc length, in metres on the floor, x right and y up."""

    seed: int
    spacing: float
    """Metres of arc length from one sample to the next."""
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    headings: tuple[float, ...]
    """Direction of travel at each sample, radians."""

    @property
    def length(self) -> float:
        """Measure one lap, metres."""
        return self.spacing * len(self.xs)

    @property
    def extent(self) -> float:
        """Find the half side of the square around the origin that holds the centre line, metres."""
        return max(max(map(abs, self.xs)), max(map(abs, self.ys)))

    def at(self, arc_length: float) -> tuple[float, float, float]:
        """Return (x, y, heading) at `arc_length` metres, which may lie outside one lap."""
        steps = arc_length / self.spacing
        whole = math.floor(steps)
        index = whole % len(self.xs)
        after = (index + 1) % len(self.xs)
        share = steps - whole
        return (
            self.xs[index] + share * (self.xs[after] - self.xs[index]),
            self.ys[index] + share * (self.ys[after] - self.ys[index]),
            self.headings[index] + share * wrap_angle(self.headings[after] - self.headings[index]),
        )

    def place(self, x: float, y: float, hint: int | None = None) -> Place:
        """Find the nearest point of the centre line to (x, y).

        With `hint`, the index of an earlier answer, the search walks from there and stays on that stretch: a rover is
        then followed along the line and cannot jump to another part of it. Without it the whole course is searched.
        """
        index = self._nearest(x, y) if hint is None else self._walk(x, y, hint)
        heading = self.headings[index]
        east, north = x - self.xs[index], y - self.ys[index]
        along = east * math.cos(heading) + north * math.sin(heading)
        left = north * math.cos(heading) - east * math.sin(heading)
        along = min(max(along, -self.spacing), self.spacing)
        return Place(index, (index * self.spacing + along) % self.length, left, heading)

    def _squared(self, index: int, x: float, y: float) -> float:
        return (self.xs[index] - x) ** 2 + (self.ys[index] - y) ** 2

    def _nearest(self, x: float, y: float) -> int:
        return min(range(len(self.xs)), key=lambda index: self._squared(index, x, y))

    def _walk(self, x: float, y: float, index: int) -> int:
        count = len(self.xs)
        distance = self._squared(index, x, y)
        for step in (1, -1):
            while True:
                following = (index + step) % count
                candidate = self._squared(following, x, y)
                if candidate >= distance:
                    break
                index, distance = following, candidate
        return index


def make_course(seed: int) -> Course:
    """Draw the course of `seed`: a circle of 12 to 16 m bent by four harmonics, driven either way round.

    The harmonics are weakened until no bend is tighter than MIN_RADIUS.
    """
    dice = random.Random(f"course {seed}")  # noqa: S311 - it draws courses, not secrets
    length = dice.uniform(12.0, 16.0)
    waves = [(k, dice.uniform(0.05, 0.45) / (k - 0.5), dice.uniform(0.0, math.tau)) for k in _HARMONICS]
    side = dice.choice((1.0, -1.0))
    while True:
        course = _resample(seed, _trace(waves, side), length)
        if _tightest_radius(course) >= MIN_RADIUS:
            return course
        waves = [(k, 0.92 * amplitude, phase) for k, amplitude, phase in waves]


def wrap_angle(angle: float) -> float:
    """Bring an angle in radians into [-pi, pi)."""
    return (angle + math.pi) % math.tau - math.pi


def _trace(waves: list[tuple[int, float, float]], side: float) -> list[tuple[float, float]]:
    points = []
    for step in range(_SAMPLES):
        angle = math.tau * step / _SAMPLES
        radius = 1.0 + sum(amplitude * math.cos(k * angle + phase) for k, amplitude, phase in waves)
        points.append((radius * math.cos(angle), side * radius * math.sin(angle)))
    return points


def _resample(seed: int, points: list[tuple[float, float]], length: float) -> Course:
    """Scale a closed polyline to `length` metres and sample it at equal steps of arc length."""
    closed = [*points, points[0]]
    ends = [0.0]
    for before, after in pairwise(closed):
        ends.append(ends[-1] + math.dist(before, after))
    scale = length / ends[-1]
    count = round(length / _SPACING)
    xs, ys, segment = [], [], 0
    for index in range(count):
        wanted = ends[-1] * index / count
        while ends[segment + 1] < wanted:
            segment += 1
        share = (wanted - ends[segment]) / (ends[segment + 1] - ends[segment])
        (x0, y0), (x1, y1) = closed[segment], closed[segment + 1]
        xs.append(scale * (x0 + share * (x1 - x0)))
        ys.append(scale * (y0 + share * (y1 - y0)))
    headings = tuple(math.atan2(ys[(i + 1) % count] - ys[i - 1], xs[(i + 1) % count] - xs[i - 1]) for i in range(count))
    return Course(seed, length / count, tuple(xs), tuple(ys), headings)


def _tightest_radius(course: Course) -> float:
    """Find the smallest radius of curvature, measured over 10 cm of arc, metres."""
    stride = round(0.1 / course.spacing)
    turns = (
        abs(wrap_angle(heading - course.headings[index - stride])) for index, heading in enumerate(course.headings)
    )
    return stride * course.spacing / max(turns)
