"""The base classes of drivers. A driver needs nothing else of edgeai but messages, errors and draw.

A driver writes `_open`, `_read` (or `_write`) and `_close`; the public methods here own waiting, pacing, time-outs,
counting, stamps and closed-checks, for all drivers alike. No driver starts a thread.
"""

from __future__ import annotations

from edgeai.clock import NS, Clock
from edgeai.driver.base import Driver, DriverOptions, vendor
from edgeai.driver.camera import Camera, CameraOptions
from edgeai.driver.meter import Meter, MeterOptions
from edgeai.driver.output import Output
from edgeai.driver.retry import NEVER_AGAIN, Retry
from edgeai.driver.sensor import Sensor, SensorOptions
from edgeai.driver.source import Capture, EndOfSource, Source
from edgeai.driver.state import DriverKind, DriverState, DriverStatus
from edgeai.messages import Column, Device
from edgeai.quantities import Duration, Fraction, Rate, Size, Watts
from edgeai.stamping import detect_clock

__all__ = [
    "NEVER_AGAIN",
    "NS",
    "Camera",
    "CameraOptions",
    "Capture",
    "Clock",
    "Column",
    "Device",
    "Driver",
    "DriverKind",
    "DriverOptions",
    "DriverState",
    "DriverStatus",
    "Duration",
    "EndOfSource",
    "Fraction",
    "Meter",
    "MeterOptions",
    "Output",
    "Rate",
    "Retry",
    "Sensor",
    "SensorOptions",
    "Size",
    "Source",
    "Watts",
    "detect_clock",
    "vendor",
]
