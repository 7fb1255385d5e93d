"""Which readings of a meter can be believed: stale, absurd, leaping and frozen ones are rejected, counted, announced.

Pure: a guard is handed readings and the time, and hands back what of them may be used. Not used: not replaced; what
stands in for a rejected figure (the board table's model) is the caller's to say.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from edgeai.messages import Measures, MeterReading
from edgeai.power.boards import Board
from edgeai.power.channel import Cause, Channel, Rule

__all__ = ["Announcement", "Checked", "Guard", "Quantity", "rules"]

Quantity = Literal["watts", "celsius", "joules", "throttled"]

POLLS_MISSED = 5
"""A reading older than so many polls is stale, and so is a meter that is silent for as long."""
LEAST_AGE = 5.0
"""s; below this no reading is called stale, however often the meter is polled: a busy board polls late."""
AHEAD = 1.0
"""s by which a stamp may lie in the future, for clocks that were compared once."""
LEAST_SHARE = 0.3
"""A board that runs this program takes more than this share of its idle power; 0 W is a shunt without a load."""
MOST_SHARE = 1.2
"""A supply delivers for a while a fifth more than it is sold for; beyond that it shuts down."""
BATTERY_MOST = 10_000.0
"""W from a robot's battery, its motors included."""
SEMICONDUCTOR = (-40.0, 125.0)
"""°C between which processors are made to work; outside, a sensor is broken or not wired."""
HEATING = 30.0
"""°C a second. A Pi 4 under HPL (5.6 W above idle), with the least inertia assumed of one (12 °C/W, a pole of 10 s),
gains 5.6 x 12 / 10 = 6.7; boards with more watts have larger heat sinks. Four times that is no heat."""
SENSOR_STEP = 10.0
"""°C by which one reading may differ from the next however close they are: another zone has become the hottest."""
GAUGE_STEP = 0.25
"""Share of the energy left by which a gauge may step: 1 % of the whole is a fifth of what is left at 5 %."""
WATTS_FROZEN = (30.0, 0.3)
"""s, and the change of load meanwhile: on a Pi 4 that is 0.9 W, nine steps of a meter that shows tenths of a watt."""
CELSIUS_FROZEN = (600.0, 0.3, 60.0)
"""s, change of load, and s over which the load is smoothed: heat follows the mean, and many sensors show whole °C."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """On the edge only: a quantity of a meter is no longer trusted, for this cause, or is again (cause None)."""

    t: int
    meter: str
    quantity: Quantity
    cause: Cause | None
    why: str

    @property
    def state(self) -> str:
        """Say in two words what has changed, as an Announce wants it."""
        return f"{self.quantity} {'trusted' if self.cause is None else 'rejected'}"


@dataclass(frozen=True, slots=True)
class Checked:
    """A reading without what cannot be believed (None in its place), and what is to be announced."""

    reading: MeterReading
    announcements: tuple[Announcement, ...] = ()


def rules(board: Board, measures: Measures) -> dict[Quantity, Rule]:
    """Return what can be true of a board, for a meter that measures this."""
    least = LEAST_SHARE * board.idle.value if measures == "board" else 0.0
    most = BATTERY_MOST if measures == "battery" else MOST_SHARE * board.supply.value
    low, high = SEMICONDUCTOR
    after, change = WATTS_FROZEN
    long_after, long_change, smoothing = CELSIUS_FROZEN
    return {
        "watts": Rule(least=least, most=most, frozen_after=after, load_change=change),
        "celsius": Rule(
            least=low,
            most=high,
            step=SENSOR_STEP,
            slew=HEATING,
            frozen_after=long_after,
            load_change=long_change,
            smoothing=smoothing,
        ),
        "joules": Rule(least=0.0, step=0.0, step_share=GAUGE_STEP, slew=most),
        "throttled": Rule(),
    }


class Guard:
    """Judges the readings of one meter, in the order of time.

    `rejected` counts values by (quantity, cause). A quantity that was rejected is withheld until three believable
    values in a row; an impossible jump is believed once three values in a row agree on it.
    """

    def __init__(self, meter: str, board: Board, *, interval: float = 1.0) -> None:
        """Guard a meter that is polled every `interval` seconds."""
        self.rejected: Counter[tuple[Quantity, Cause]] = Counter()
        self._meter = meter
        self._board = board
        self._max_age = max(LEAST_AGE, POLLS_MISSED * interval)
        self._channels: dict[Quantity, Channel] = {}
        self._newest: MeterReading | None = None
        self._drawn: tuple[float, float, int] | None = None

    @property
    def trusted(self) -> Mapping[Quantity, bool]:
        """Say for each quantity that the meter ever told whether it is trusted now."""
        return {quantity: channel.trusted for quantity, channel in self._channels.items()}

    def check(self, reading: MeterReading, now: int, load: float | None = None) -> Checked:
        """Return what of a reading may be used at time now (ns); `load` is the share of all cores busy, 0 to 1.

        A reading given again, or an older one (a meter that has nothing newer), is judged by its age alone, and the
        newest one is returned. Without a load nothing is called frozen. Modelled watts pass when they are a number.
        """
        told = _told(reading)
        if not -AHEAD <= (now - reading.stamp) / 1e9 <= self._max_age:
            age = (now - reading.stamp) / 1e9
            return self._all(reading, told, "stale", now, f"the reading is {age:.1f} s old")
        if self._newest is not None and reading.stamp <= self._newest.stamp:
            return Checked(self._withheld(self._newest))
        self._newest = reading
        announcements = []
        for quantity, value in told.items():
            cause = self._judge(quantity, value, reading, load)
            announcements += self._vote(quantity, cause, now, _why(quantity, value, cause))
        return Checked(self._withheld(reading), tuple(announcements))

    def silent(self, now: int, why: str = "") -> tuple[Announcement, ...]:
        """Return what is to be announced when a poll brought no reading: at once when it failed (`why` says how), else
        when the newest reading has become stale.
        """
        newest = self._newest
        if not why and (newest is None or (now - newest.stamp) / 1e9 <= self._max_age):
            return ()
        cause: Cause = "lost" if why else "stale"
        quantities = [quantity for quantity, channel in self._channels.items() if channel.trusted]
        said = why or f"nothing new for {self._max_age:g} s"
        return tuple(a for quantity in quantities for a in self._vote(quantity, cause, now, said))

    def _judge(self, quantity: Quantity, value: float, reading: MeterReading, load: float | None) -> Cause | None:
        if quantity == "watts" and reading.basis == "modelled" and math.isfinite(value):
            return None
        channel = self._channel(quantity, reading.measures)
        cause = channel.judge(value, reading.stamp, load)
        if quantity == "joules" and cause is None and self._energy_is_frozen(value, reading):
            cause = "frozen"
        return cause

    def _energy_is_frozen(self, joules: float, reading: MeterReading) -> bool:
        """Say whether a gauge stands still although more has been drawn than its coarsest step can hide."""
        if self._drawn is None or self._drawn[0] != joules or reading.watts is None:
            self._drawn = joules, 0.0, reading.stamp
            return False
        _, drawn, then = self._drawn
        drawn += reading.watts * (reading.stamp - then) / 1e9
        self._drawn = joules, drawn, reading.stamp
        return drawn > GAUGE_STEP * joules

    def _channel(self, quantity: Quantity, measures: Measures) -> Channel:
        if quantity not in self._channels:
            self._channels[quantity] = Channel(rules(self._board, measures)[quantity])
        return self._channels[quantity]

    def _vote(self, quantity: Quantity, cause: Cause | None, now: int, why: str) -> list[Announcement]:
        if cause is not None:
            self.rejected[quantity, cause] += 1
        channel = self._channels.get(quantity)
        if channel is None or not channel.vote(cause):
            return []
        return [Announcement(now, self._meter, quantity, cause, why)]

    def _all(self, reading: MeterReading, told: Mapping[Quantity, float], cause: Cause, now: int, why: str) -> Checked:
        for quantity in told:
            self._channel(quantity, reading.measures)
        announcements = tuple(a for quantity in told for a in self._vote(quantity, cause, now, why))
        return Checked(replace(reading, watts=None, celsius=None, joules=None, throttled=None), announcements)

    def _withheld(self, reading: MeterReading) -> MeterReading:
        for quantity, channel in self._channels.items():
            if not channel.trusted:
                reading = _without(reading, quantity)
        return reading


def _told(reading: MeterReading) -> dict[Quantity, float]:
    found = {quantity: getattr(reading, quantity) for quantity in get_args(Quantity)}
    return {quantity: float(value) for quantity, value in found.items() if value is not None}


def _without(reading: MeterReading, quantity: Quantity) -> MeterReading:
    if quantity == "watts":
        return replace(reading, watts=None)
    if quantity == "celsius":
        return replace(reading, celsius=None)
    return replace(reading, joules=None) if quantity == "joules" else replace(reading, throttled=None)


def _why(quantity: Quantity, value: float, cause: Cause | None) -> str:
    unit = {"watts": " W", "celsius": " °C", "joules": " J", "throttled": ""}[quantity]
    return f"{value:g}{unit} is believable again" if cause is None else f"{value:g}{unit}: {cause}"
