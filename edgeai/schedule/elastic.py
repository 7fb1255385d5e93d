"""Which rates fit when even the cheapest points do not at the rates asked for."""

from __future__ import annotations

from math import fsum

from edgeai.schedule.stage import StageState

__all__ = ["elastic_rates"]


def elastic_rates(states: list[StageState], busy: float) -> list[float] | None:
    """Return the rates (Hz) that fit when even the cheapest points do not at the rates asked; None where they do.

    Busy time is shared by weight, what one stage cannot use going to the others, and no rate falls below its least
    (elastic tasks: Buttazzo, Lipari, Abeni, RTSS 1998).
    """
    costs = [min(state.model.mean(p) for p in state.resident) * state.part * 1e-9 for state in states]
    wanted = [state.rate() or 1.0 for state in states]
    if fsum(c * f for c, f in zip(costs, wanted, strict=True)) <= busy:
        return None
    least = [min(f, state.load.rate_min or 0.0) for state, f in zip(states, wanted, strict=True)]
    rates = list(least)
    open_ = list(range(len(states)))
    left = busy
    while open_:
        weight = fsum(states[i].load.weight for i in open_)
        part = {i: left * states[i].load.weight / max(weight, 1e-9) / max(costs[i], 1e-9) for i in open_}
        full = [i for i in open_ if part[i] >= wanted[i]]
        short = [i for i in open_ if part[i] <= least[i]]
        for i in full or short:
            rates[i] = wanted[i] if full else least[i]
            left = max(0.0, left - rates[i] * costs[i])
            open_.remove(i)
        if not full and not short:
            for i in open_:
                rates[i] = part[i]
            break
    return rates
