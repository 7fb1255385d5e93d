"""How many watts a battery gives until a time."""

from __future__ import annotations

__all__ = ["pace"]

CONVERSION = 0.99
"""eta: one per cent is kept for what the gauge and the model do not see."""

LAST = 5.0
"""Seconds: nearer to its end than this a pace is not computed afresh, for errors of the gauge would rule it."""


def pace(joules: float, reserve: float, seconds: float) -> float:
    """Return P = eta (E - E_reserve) / (T_end - t) in W, for what is left (J), what is to be left, and the time (s)."""
    return CONVERSION * max(0.0, joules - reserve) / max(LAST, seconds)
