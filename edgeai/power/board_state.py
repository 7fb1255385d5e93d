"""One picture of the board from the readings of all its meters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum

from edgeai.messages import MeterReading, PowerBasis
from edgeai.power.boards import Power

__all__ = ["BoardState", "combine"]


@dataclass(frozen=True, slots=True)
class BoardState:
    """Watts at the board's input and who says so, °C of the processor, throttling, J left; None: nobody knows."""

    watts: float
    basis: PowerBasis
    meter: str
    celsius: float | None = None
    throttled: bool | None = None
    joules: float | None = None


def combine(readings: Iterable[MeterReading], model: Power) -> BoardState:
    """Return the board's state by the newest believable reading of each meter, by its model where none tells.

    Only what measures the whole board counts as its watts, measured before modelled: rails and the processor's package
    are less than the board, and a battery may feed motors too. The hottest of several temperatures counts, throttling
    is what any meter calls so, and the energy of several batteries is added up.
    """
    read = list(readings)
    inputs = [r for r in read if r.measures == "board" and r.watts is not None]
    inputs.sort(key=lambda r: r.basis != "measured")
    temperatures = [r.celsius for r in read if r.celsius is not None]
    throttling = [r.throttled for r in read if r.throttled is not None]
    energies = [r.joules for r in read if r.joules is not None]
    watts = inputs[0].watts if inputs else None
    return BoardState(
        watts=model.watts if watts is None else watts,
        basis=inputs[0].basis if inputs else model.basis,
        meter=inputs[0].meter if inputs else "board table",
        celsius=max(temperatures, default=None),
        throttled=any(throttling) if throttling else None,
        joules=fsum(energies) if energies else None,
    )
