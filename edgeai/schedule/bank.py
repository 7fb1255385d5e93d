"""Banks: what was spent beyond its rate is paid back, what was saved is forgotten."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AccuracyBank", "EnergyBank", "MissBank"]

REPAY_FRAMES = 20
"""An energy debt is paid back over so many frames: two seconds at 10 Hz, well inside a power window of a minute."""

CREDIT_SECONDS = 0.3
"""Savings are kept up to so many seconds of the dynamic budget: half a per cent of a minute, less than a meter errs."""

MISS_HORIZON = 2_000
"""Frames over which a debt of misses is paid back: to tell 1 % from 1.3 % takes as many; sooner would chase luck."""

MISS_CREDIT = 3.0
MISS_DEBT = 30.0
"""Bounds of the miss bank, in misses: what is saved is soon forgotten, what is owed hardly ever."""

ACCURACY_HORIZON = 200
"""Frames over which accuracy below its floor is made up for: the floor is a mean over tens of seconds."""

ACCURACY_BOUND = 4.0
"""Bounds of the accuracy bank, in frames' worth: what it may move the floor by is 2 points, one step of a ladder."""


@dataclass(slots=True)
class EnergyBank:
    """Joules in hand: B += (P* - P) dt, with P* the budget and P the power drawn; all debt is kept, little credit."""

    joules: float = 0.0

    def settle(self, allowed: float, spent: float, credit: float) -> None:
        """Enter an interval's energy (J); at most `credit` joules of savings are kept."""
        self.joules = min(credit, self.joules + allowed - spent)


@dataclass(slots=True)
class MissBank:
    """Misses in hand: M += e - miss an offered frame, e the rate asked for; the plan then aims at e + M / H."""

    misses: float = 0.0

    def settle(self, rate: float, missed: bool) -> None:
        """Enter one offered frame."""
        misses = self.misses + rate - missed
        self.misses = MISS_CREDIT if misses > MISS_CREDIT else -MISS_DEBT if misses < -MISS_DEBT else misses

    def target(self, rate: float, aside: float = 0.0) -> float:
        """Return the miss rate to plan for, with `aside` kept back for what no plan avoids.

        Never below a fifth of the one asked for: less is below what can be known of a tail.
        """
        return max(0.2 * rate, rate - aside + self.misses / MISS_HORIZON)


@dataclass(slots=True)
class AccuracyBank:
    """Accuracy in hand: S += score - floor an offered frame, score being the accuracy if on time, else 0."""

    frames: float = 0.0

    def settle(self, floor: float, score: float) -> None:
        """Enter one offered frame."""
        self.frames = max(-ACCURACY_BOUND, min(ACCURACY_BOUND, self.frames + score - floor))

    def target(self, floor: float) -> float:
        """Return the floor to plan for."""
        return floor - self.frames / ACCURACY_HORIZON
