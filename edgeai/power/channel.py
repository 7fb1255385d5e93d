"""One quantity of a meter, and whether its next value can be believed. Pure: time comes with the values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

__all__ = ["CONFIRMED_AFTER", "TRUSTED_AFTER", "Cause", "Channel", "Rule"]

Cause = Literal["stale", "lost", "not a number", "negative", "out of range", "jump", "frozen"]
"""Why a value is rejected."""

TRUSTED_AFTER = 3
"""Believable values in a row before a distrusted quantity is used again: one could be luck between two lies."""
CONFIRMED_AFTER = 3
"""Values in a row that agree make an impossible jump true: the device was reset, the battery changed."""
FEWEST_REPEATS = 10
"""Equal values before anything is called frozen, however seldom the meter is polled."""
_NS = 1e9


@dataclass(frozen=True, slots=True)
class Rule:
    """What is possible: the range; the largest change, `step` + `step_share` x last value + `slew` a second.

    A value is frozen when it is the same bit for bit for `frozen_after` s, while the load, smoothed over `smoothing` s,
    changed by `load_change` (a share of all cores). Infinite: never.
    """

    least: float = -math.inf
    most: float = math.inf
    step: float = math.inf
    step_share: float = 0.0
    slew: float = 0.0
    frozen_after: float = math.inf
    load_change: float = math.inf
    smoothing: float = 0.0

    def beyond(self, value: float) -> Cause | None:
        """Return what is wrong with a value by itself."""
        if not math.isfinite(value):
            return "not a number"
        if value < self.least:
            return "negative" if value < 0 <= self.least else "out of range"
        return "out of range" if value > self.most else None

    def near(self, last: float, value: float, seconds: float) -> bool:
        """Say whether a value can follow another within some seconds."""
        return abs(value - last) <= self.step + self.step_share * abs(last) + self.slew * seconds


class Channel:
    """The history of one quantity: as much of it as the next judgement needs."""

    def __init__(self, rule: Rule) -> None:
        """Trust the quantity until it lies."""
        self.trusted = True
        self._rule = rule
        self._good = 0
        self._last: tuple[float, int] | None = None
        self._strange: tuple[float, int] | None = None
        self._agreed = 0
        self._same: _Same | None = None
        self._mean = _Mean(rule.smoothing)

    def judge(self, value: float, t: int, load: float | None) -> Cause | None:
        """Return why a value measured at t (ns) is rejected, or None; `load` is the share of all cores that is busy."""
        cause = self._rule.beyond(value)
        if cause is None:
            cause = self._frozen(value, t, load) or self._jump(value, t)
        return cause

    def vote(self, cause: Cause | None) -> bool:
        """Count a judgement; say whether the trust in this quantity has changed by it."""
        before = self.trusted
        if cause is not None:
            self._good = 0
            self.trusted = False
        else:
            self._good += 1
            self.trusted = self.trusted or self._good >= TRUSTED_AFTER
        return self.trusted != before

    def _jump(self, value: float, t: int) -> Cause | None:
        if self._last is None or self._follows(self._last, value, t) or self._confirmed(value, t):
            self._last, self._strange = (value, t), None
            return None
        return "jump"

    def _follows(self, last: tuple[float, int], value: float, t: int) -> bool:
        return self._rule.near(last[0], value, max(t - last[1], 0) / _NS)

    def _confirmed(self, value: float, t: int) -> bool:
        agrees = self._strange is not None and self._follows(self._strange, value, t)
        self._agreed = self._agreed + 1 if agrees else 1
        self._strange = (value, t)
        if self._agreed < CONFIRMED_AFTER:
            return False
        self._good = TRUSTED_AFTER
        return True

    def _frozen(self, value: float, t: int, load: float | None) -> Cause | None:
        if self._same is None or self._same.value != value:
            self._same = _Same(value, t)
        self._same.add(self._mean.of(load, t))
        return "frozen" if self._same.implausible(self._rule, t) else None


class _Mean:
    """The load, smoothed exponentially; unknown until two time constants have gone by."""

    def __init__(self, smoothing: float) -> None:
        self._smoothing = smoothing
        self._mean = 0.0
        self._start: int | None = None
        self._then = 0

    def of(self, load: float | None, t: int) -> float | None:
        if load is None or self._smoothing <= 0:
            return load
        if self._start is None:
            self._start, self._mean = t, load
        else:
            self._mean += (load - self._mean) * (1 - math.exp(-max(t - self._then, 0) / _NS / self._smoothing))
        self._then = t
        return self._mean if t - self._start >= 2 * self._smoothing * _NS else None


class _Same:
    """A value that stays, and how the load went meanwhile."""

    def __init__(self, value: float, t: int) -> None:
        self.value = value
        self._since = t
        self._count = 0
        self._low, self._high = math.inf, -math.inf

    def add(self, load: float | None) -> None:
        self._count += 1
        if load is not None:
            self._low, self._high = min(self._low, load), max(self._high, load)

    def implausible(self, rule: Rule, t: int) -> bool:
        return (
            self._count >= FEWEST_REPEATS
            and (t - self._since) / _NS >= rule.frozen_after
            and self._high - self._low >= rule.load_change
        )
