"""What the scheduler does now, as people and programs may ask for it."""

from __future__ import annotations

from dataclasses import dataclass

from edgeai.messages import PowerBasis
from edgeai.schedule.scheduler import Scheduler

__all__ = ["Plan", "Power", "plan_of", "power_of"]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a stage is run now, and why.

    variant, threads: the operating point that has most of the runs; shares: the part of the runs of each (variant,
    threads). rate: frames due a second, None while that is not known; served: the part of them that is run. watts: what
    that takes above the idle board, 0 where no policy plans with watts. why: the reason of the last change, `since`
    when it was made (ns on the pipeline's clock); empty and 0 while nothing has changed. batching: of a model that
    other stages share, what running their items together gains, or why that is not done.
    """

    variant: str
    threads: int
    shares: tuple[tuple[str, int, float], ...]
    rate: float | None
    served: float
    watts: float
    why: str = ""
    since: int = 0
    batching: str = ""


@dataclass(frozen=True, slots=True)
class Power:
    """Watts of the board over the last seconds, joules since the start, and how they are known.

    limit: the watts the scheduler keeps to, by budget or by heat; None where there is none.
    """

    watts: float
    joules: float
    basis: PowerBasis
    limit: float | None


def plan_of(scheduler: Scheduler, stage: str, why: str, since: int) -> Plan:
    """Return what a scheduler does with a stage; to be called under its lock."""
    state = scheduler.state(stage)
    points = state.load.points
    shares = state.mixer.shares or ((state.choice.point, 1.0),)
    mostly = max(shares, key=lambda share: share[1])[0]
    main = points[mostly]
    return Plan(
        main.variant,
        main.threads,
        tuple((points[point].variant, points[point].threads, share) for point, share in shares),
        state.rate() if state.elastic is None else state.elastic,
        state.mixer.served,
        state.planned_watts,
        why,
        since,
        scheduler.batches.told(stage, mostly),
    )


def power_of(scheduler: Scheduler, t: int) -> Power:
    """Return what a scheduler knows of power at time t (ns); to be called under its lock."""
    account = scheduler.planner.account
    watts, joules = account.drawn_by(t)
    return Power(watts, joules, account.energy.basis, scheduler.planner.watts)
