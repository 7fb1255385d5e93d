"""The registers of InvenSense's I2C IMUs, and what their numbers mean.

MPU-6050 register map RM-MPU-6000A-00 4.2, MPU-9250 RM-MPU-9250A-00 1.6, ICM-20948 data sheet DS-000189 1.3.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

WAKE = 0x01
"""To the power register: awake, on the gyroscope's clock."""
ASLEEP = 0x40
BANK = 0x7F
"""Of the ICM-20948: bits 5:4 select one of four banks of registers."""
SIZE = 14
"""Bytes of a sample: seven numbers, high byte first."""
_GRAVITY = 9.80665


@dataclass(frozen=True, slots=True)
class Chip:
    """Where things are.

    `order` says which of the seven numbers is what: acceleration and rate (each x, y, z), temperature. `ranges` are
    (bank, register, shift, or-ed bits) of the rate's and of the acceleration's range.
    """

    name: str
    identity: int
    answers: tuple[int, ...]
    power: int
    data: int
    order: str
    ranges: tuple[tuple[int, int, int, int], tuple[int, int, int, int]]
    degree: float
    zero: float
    banked: bool = False

    def values(self, sample: bytes, acceleration_range: int, rate_range: int) -> list[float]:
        """Return m/s2 (x, y, z), rad/s (x, y, z) and degrees C of a sample."""
        numbers = struct.unpack(">7h", sample)
        at = {part: self.order.index(part) for part in "agt"}
        acceleration = [number * acceleration_range * _GRAVITY / 32768 for number in numbers[at["a"] : at["a"] + 3]]
        rate = [number * math.radians(rate_range) / 32768 for number in numbers[at["g"] : at["g"] + 3]]
        return [*acceleration, *rate, numbers[at["t"]] / self.degree + self.zero]


_MPU_RANGES = ((0, 0x1B, 3, 0), (0, 0x1C, 3, 0))
MPU6050 = Chip("MPU-6050", 0x75, (0x68, 0x69), 0x6B, 0x3B, "aaatggg", _MPU_RANGES, 340.0, 36.53)
MPU9250 = Chip("MPU-9250", 0x75, (0x70, 0x71, 0x73), 0x6B, 0x3B, "aaatggg", _MPU_RANGES, 333.87, 21.0)
ICM20948 = Chip(
    "ICM-20948", 0x00, (0xEA,), 0x06, 0x2D, "aaagggt", ((2, 0x01, 1, 1), (2, 0x14, 1, 1)), 333.87, 21.0, banked=True
)
CHIPS = {"mpu6050": MPU6050, "mpu9250": MPU9250, "icm20948": ICM20948}
RATES = (250, 500, 1000, 2000)
"""deg/s, in the order of the range bits."""
ACCELERATIONS = (2, 4, 8, 16)
"""g."""
