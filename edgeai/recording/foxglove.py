"""What Foxglove shows beside our own topics: boxes and labels, positions, intrinsics, log lines. For display only."""

from __future__ import annotations

import functools
import math

from foxglove_schemas_protobuf.CameraCalibration_pb2 import CameraCalibration
from foxglove_schemas_protobuf.Color_pb2 import Color
from foxglove_schemas_protobuf.ImageAnnotations_pb2 import ImageAnnotations
from foxglove_schemas_protobuf.LaserScan_pb2 import LaserScan
from foxglove_schemas_protobuf.LocationFix_pb2 import LocationFix
from foxglove_schemas_protobuf.Log_pb2 import Log
from foxglove_schemas_protobuf.PointsAnnotation_pb2 import PointsAnnotation

from edgeai.messages import Classification, Column, Detections, Frame, Parts, Reading, Regression, Result

__all__ = ["calibration", "drawing", "fix", "log", "scan"]

_GREEN = Color(r=0.2, g=0.9, b=0.3, a=1.0)
_SIZE = 14.0
_LEAST_RANGES = 8
"""Fewer columns of this kind are something else."""


def drawing(result: Result) -> ImageAnnotations | None:
    """Return boxes and words for a picture; None for a value that is neither."""
    drawn = ImageAnnotations()
    value = result.value
    if isinstance(value, Parts):
        value = value.detections
    if isinstance(value, Detections):
        for row in value.rows():
            x1, y1, x2, y2 = row["box"]
            box = drawn.points.add(type=PointsAnnotation.LINE_LOOP, outline_color=_GREEN, thickness=2.0)
            box.timestamp.FromNanoseconds(result.stamp)
            for x, y in ((x1, y1), (x2, y1), (x2, y2), (x1, y2)):
                box.points.add(x=x, y=y)
            _write(drawn, result, x1, y1, f"{row['label']} {row['score']:.2f}")
    elif isinstance(value, Classification):
        for i, row in enumerate(value.rows()):
            _write(drawn, result, 4.0, (i + 1) * (_SIZE + 2.0), f"{row['label']} {row['score']:.2f}")
    elif isinstance(value, Regression):
        for i, column in enumerate(value.columns):
            _write(drawn, result, 4.0, (i + 1) * (_SIZE + 2.0), f"{column.name} {value.values[i]:.3f}")
    else:
        return None
    return drawn


def _write(drawn: ImageAnnotations, result: Result, x: float, y: float, words: str) -> None:
    text = drawn.texts.add(text=words, font_size=_SIZE, text_color=_GREEN)
    text.timestamp.FromNanoseconds(result.stamp)
    text.position.x, text.position.y = x, y


def calibration(frame: Frame) -> CameraCalibration | None:
    """Return a camera's intrinsics, None where they are not known."""
    lens = frame.intrinsics
    if lens is None:
        return None
    width, height = frame.size
    matrix = [lens.fx, 0.0, lens.cx, 0.0, lens.fy, lens.cy, 0.0, 0.0, 1.0]
    projection = [lens.fx, 0.0, lens.cx, 0.0, 0.0, lens.fy, lens.cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    made = CameraCalibration(
        frame_id=frame.source,
        width=width,
        height=height,
        distortion_model="plumb_bob" if lens.distortion else "",
        D=lens.distortion,
        K=matrix,
        R=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        P=projection,
    )
    made.timestamp.FromNanoseconds(frame.stamp)
    return made


def fix(reading: Reading) -> LocationFix | None:
    """Return the position of a reading with columns latitude and longitude (degrees), else None."""
    values = reading.as_dict()
    if not {"latitude", "longitude"} <= values.keys():
        return None
    made = LocationFix(
        frame_id=reading.source,
        latitude=values["latitude"],
        longitude=values["longitude"],
        altitude=values.get("altitude", 0.0),
    )
    made.timestamp.FromNanoseconds(reading.stamp)
    return made


def scan(reading: Reading) -> LaserScan | None:
    """Return the ranges of a lidar, else None.

    Those have columns `r0`, `r1` ... all round, counted to the left from ahead, or `angle_min`, `angle_increment`
    (radians, to the left) and `range_0`, `range_1` ... as in ROS.
    """
    form = _scan_form(reading.columns)
    if form is None:
        return None
    first, count, angles = form
    start, step = (reading.values[i] for i in angles) if angles else (0.0, 2 * math.pi / count)
    made = LaserScan(
        frame_id=reading.source,
        start_angle=start,
        end_angle=start + step * (count - 1),
        ranges=reading.values[first : first + count],
    )
    made.timestamp.FromNanoseconds(reading.stamp)
    return made


@functools.lru_cache(maxsize=64)
def _scan_form(columns: tuple[Column, ...]) -> tuple[int, int, tuple[int, int] | None] | None:
    """Return where the ranges begin, how many they are, and where the angles are; None where there is no scan."""
    names = [column.name for column in columns]
    for prefix in ("r", "range_"):
        count = sum(name.removeprefix(prefix).isdigit() and name.startswith(prefix) for name in names)
        first = names.index(f"{prefix}0") if f"{prefix}0" in names else 0
        if count < _LEAST_RANGES or names[first : first + count] != [f"{prefix}{n}" for n in range(count)]:
            continue
        if prefix == "r":
            return first, count, None
        if {"angle_min", "angle_increment"} <= set(names):
            return first, count, (names.index("angle_min"), names.index("angle_increment"))
    return None


def log(t: int, name: str, words: str, *, bad: bool) -> Log:
    """Return a line for Foxglove's log."""
    made = Log(level=Log.ERROR if bad else Log.INFO, name=name, message=words)
    made.timestamp.FromNanoseconds(t)
    return made
