"""The arithmetic of the INA219 and INA226, from their data sheets (TI SBOS448, SBOS547): registers to SI units."""

from __future__ import annotations

from dataclasses import dataclass

CONFIGURATION, SHUNT, BUS, POWER, CURRENT, CALIBRATION = range(6)
"""The registers both have; each holds 16 bits, high byte first."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between the two chips.

    configuration: what is written to the register of that name: continuous, averaged over some 70 to 140 ms, so that
    a poll does not catch one instant of a load that comes in bursts. The bus register is shifted right by `bus_shift`
    before its steps of `bus_lsb` V count. `calibration` is the constant of the data sheet's equation, `power_ratio`
    watts a step of power for each ampere a step of current, `largest` the largest shunt voltage in V.
    """

    name: str
    configuration: int
    bus_shift: int
    bus_lsb: float
    shunt_lsb: float
    calibration: float
    power_ratio: float
    largest: float


INA219 = Kind("ina219", 0x3FFF, 3, 4e-3, 10e-6, 0.04096, 20.0, 0.32)
INA226 = Kind("ina226", 0x4727, 0, 1.25e-3, 2.5e-6, 0.00512, 25.0, 0.08192)
KINDS = {kind.name: kind for kind in (INA219, INA226)}


def calibration(kind: Kind, shunt: float, most: float) -> tuple[int, float]:
    """Return the calibration register for a shunt in ohms and the largest current in A, and A a step of current.

    A step is most / 2^15, and the register trunc(constant / (step x shunt)) (INA219 data sheet, equations 1 and 2). The
    step that comes back is the one the rounded register stands for. Raises ValueError when no register fits.
    """
    step = most / (1 << 15)
    register = int(kind.calibration / (step * shunt))
    if kind is INA219:
        register &= ~1
    if not 0 < register <= 0xFFFF:
        raise ValueError(f"{most:g} A over {shunt:g} ohm is out of the reach of an {kind.name}")
    return register, kind.calibration / (register * shunt)


def signed(register: int) -> int:
    """Return the two's complement value of 16 bits."""
    return register - 0x10000 if register & 0x8000 else register


def volts(kind: Kind, register: int) -> float:
    """Return the bus voltage in V."""
    return (register >> kind.bus_shift) * kind.bus_lsb


def amperes(register: int, step: float) -> float:
    """Return the current in A for `step` amperes a step."""
    return signed(register) * step


def watts(kind: Kind, register: int, step: float) -> float:
    """Return the power in W, without a sign: the chip multiplies magnitudes."""
    return register * kind.power_ratio * step


def overflowed(kind: Kind, bus: int) -> bool:
    """Say whether an INA219 marks its current and power as meaningless (bit OVF of the bus register)."""
    return kind is INA219 and bool(bus & 1)


def swapped(word: int) -> int:
    """Exchange the bytes of a word: SMBus sends the low byte first, the chip the high one."""
    return (word & 0xFF) << 8 | word >> 8 & 0xFF
