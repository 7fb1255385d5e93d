"""From messages of ROS 2 to pictures and readings; one row of a table for each type that is read."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from edgeai.messages import Column
from edgeai.recording.foreign.log import Damaged

__all__ = ["TYPES", "MessageType"]

_Data = bytes | npt.NDArray[np.uint8] | tuple[float, ...] | Damaged

_CHANNELS: dict[str, tuple[int, str | None]] = {
    "bgr8": (3, None),
    "8uc3": (3, None),
    "rgb8": (3, "COLOR_RGB2BGR"),
    "bgra8": (4, "COLOR_BGRA2BGR"),
    "8uc4": (4, "COLOR_BGRA2BGR"),
    "rgba8": (4, "COLOR_RGBA2BGR"),
    "mono8": (1, None),
    "8uc1": (1, None),
    "yuv422": (2, "COLOR_YUV2BGR_UYVY"),
    "uyvy": (2, "COLOR_YUV2BGR_UYVY"),
    "yuv422_yuy2": (2, "COLOR_YUV2BGR_YUY2"),
    "yuyv": (2, "COLOR_YUV2BGR_YUY2"),
    "bayer_rggb8": (1, "COLOR_BayerRGGB2BGR"),
    "bayer_bggr8": (1, "COLOR_BayerBGGR2BGR"),
    "bayer_gbrg8": (1, "COLOR_BayerGBRG2BGR"),
    "bayer_grbg8": (1, "COLOR_BayerGRBG2BGR"),
}
"""Encodings of sensor_msgs/Image in lower case: bytes a pixel, and OpenCV's conversion to BGR (None: as it is)."""


def _compressed(message: Any) -> _Data:
    return bytes(message.data)


def _image(message: Any) -> _Data:
    """Return the picture of an Image; depth and other encodings of more than 8 bits are refused, not scaled."""
    known = _CHANNELS.get(message.encoding.lower())
    if known is None:
        return Damaged(
            f"its encoding {message.encoding[:40]!r} is no picture of 8 bits: convert the topic to rgb8 or mono8"
        )
    size, conversion = known
    height, width, step = message.height, message.width, message.step
    if not height or not width or step < width * size or height * step > len(message.data):
        return Damaged(f"it announces {width}x{height} in rows of {step} bytes and holds {len(message.data)}")
    if conversion is not None and "YUV" in conversion and width % 2:
        return Damaged(f"it announces YUV 4:2:2 with an odd width of {width}")
    rows = np.frombuffer(message.data, np.uint8, height * step).reshape(height, step)
    pixels = rows[:, : width * size].reshape((height, width, size) if size > 1 else (height, width))
    if conversion is None:
        return np.array(pixels)
    try:
        return cv2.cvtColor(np.ascontiguousarray(pixels), getattr(cv2, conversion))  # type: ignore[no-any-return]
    except cv2.error:
        return Damaged(f"its {width}x{height} pixels cannot be converted from {message.encoding}")


_MOST_BEAMS = 1 << 15
"""More than any laser scanner has in a turn."""

_IMU = tuple(
    Column(name, unit)
    for names, unit in (
        (("orientation_x", "orientation_y", "orientation_z", "orientation_w"), "1"),
        (("angular_velocity_x", "angular_velocity_y", "angular_velocity_z"), "rad/s"),
        (("linear_acceleration_x", "linear_acceleration_y", "linear_acceleration_z"), "m/s2"),
    )
    for name in names
)


def _imu(message: Any) -> _Data:
    """Return orientation, angular velocity, acceleration; a covariance of -1 says that the value is not known."""
    o, w, a = message.orientation, message.angular_velocity, message.linear_acceleration
    parts = (
        ((o.x, o.y, o.z, o.w), message.orientation_covariance),
        ((w.x, w.y, w.z), message.angular_velocity_covariance),
        ((a.x, a.y, a.z), message.linear_acceleration_covariance),
    )
    return tuple(math.nan if covariance[0] == -1 else float(value) for values, covariance in parts for value in values)


def _scan_columns(message: Any) -> tuple[Column, ...]:
    beams = tuple(Column(f"range_{number}", "m") for number in range(len(message.ranges)))
    angles = (Column("angle_min", "rad"), Column("angle_increment", "rad"))
    return (*angles, Column("range_min", "m"), Column("range_max", "m"), *beams)


def _scan(message: Any) -> _Data:
    if len(message.ranges) > _MOST_BEAMS:
        return Damaged(f"a scan has {len(message.ranges)} beams")
    head = (message.angle_min, message.angle_increment, message.range_min, message.range_max)
    return tuple(float(value) for value in (*head, *message.ranges.tolist()))


_FIX = (
    Column("latitude", "deg"),
    Column("longitude", "deg"),
    Column("altitude", "m"),
    Column("status"),
    Column("variance_east", "m2"),
    Column("variance_north", "m2"),
    Column("variance_up", "m2"),
)


def _fix(message: Any) -> _Data:
    """Return the fix; its status is -1 for none, and the variances are NaN where their type says unknown."""
    known = message.position_covariance_type != 0
    variances = (message.position_covariance[i] if known else math.nan for i in (0, 4, 8))
    return tuple(map(float, (message.latitude, message.longitude, message.altitude, message.status.status, *variances)))


@dataclass(frozen=True, slots=True)
class MessageType:
    """How a message type is read: as which kind of source, its columns (of the first message), and its data."""

    kind: Literal["camera", "sensor"]
    columns: Callable[[Any], tuple[Column, ...]]
    data: Callable[[Any], _Data]


TYPES: dict[str, MessageType] = {
    "sensor_msgs/msg/CompressedImage": MessageType("camera", lambda _: (), _compressed),
    "sensor_msgs/msg/Image": MessageType("camera", lambda _: (), _image),
    "sensor_msgs/msg/Imu": MessageType("sensor", lambda _: _IMU, _imu),
    "sensor_msgs/msg/LaserScan": MessageType("sensor", _scan_columns, _scan),
    "sensor_msgs/msg/NavSatFix": MessageType("sensor", lambda _: _FIX, _fix),
}
