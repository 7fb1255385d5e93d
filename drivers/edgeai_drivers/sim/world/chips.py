"""An I2C bus with one simulated IMU on it: registers in, registers out, with smbus2's method names."""

from __future__ import annotations

import errno
import math
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgeai_drivers.sensors._imu_registers import Chip

_GRAVITY = 9.80665
_SLEEP = 0x40
_BANK = 0x7F


class SimulatedBus:
    """The chip lies still until `acceleration` (m/s2), `rotation` (rad/s) or `celsius` is set.

    It answers at `address` while `plugged`, and measures within the ranges that were written to its registers. After
    `brown_out` it sleeps with its registers as at power-on, and its sample is zeros.
    """

    def __init__(self, chip: Chip, address: int = 0x68) -> None:
        self.address = address
        self.plugged = True
        self.acceleration = (0.0, 0.0, _GRAVITY)
        self.rotation = (0.0, 0.0, 0.0)
        self.celsius = 25.0
        self._chip = chip
        self.brown_out()

    def brown_out(self) -> None:
        """Lose the supply for a moment."""
        self._bank = 0
        self._registers = {(0, self._chip.power): _SLEEP | 1, (0, self._chip.identity): self._chip.answers[0]}

    def read_byte_data(self, address: int, register: int) -> int:
        """Return a register. Raises OSError when nobody answers."""
        return self.read_i2c_block_data(address, register, 1)[0]

    def read_i2c_block_data(self, address: int, register: int, length: int) -> list[int]:
        """Return `length` registers from `register` on. Raises OSError when nobody answers."""
        self._require(address)
        sample = dict(enumerate(self._sample(), self._chip.data)) if self._bank == 0 else {}
        return [sample.get(at, self._registers.get((self._bank, at), 0)) for at in range(register, register + length)]

    def write_byte_data(self, address: int, register: int, value: int) -> None:
        """Write a register. Raises OSError when nobody answers."""
        self._require(address)
        if self._chip.banked and register == _BANK:
            self._bank = value >> 4 & 3
        else:
            self._registers[self._bank, register] = value

    def close(self) -> None:
        """Return at once: nothing is held."""

    def _require(self, address: int) -> None:
        if not self.plugged or address != self.address:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")

    def _sample(self) -> bytes:
        if self._registers[0, self._chip.power] & _SLEEP:
            return bytes(14)
        rate_range, acceleration_range = (250 << self._range(0), 2 << self._range(1))
        parts = {
            "a": [value / (acceleration_range * _GRAVITY) for value in self.acceleration],
            "g": [value / math.radians(rate_range) for value in self.rotation],
            "t": [(self.celsius - self._chip.zero) * self._chip.degree / 32768],
        }
        numbers = [min(max(round(parts[part].pop(0) * 32768), -32768), 32767) for part in self._chip.order]
        return struct.pack(">7h", *numbers)

    def _range(self, which: int) -> int:
        bank, register, shift, _ = self._chip.ranges[which]
        return self._registers.get((bank, register), 0) >> shift & 3
