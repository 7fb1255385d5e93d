"""smbus2 with an INA219 or INA226 behind it that computes as its data sheet says, low byte of a word first."""

import errno

chip = None


class Chip:
    def __init__(self, address=0x40, kind="ina219", volts=5.0, shunt_volts=0.05):
        self.address, self.kind = address, kind
        self.registers = {0: 0x399F, 5: 0}
        self.set(volts, shunt_volts)

    def set(self, volts, shunt_volts):
        self._shunt = round(shunt_volts / (10e-6 if self.kind == "ina219" else 2.5e-6))
        self._bus = round(volts / (4e-3 if self.kind == "ina219" else 1.25e-3))

    def reset(self):
        self.registers = {0: 0x399F, 5: 0}

    def _current(self):
        return self._shunt * self.registers[5] // (4096 if self.kind == "ina219" else 2048)

    def read(self, register):
        if register == 2:
            return self._bus << 3 | 2 if self.kind == "ina219" else self._bus
        if register == 3:
            return abs(self._current()) * self._bus // (5000 if self.kind == "ina219" else 20000)
        return {1: self._shunt, 4: self._current()}.get(register, self.registers.get(register, 0)) & 0xFFFF


def _swap(word):
    return (word & 0xFF) << 8 | word >> 8


class SMBus:
    def __init__(self, bus):
        if bus != 1:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", f"/dev/i2c-{bus}")
        self.closed = False

    def _check(self, address):
        if chip is None or address != chip.address:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        if chip.kind == "taken":
            raise OSError(errno.EBUSY, "Device or resource busy")

    def read_word_data(self, address, register):
        self._check(address)
        return _swap(chip.read(register))

    def write_word_data(self, address, register, word):
        self._check(address)
        chip.registers[register] = _swap(word) & (0xFFFE if register == 5 and chip.kind == "ina219" else 0xFFFF)

    def close(self):
        self.closed = True
