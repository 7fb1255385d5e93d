"""Heat: the watts a board may take so that it settles below the temperature at which it throttles.

The form of the Linux kernel's power allocator (Documentation/driver-api/thermal/power_allocator.rst):

    P = P_s + k e + I,   e = T_set - T (deg C),   k = 2 P_s / (T_set - T_on) for e > 0, half of that for e < 0
    I += k e dt / T_i,   not while P is above what the board takes anyway (no wind-up)

P_s: power thought sustainable, W; control begins at T_on. The integral finds what the ambient really allows.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ThermalPacer"]

T_ON = 70.0
"""deg C. Below, no limit: a Raspberry Pi throttles progressively from 80 and hard at 85."""

T_SET = 77.0
"""deg C. Three degrees below throttling: sensors step by half a degree and two thermal poles overshoot by one."""

T_INTEGRAL = 120.0
"""T_i in s: slower than the fast pole of a board with its heat sink (10-60 s), faster than its housing (300-1800 s)."""

T_SMOOTH = 5.0
"""Seconds a temperature is averaged over: sensors step by half a degree, which the gain would turn into half a watt."""

BINDING = 1.25
"""A limit more than a quarter above what is drawn does not bind, and the integral waits."""

BACK_OFF = 0.9
"""Factor on the limit each time the board says that it throttles."""

RECOVERY = 600.0
"""Seconds in which a backed-off limit doubles again."""

PATIENCE = 10.0
"""Seconds between two back-offs: a board takes about as long to cool by a degree."""


@dataclass(slots=True)
class ThermalPacer:
    """Turns temperatures into a limit in watts. sustainable: W thought sustainable at first."""

    sustainable: float
    integral: float = 0.0
    factor: float = 1.0
    limit: float | None = None
    smooth: float | None = None
    _backed_off: float = -1e9

    def sense(self, t: float, dt: float, celsius: float | None, throttled: bool | None, power: float) -> float | None:
        """Return the limit in W, None for none. t: now, s; dt: since the last call, s; power: drawn meanwhile, W."""
        if throttled:
            if t - self._backed_off >= PATIENCE:
                self._backed_off = t
                self.factor *= BACK_OFF
        else:
            self.factor = min(1.0, self.factor * (1.0 + dt / RECOVERY))
        if celsius is None:
            self.integral, self.smooth = 0.0, None
            self.limit = None if self.factor == 1.0 else self.factor * max(power, self.sustainable)
            return self.limit
        last = celsius if self.smooth is None else self.smooth
        self.smooth = celsius = last + (celsius - last) * dt / (T_SMOOTH + dt)
        error = T_SET - celsius
        gain = 2.0 * self.sustainable / (T_SET - T_ON) * (1.0 if error > 0.0 else 0.5)
        wanted = self.sustainable + gain * error + self.integral
        if error < 0.0 or wanted < BINDING * power:
            self.integral += gain * error * dt / T_INTEGRAL
        limit = self.factor * (self.sustainable + gain * error + self.integral)
        self.limit = None if celsius < T_ON and limit > power and self.factor == 1.0 else max(0.0, limit)
        return self.limit
