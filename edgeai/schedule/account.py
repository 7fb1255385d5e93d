"""What the board has drawn, by a meter where one is believed and else by the model, and what is left of its budget."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from edgeai.schedule.announcer import Announcer
from edgeai.schedule.bank import CREDIT_SECONDS, EnergyBank
from edgeai.schedule.energy import EnergyModel
from edgeai.schedule.stage import StageState

__all__ = ["EnergyAccount"]

METER_FRESH = 3_000_000_000
"""ns after which a meter that says nothing is no longer believed, and power is modelled."""

METER_ABSURD = 10.0
"""A reading this many times above what the model gives at full load is no power of this board."""

_LAST_SECONDS = 2.0
"""Time constant of the power that is told, s."""


class EnergyAccount:
    """Settles the energy of one interval after the other; limits are watts of the whole board, None without one."""

    def __init__(self, states: Sequence[StageState], announcer: Announcer) -> None:
        self._states = states
        self._announcer = announcer
        self.energy = EnergyModel(len(states), 0.0)
        self.bank = EnergyBank()
        self.rejected = 0
        """Meter readings that were not believed."""
        self.power = 0.0
        """Watts over the last seconds."""
        self.spent = 0.0
        """Joules since the start."""
        self._full_load = 0.0
        self._settled = 0
        self._metered: int | None = None

    def open(self, t: int, idle: float) -> None:
        """Begin at t (ns) on a board that takes `idle` watts with nothing running."""
        self.energy = EnergyModel(len(self._states), idle)
        self._full_load = idle + max((max(state.watts) for state in self._states), default=0.0)
        self._settled = t

    def read(self, t: int, watts: float, limit: float | None) -> None:
        """Take a meter's mean since its last reading, if it can be: the interval is settled by it."""
        if not isfinite(watts) or watts < 0.0 or watts > METER_ABSURD * max(1.0, self._full_load):
            self.rejected += 1
            self._announcer.say("", "meter", "absurd", f"the meter says {watts:.3g} W: not believed")
            return
        joules, seconds = self._used(t)
        if seconds <= 0.0:
            return
        spent = watts * seconds
        if self._metered is not None:
            self.energy.observe(seconds, joules, spent)
        self._metered = t
        self._announcer.say("", "meter", "metered", "power is measured")
        self._settle(seconds, spent, limit)

    def model(self, t: int, limit: float | None) -> None:
        """Settle up to t (ns) by the model, unless a meter does."""
        if self._metered is not None:
            if t - self._metered <= METER_FRESH:
                return
            self._metered = None
            self.energy.basis = "modelled"
            why = f"no reading for {METER_FRESH / 1e9:g} s: power is modelled"
            self._announcer.say("", "meter", "unmetered", why)
        joules, seconds = self._used(t)
        if seconds > 0.0:
            self._settle(seconds, self.energy.energy(seconds, joules), limit)

    def drawn_by(self, t: int) -> tuple[float, float]:
        """Return the watts of the last seconds and the joules since the start, up to t (ns).

        What is not settled yet is modelled. Changes nothing: whoever asks decides nothing.
        """
        seconds = max(0, t - self._settled) * 1e-9
        open_ = self.energy.energy(seconds, [state.used_by(t) for state in self._states])
        return self.power if self.spent else open_ / seconds if seconds else self.energy.idle, self.spent + open_

    # -- inside ------------------------------------------------------------------------------------------------

    def _used(self, t: int) -> tuple[list[float], float]:
        """Return what the table gives for each stage's runs since the last settlement, and the seconds."""
        for state in self._states:
            if state.running is not None:
                state.ran(t)
        return [state.joules for state in self._states], (t - self._settled) * 1e-9

    def _settle(self, seconds: float, spent: float, limit: float | None) -> None:
        for state in self._states:
            state.joules = 0.0
        self._settled += round(seconds * 1e9)
        self.power += (spent / seconds - self.power) * (min(1.0, seconds / _LAST_SECONDS) if self.spent else 1.0)
        self.spent += spent
        if limit is None:
            self.bank.joules = 0.0
        else:
            self.bank.settle(limit * seconds, spent, CREDIT_SECONDS * max(0.0, limit - self.energy.idle))
