"""Tell a jump of the slowdown from a run of bad luck.

A CUSUM of log likelihood ratios (Page, Biometrika 1954) against a level that is not known beforehand and estimated from
the suspicious runs themselves (Willsky and Jones, IEEE TAC 1976):

    W = max(0, W + ln(q(r) / f(r))),  alarm when W > ln(1 / hazard)

f: density of the innovation r under no change; q: its density at the level of the runs since W was last 0, flat over
+-1 for the first of them. With this threshold false alarms are further apart than 1 / hazard runs on average.
The hazard itself is learnt: (1 + alarms) / (1 / prior + runs).

A slowdown of 1.8 looks like an ordinary tail run once; two of nearly the same length do not.
"""

from __future__ import annotations

from math import exp, log, pi, sqrt

__all__ = ["ChangeDetector"]

_FLAT = 0.5
"""Density of an unknown new level: anywhere from 1/e to e times the old one."""

_STRAY = 0.1
"""Share of runs in a new regime that are tail runs themselves."""

_LIKELY = 0.03
"""Odds from which a slowdown is reckoned with: a miss costs a frame, a lesser variant 3 % of one, which is the step
between two rungs of a ladder."""

_NORM = 1.0 / sqrt(2.0 * pi)
_FADE = 1.0 - 1.0 / 5_000
"""Evidence on the hazard fades over 5 000 runs: minutes, the time scale on which a robot's duties change."""


class ChangeDetector:
    """Watches the innovations of one stage."""

    def __init__(self, hazard: float) -> None:
        self._prior = 1.0 / hazard
        self._runs = 0.0
        self._alarms = 0.0
        self.evidence = 0.0
        """Nats for a change; 0 while nothing speaks for one."""
        self.level = 0.0
        self.variance = 0.0

    def threshold(self) -> float:
        """Return the evidence (nats) that raises the alarm."""
        return log((self._prior + self._runs) / (1.0 + self._alarms))

    def suspected(self) -> float:
        """Return the level (log units) of a slowdown that may have begun, before the alarm; 0 where none is likely.

        Its odds are hazard x q / f of the runs since W was last 0: exp(W - ln(1 / hazard)), 1 at the alarm.
        """
        if self.evidence == 0.0 or self.level <= 0.0 or exp(self.evidence - self.threshold()) < _LIKELY:
            return 0.0
        return self.level

    def step(self, r: float, usual: float, bias: float, noise: float) -> bool:
        """Take an innovation, its density under no change, and the variances of the bias and of the noise.

        Return whether the alarm is raised.
        """
        self._runs = self._runs * _FADE + 1.0
        self._alarms *= _FADE
        if self.evidence == 0.0:
            if usual >= _FLAT:
                return False
            changed = (1.0 - _STRAY) * _FLAT + _STRAY * usual
            self.evidence = log(changed / usual)
            self.level = r
            self.variance = noise + bias
        else:
            spread = self.variance + noise + bias
            changed = (1.0 - _STRAY) * _normal(r - self.level, spread) + _STRAY * usual
            self.evidence = max(0.0, self.evidence + log(changed / usual))
            if self.evidence == 0.0:
                return False
            gain = self.variance / spread
            if abs(r - self.level) < 3.0 * sqrt(spread):
                self.level += gain * (r - self.level)
                self.variance *= 1.0 - gain
        if self.evidence > self.threshold():
            self._alarms += 1.0
            return True
        return False

    def reset(self) -> None:
        """Begin anew after an alarm."""
        self.evidence = 0.0


def _normal(x: float, variance: float) -> float:
    return _NORM / sqrt(variance) * exp(-0.5 * x * x / variance)
