"""When to plan, and with how much energy: the slow half of the scheduler."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, fsum

from edgeai.power.thermal import ThermalPacer
from edgeai.schedule.account import EnergyAccount
from edgeai.schedule.announcer import Announcer
from edgeai.schedule.bank import REPAY_FRAMES
from edgeai.schedule.blocking import behind, cap_jobs, expect_waits
from edgeai.schedule.commands import Announce, Load, Unload
from edgeai.schedule.elastic import elastic_rates
from edgeai.schedule.events import Calibrated, Configure, Loaded, LoadFailed, Sensed
from edgeai.schedule.mixer import block
from edgeai.schedule.plan import Means, StagePlan, nearby, plan_stage, share_means
from edgeai.schedule.policy import Aim, Choice, Policy, Situation
from edgeai.schedule.residency import Residency
from edgeai.schedule.stage import StageState

__all__ = ["Planner"]

PLAN_EVERY = 10
"""Runs between two plans of a stage where nothing else asks for one: half the time an energy debt is repaid in."""

MOVED = 0.02
"""Log units: a slowdown that has moved by 2 % since the plan asks for a new one; less is the estimate's error."""

BUSY = 0.9
"""Busy time planned for, as a share of each lane: the utilisation bound of the admission test."""

LEAST_SERVED = 0.05
"""However hot the board, one frame in twenty is served: a robot that sees nothing cannot be driven to the shade."""

OVERLOAD_DEBT = 60.0
"""Under overload, rates fall by the worst debt of misses over this: by half when the bank is at its bound."""

SHARE_EVERY = 2_000_000_000
"""ns between two divisions of the energy among several stages, and between two questions to the policy."""

_MAIN = 0.6
"""A variant is named once it has three runs in five: below, two would take turns."""


def _share_of(pair: tuple[int, float]) -> float:
    return pair[1]


class Planner:
    """Asks the policy, keeps the energy bank, and plans one stage at a time."""

    def __init__(self, states: Sequence[StageState], policy: Policy, lanes: int, memory: int | None = None) -> None:
        self.states = tuple(states)
        self.residency = Residency(self.states, memory)
        self._lanes = lanes
        self._busy = BUSY * lanes
        self._guarded = False
        self.policy = policy
        self.aim: Aim | None = None
        self.notes: list[Announce | Load | Unload] = []
        """What there is to say and to load since the scheduler last asked."""
        self._announcer = Announcer(self.notes)
        self.account = EnergyAccount(self.states, self._announcer)
        self.thermal: ThermalPacer | None = None
        self._began = 0
        self._started = 0.0
        """The time of day at the start, s."""
        self._cooled = 0
        self._shared = 0
        self._sensed: Sensed | None = None

    @property
    def watts(self) -> float | None:
        """The whole board's limit in force: the aim's, or the heat's where that is lower; None where there is none."""
        limits = [
            limit
            for limit in (self.aim.watts if self.aim else None, self.thermal.limit if self.thermal else None)
            if limit is not None
        ]
        return min(limits, default=None)

    # -- events ------------------------------------------------------------------------------------------------

    def calibrate(self, event: Calibrated) -> None:
        """Take profiles, and the board's table."""
        states = {state.load.name: state for state in self.states}
        for profile in event.profiles:
            state = states[profile.stage]
            quantiles = (profile.p50, profile.p90, profile.p95, profile.p99, profile.p999)
            state.model.start(profile.point, quantiles)
            state.watts[profile.point] = profile.watts or event.busy
        for state in self.states:
            state.watts = [watts or event.busy for watts in state.watts]
        self.account.open(event.t, event.idle)
        if event.busy:
            self.thermal = ThermalPacer(event.idle + event.busy / 2.0)
        self._began = self._cooled = event.t
        self._started = event.started
        self.residency.start()
        self.replan(event.t)

    def configure(self, event: Configure) -> None:
        """Follow another policy from now on; what was learnt stays, what was owed to the old one is forgotten."""
        self.policy = event.policy
        self.account.bank.joules = 0.0
        self.replan(event.t)

    def load_ended(self, event: Loaded | LoadFailed) -> None:
        """Plan with what is resident now."""
        self.notes += self.residency.loaded(event) if isinstance(event, Loaded) else self.residency.failed(event)
        self.replan(event.t)

    def sense(self, event: Sensed) -> None:
        """Take what the situation is; a power reading settles the energy since the last one."""
        self._sensed = event
        if self.thermal is not None and (event.celsius is not None or event.throttled is not None):
            seconds = (event.t - self._cooled) * 1e-9
            self._cooled = event.t
            self.thermal.sense(event.t * 1e-9, seconds, event.celsius, event.throttled, self.account.power)
        if event.watts is not None and event.basis == "measured":
            self.account.read(event.t, event.watts, self.watts)

    def after_run(self, state: StageState, t: int, changed: bool) -> None:
        """Plan a stage again if it is time, after one of its runs; changed: which began a new regime."""
        state.runs_since_plan += 1
        if changed:
            for other in self.states:
                if other is not state:
                    other.model.doubt(state.model.change.level)
        if t - self._shared > SHARE_EVERY or (changed and len(self.states) > 1):
            self.replan(t)
        elif self.aim is not None and (
            changed or state.runs_since_plan >= PLAN_EVERY or abs(state.model.mu - state.planned_mu) > MOVED
        ):
            self.plan_again(state, self.aim, t, near=not changed)

    def plan_again(self, state: StageState, aim: Aim, t: int, *, near: bool) -> None:
        """Plan one stage with the share of the energy it has; near: looking no further than `nearby`."""
        self.account.model(t, self.watts)
        if not near:
            state.model.learn_tail()  # what was predicted for the runs before is about to change
        means = self._means(state.rate() or 1.0)
        correction = self.account.energy.correction(state.index)
        self._adopt(state, plan_stage(state, aim, correction, means, state.allotted, near=near))

    def replan(self, t: int) -> None:
        """Ask the policy, and divide the energy among all stages."""
        self._shared = t
        self.account.model(t, self.watts)
        for state in self.states:
            state.model.learn_tail()
        answer = self.policy.choose(self._situation(t))
        self.notes += self.residency.begin(t)
        if not isinstance(answer, Aim):
            self.aim = None
            self.notes += self.residency.follow(t, answer)
            states = {state.load.name: state for state in self.states}
            for name, choice in answer.items():
                states[name].adopt(choice)
            self._derate()
            return
        self.aim = answer
        for state in reversed(self.states):
            state.reserve = behind(state, self.states)
            if state.choice.rate != state.load.rate_max:
                state.adopt(Choice(state.choice.point, state.load.rate_max))
        planned = [state for state in self.states if state.known]
        if not planned:
            return
        debt = min(0.0, *(state.bank.misses for state in planned))
        rates = elastic_rates(planned, self._busy * max(0.5, 1.0 + debt / OVERLOAD_DEBT))
        for i, state in enumerate(planned):
            state.elastic = None if rates is None else rates[i]
        if rates is None:
            self._announcer.say("", "load", "normal", "the rates asked for fit")
        else:
            why = "even the quickest variants do not fit: rates are shared by weight"
            self._announcer.say("", "load", "overload", why)
        means = self._means(max(state.rate() or 1.0 for state in planned))
        self._plan_all(planned, answer, means)
        if self.residency.limited:
            able = all(state.able for state in planned)
            orders = self.residency.weigh(t, planned, answer, self._corrections(planned), means, able=able)
            self.notes += orders
            if any(isinstance(order, Unload) for order in orders):
                self._plan_all(planned, answer, means)
        for state in planned:
            state.nearby = nearby(state)

    def _plan_all(self, planned: list[StageState], aim: Aim, means: Means) -> None:
        if len(planned) == 1:
            state = planned[0]
            state.allotted = 1.0
            self._adopt(state, plan_stage(state, aim, self.account.energy.correction(state.index), means))
            return
        cap_jobs(planned, self._lanes)
        self._share(planned, aim, means)
        if not self._guarded:
            self._guarded = True
            expect_waits(planned, self._lanes, BUSY)
            self._share(planned, aim, means)

    # -- inside ------------------------------------------------------------------------------------------------

    def _say_point(self, state: StageState, plan: StagePlan) -> None:
        """Announce another main variant, and what bounds the plan."""
        point, share = max(plan.shares, key=_share_of)
        if share < _MAIN or point == state.announced:
            return
        state.announced = point
        bound = "deadline" if plan.used < 0.99 * state.allotted else "processor" if self.watts is None else "power"
        if not plan.feasible:
            bound = "deadline, which it will often miss"
        why = f"{state.load.points[point].variant} mostly, serving {100 * plan.served:.0f} %; bound by the {bound}"
        self.notes.append(Announce(state.load.name, "planned", f"{why}; slowdown x {exp(state.model.mu):.2f}"))

    def _adopt(self, state: StageState, plan: StagePlan) -> None:
        self._say_point(state, plan)
        mean = fsum(share * state.model.mean(point) for point, share in plan.shares) if state.load.switch else 0.0
        state.mixer.adopt(plan.shares, plan.served, block(state.load.switch, mean))
        state.planned_mu = state.model.mu
        state.planned_watts = plan.watts
        state.able = plan.feasible and (self.aim is None or plan.reach >= self.aim.accuracy)
        state.runs_since_plan = 0

    def _situation(self, t: int) -> Situation:
        durations = {
            (state.load.name, point): state.model.expected(point)
            for state in self.states
            for point in range(len(state.load.points))
        }
        sensed = self._sensed
        return Situation(
            tuple(state.load for state in self.states),
            durations,
            (t - self._began) * 1e-9,
            self.account.energy.idle,
            self.account.power,
            self.account.spent,
            sensed.celsius if sensed else None,
            sensed.battery if sensed else None,
            self.account.energy.basis,
            self._started,
        )

    def _derate(self) -> None:
        """Serve fewer frames of what a policy chose by itself, where heat asks for it."""
        watts = self.watts
        if watts is None:
            return
        drawn = 0.0
        for state in self.states:
            point = state.choice.point
            joules = self.account.energy.correction(state.index) * state.watts[point] * state.model.mean(point) * 1e-9
            drawn += joules * (state.rate() or 0.0)
        part = max(0.0, watts - self.account.energy.idle) / drawn if drawn else 1.0
        if part < 1.0:
            for state in self.states:
                state.mixer.adopt(((state.choice.point, 1.0),), max(LEAST_SERVED, part))

    def _share(self, states: list[StageState], aim: Aim, means: Means) -> None:
        for state, plan in zip(states, share_means(states, aim, self._corrections(states), means), strict=True):
            state.allotted = plan.used
            self._adopt(state, plan)

    def _corrections(self, states: list[StageState]) -> list[float]:
        return [self.account.energy.correction(state.index) for state in states]

    def _means(self, rate: float) -> Means:
        """Return what there is to share; the bank is repaid over REPAY_FRAMES frames at this rate (Hz)."""
        watts, idle = self.watts, self.account.energy.idle
        if watts is None:
            return Means(None, self._busy)
        if watts <= idle:
            why = f"{watts:.2f} W are allowed and the idle board takes {idle:.2f} W: only the least is run"
            self._announcer.say("", "budget", "short", why)
        else:
            self._announcer.say("", "budget", "normal", "the budget is above what the idle board takes")
        dynamic = watts - idle + self.account.bank.joules * rate / REPAY_FRAMES
        return Means(max(0.0, dynamic), self._busy)
