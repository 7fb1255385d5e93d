"""Which operating points are resident, where memory does not hold all of them.

What is resident serves; what is missing is loaded in the background, so no stream ever waits for a load. The quickest
point of each stage is always resident. A load is a heavy switch: forced, when what is resident cannot do what is asked,
it is made at once; unforced, when the plan would be better by a margin for a while, and seldom.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import fsum
from typing import Literal

from edgeai.schedule.commands import Announce, Load, Unload
from edgeai.schedule.events import Loaded, LoadFailed
from edgeai.schedule.exchange import Exchange, Judge, Slot, held, make_room, neighbour, quickest
from edgeai.schedule.plan import Means
from edgeai.schedule.policy import Aim, Choice
from edgeai.schedule.stage import StageState

__all__ = ["Residency"]

EVERY = 60_000_000_000
"""ns between a load and the next unforced one: reading and warming a model costs what hundreds of frames cost."""

MARGIN = 0.02
"""Share of the plan's value to be gained: durations are not known better than to 2 %."""

LASTS = 6_000_000_000
"""ns a gain has to last: a tenth of the least time between loads, three divisions of the energy in a row."""

RETRY = 600_000_000_000
"""ns after which a point that could not be loaded is tried again: a file comes back when somebody puts it back."""

Kind = Literal["start", "forced", "unforced"]


class Residency:
    """Orders loads one at a time, within a limit of bytes; without a limit it does nothing."""

    def __init__(self, states: Sequence[StageState], limit: int | None) -> None:
        self._states = tuple(states)
        self._limit = limit
        self.loads: Counter[Kind] = Counter()
        """Loads ordered: those at the start, and the heavy switches since."""
        self._pending: Slot | None = None
        self._begun = False
        self._starting = True
        self._since: int | None = None
        self._last: int | None = None
        self._failed: dict[Slot, int] = {}
        self._planned: dict[Slot, int] = {}
        if limit is not None:
            for state in self._states:
                state.resident = ()

    @property
    def limited(self) -> bool:
        """True when not all points can be resident."""
        return self._limit is not None

    @property
    def _may_order(self) -> bool:
        """One load at a time, and none before durations are known."""
        return self._begun and self._pending is None

    # -- what happened -----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Order loads from now on: what can be known beforehand is known."""
        self._begun = self.limited

    def loaded(self, event: Loaded) -> list[Announce]:
        """Let a point run from now on."""
        state = self._of(event)
        self._pending = None
        state.resident = tuple(sorted({*state.resident, event.point}))
        self._failed.pop((state, event.point), None)
        return [] if self._starting else [Announce(event.stage, "loaded", f"{_name(state, event.point)} can run now")]

    def failed(self, event: LoadFailed) -> list[Announce]:
        """Go on without a point, for some time."""
        state = self._of(event)
        self._pending = None
        self._failed[state, event.point] = event.t
        why = f"{_name(state, event.point)} could not be loaded: {event.why}; not tried again for {RETRY / 6e10:g} min"
        return [Announce(event.stage, "load failed", why)]

    def _of(self, event: Loaded | LoadFailed) -> StageState:
        pending = self._pending
        if pending is None or (pending[0].load.name, pending[1]) != (event.stage, event.point):
            raise ValueError(f"point {event.point} of {event.stage} is not being loaded")
        return pending[0]

    # -- what to do --------------------------------------------------------------------------------------------

    def begin(self, t: int) -> list[Load | Unload | Announce]:
        """Order the first load: the least of a stage that has nothing, as long as there is one."""
        if self._limit is None or not self._may_order:
            return []
        bare = {state: self._loadable(t, state) for state in self._states if not state.resident}
        least = {state: quickest(state, points) for state, points in bare.items() if points}
        for state, point in least.items():
            need = int(fsum(other.load.points[p].memory for other, p in least.items()))
            if need > self._limit - held(self._states):
                point = min(bare[state], key=lambda p, of=state: (of.load.points[p].memory, p))  # type: ignore[misc]
            return self._order(t, Exchange(state, point, (), 0.0, forced=True))
        return []

    def follow(self, t: int, choices: Mapping[str, Choice]) -> list[Load | Unload | Announce]:
        """Order what a policy has chosen by name and is not resident."""
        if self._limit is None or not self._may_order:
            return []
        chosen = [(state, choices[state.load.name].point) for state in self._states]
        self._note(t, chosen)
        for slot in chosen:
            state, point = slot
            if point in state.resident or self._barred(t, slot):
                continue
            if state.load.points[point].memory > self._room(chosen):
                self._failed[slot] = t
                why = f"{_name(state, point)} does not fit into the memory beside what else is needed"
                return [Announce(state.load.name, "no room", why)]
            leaving = make_room(
                self._states, self._limit, slot, lambda other, _: (float(other in chosen), self._idle(other))
            )
            if leaving is not None and not any(other in chosen for other in leaving):
                return self._order(t, Exchange(state, point, leaving, 0.0, forced=True))
        self._starting = False
        return []

    def weigh(
        self, t: int, states: list[StageState], aim: Aim, corrections: list[float], means: Means, *, able: bool
    ) -> list[Load | Unload | Announce]:
        """Order the load that the plan gains most by, if it is time for one.

        states: those planned, with their corrections of energy. able: whether what is resident does what is asked.
        """
        if self._limit is None or not self._may_order or not states:
            return []
        self._note(t, [(state, point) for state in states for point, _ in state.mixer.shares])
        early = self._last is not None and t < self._last + EVERY
        if early and able:
            return []
        barred = [slot for slot in self._failed if self._barred(t, slot)] + self._too_large(states)
        judge = Judge(states, aim, corrections, means, barred)
        found = judge.exchanges(self._limit, self._states, self._idle)
        if self._starting:
            return self._fill(t, states, [e for e in found if not e.leaving], barred)
        best = found[0] if found else None
        if best is not None and best.forced:
            return self._order(t, best)
        if early or best is None or best.gain < MARGIN:
            self._since = None
            return []
        if self._since is None:
            self._since = t
        return self._order(t, best) if t >= self._since + LASTS else []

    # -- inside ------------------------------------------------------------------------------------------------

    def _fill(
        self, t: int, states: list[StageState], found: list[Exchange], barred: list[Slot]
    ) -> list[Load | Unload | Announce]:
        """At the start: what the plan gains by, then what covers the ladder, as far as there is room."""
        assert self._limit is not None
        best = next((e for e in found if e.forced or e.gain > 0.0), None)
        if best is not None:
            return self._order(t, best)
        free = self._limit - held(self._states)
        reaches = [(state, away) for state in states if (away := neighbour(state, free, barred)) is not None]
        if reaches:
            state, (_, point) = max(reaches, key=lambda pair: (pair[1][0], -pair[0].index))
            return self._order(t, Exchange(state, point, (), 0.0, forced=False))
        self._starting = False
        return []

    def _order(self, t: int, exchange: Exchange) -> list[Load | Unload | Announce]:
        state, point = exchange.state, exchange.point
        kind: Kind = "start" if self._starting else "forced" if exchange.forced else "unforced"
        self.loads[kind] += 1
        self._pending = state, point
        self._since = None
        orders: list[Load | Unload | Announce] = []
        for other, gone in exchange.leaving:
            other.resident = tuple(p for p in other.resident if p != gone)
            orders.append(Unload(other.load.name, gone))
        orders.append(Load(state.load.name, point))
        if kind != "start":
            self._last = t
            orders.append(Announce(state.load.name, "loading", _why(exchange)))
        return orders

    def _loadable(self, t: int, state: StageState) -> list[int]:
        return [point for point in range(len(state.load.points)) if not self._barred(t, (state, point))]

    def _too_large(self, states: Sequence[StageState]) -> list[Slot]:
        """Return what would not fit even beside nothing but the quickest point of every stage."""
        room = self._room(())
        return [
            (state, point)
            for state in states
            for point, operating in enumerate(state.load.points)
            if point not in state.resident and operating.memory > room
        ]

    def _room(self, needed: Sequence[Slot]) -> int:
        """Return the bytes that the quickest resident points, and the resident ones of those needed, leave."""
        assert self._limit is not None
        stay = {(state, quickest(state, state.resident)) for state in self._states if state.resident}
        stay.update((state, point) for state, point in needed if point in state.resident)
        return self._limit - int(fsum(state.load.points[point].memory for state, point in stay))

    def _note(self, t: int, slots: Sequence[Slot]) -> None:
        for slot in slots:
            self._planned[slot] = t

    def _idle(self, slot: Slot) -> int:
        return self._planned.get(slot, -1)

    def _barred(self, t: int, slot: Slot) -> bool:
        return slot in self._failed and t < self._failed[slot] + RETRY


def _name(state: StageState, point: int) -> str:
    return state.load.points[point].variant or f"point {point}"


def _why(exchange: Exchange) -> str:
    """Say in words what is loaded, what goes for it, and why."""
    state = exchange.state
    megabytes = state.load.points[exchange.point].memory / 1e6
    gone = ", ".join(_name(*slot) for slot in exchange.leaving)
    for_it = f" in place of {gone}" if gone else ""
    why = "nothing resident does what is asked" if exchange.forced else f"the plan gains {100 * exchange.gain:.1f} %"
    return f"{_name(state, exchange.point)} ({megabytes:.3g} MB){for_it}: {why}"
