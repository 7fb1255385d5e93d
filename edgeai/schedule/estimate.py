"""How long a stage's operating points take now: a slowdown all share, a bias of each, a tail without a distribution.

With t the duration of a run and t_v the profiled median of its point v, in ns:

    r = ln(t / t_v) - mu - b_v                              innovation (natural log, no unit)
    beta = N(r; 0, S) / (N(r; 0, S) + tail(r) + stray),  S = P + Q + B_v + s^2
    mu += beta K r,  K = (P + Q) / S;   b_v += beta K_b r,  K_b = B_v / S
    P = (1 - beta K)(P + Q) + beta (1 - beta)(K r)^2;   B_v = (1 - beta K_b) B_v
    Q = Q (1 + (1 - a) rho),  rho = beta r / sqrt(S) times the same of the run before, held to +-1

mu: log slowdown of the board; b_v: error of the profile; s: log scale of the body; beta: probability that the run
belongs to the body, not to the tail, and so tells of mu (probabilistic data association; Bar-Shalom and Tse, Automatica
1975). The process noise Q rises while innovations are correlated and falls while they alternate: in an optimal filter
they are white (Mehra, IEEE TAC 1970). Logarithms of ratios in place of ALERT's ratios (Wan et al., USENIX ATC 2020).

The probability of taking longer than the slack D is, by three-point Gauss-Hermite quadrature over mu + b_v,

    p_v = kappa_v [4 S(g) + S(g - sqrt(3) sigma) + S(g + sqrt(3) sigma)] / 6
    g = ln(D / t_v) - mu - b_v,  sigma^2 = P + B_v,  S: survival function of the profile
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import exp, log, pi, sqrt
from typing import NamedTuple

from edgeai.schedule.change import ChangeDetector
from edgeai.schedule.shape import Shape
from edgeai.schedule.tail import SharedTail, TailRatio, bin_of

__all__ = ["LatencyModel", "Outlook", "PointModel", "Tuning"]

_SQRT3 = sqrt(3.0)
_NORM = 1.0 / sqrt(2.0 * pi)

_FADE = 1.0 - 1.0 / 5_000
"""What changes cost is remembered for 5 000 runs, as the hazard of changes is."""

_TAIL = 1.2815515655446004
"""The normal score of p90: a run beyond it may be the tail's, and then says nothing of the slowdown."""

_STRAY = 0.005
"""Density (1 / log unit) of runs that neither body nor tail explains: one in a hundred, anywhere within +-1."""

_MOST_NOISE = 0.1**2
"""Process variance a run: faster changes than 10 % a run are jumps."""

_SETTLED = 4.0
"""Runs tell of the tail once the variance of mu + b is less than so many times the body's, before that of the bias."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """The estimator's constants, each with its reason."""

    profile_error: float = 0.15
    """Standard deviation of ln(true / profiled median) of a point: two builds of one runtime differ by that much."""
    slowdown: float = 0.2
    """Standard deviation of the log slowdown at start: the board's clock is one of a few steps of about 20 %."""
    drift: float = 0.004
    """sqrt(Q0), log units a run: a board that heats up slows by a few per cent in ten runs at most."""
    memory: float = 0.9
    """a: the process noise looks back on about ten runs."""
    ageing: float = 0.001
    """Growth of each bias's standard deviation a run, log units: profiles age over hours, not seconds."""
    hazard: float = 0.001
    """Prior probability that a run begins a new regime: one change in 100 s at 10 Hz."""
    tail_prior: float = 10.0
    """Misses the profiled tail is worth: a tail known to a third (1 / sqrt 10)."""


class Outlook(NamedTuple):
    """What the next run of a point will be like.

    mean: its expected duration, ns. risk: the probability that it is late. doubt: the standard deviation of its
    profile's error, log units.
    """

    mean: float
    risk: float
    doubt: float


UNKNOWN = Outlook(0.0, 0.0, 0.0)
"""Of a point that has no profile and has not run."""


@dataclass(slots=True, eq=False)
class PointModel:
    """What is known of one operating point; durations in ns."""

    median: int
    shape: Shape
    bias: float = 0.0
    variance: float = 0.0
    """Of the bias; before the first run, of a profile as far off as profiles are thought to be."""
    runs: int = 0
    ratio: TailRatio = field(default_factory=TailRatio)
    log_median: float = 0.0
    planned_risk: float = 0.0
    """What the last plan took for its risk, before the ratios."""

    def __post_init__(self) -> None:
        self.log_median = log(self.median)


class LatencyModel:
    """Follows the durations of all operating points of one stage."""

    def __init__(self, points: int, tuning: Tuning | None = None) -> None:
        self._tuning = tuning or Tuning()
        self.derive()
        self.points: list[PointModel | None] = [None] * points
        self.mu = 0.0
        self.variance = self._tuning.slowdown**2
        self.noise = self._calm
        self.shared = SharedTail()
        self.tail = TailRatio()
        """Misses over predicted misses of all points together."""
        self.change = ChangeDetector(self._tuning.hazard)
        self.alarms = 0
        self._runs = 0.0
        self._lost = 0.0
        self._uncertain_bias = 1.0
        self._last = 0.0
        self._suspects: list[tuple[PointModel, bool, float]] = []
        self._credited: list[tuple[PointModel, bool, float]] = []

    def derive(self) -> None:
        """Work out what follows from the constants and each run needs."""
        self._calm = self._tuning.drift**2
        """Q0, the least process noise."""
        self._quickness = 1.0 - self._tuning.memory
        self._ageing = self._tuning.ageing**2

    def start(self, point: int, quantiles: Sequence[int]) -> None:
        """Take a profile (p50, p90, p95, p99, p999) in ns, 0 where a quantile is unknown."""
        p50 = max(1, quantiles[0])
        model = PointModel(p50, Shape(p50, *quantiles[1:]))
        model.variance = self._tuning.profile_error**2
        self.points[point] = model

    @property
    def known(self) -> bool:
        """Say whether every point has a profile or has run."""
        return None not in self.points

    def expected(self, point: int) -> int:
        """Return the median duration expected of a point, in ns; 0 while nothing is known."""
        model = self.points[point]
        if model is None:
            return 0
        return round(exp(model.log_median + self.mu + model.bias))

    def mean(self, point: int) -> float:
        """Return the mean duration expected of a point, in ns; 0 while nothing is known."""
        model = self.points[point]
        return 0.0 if model is None else exp(model.log_median + self.mu + model.bias) * model.shape.mean

    def risk(self, point: int, slack: int, waits: Sequence[tuple[float, int]] = ()) -> float:
        """Return the probability that a run of this point takes longer than `slack` ns.

        waits: (share, ns) of the runs that will find less slack by so much.
        """
        return self.outlook((point,), slack, waits)[0].risk

    def outlook(
        self, points: Sequence[int], slack: int | None, waits: Sequence[tuple[float, int]] = ()
    ) -> list[Outlook]:
        """Return what the next run of each of these points will be like, with `slack` ns to its deadline, if any.

        waits: as in risk. What points share is worked out once.
        """
        pooled, prior, mu = self.tail.value(self._tuning.tail_prior, 1.0), self._tuning.tail_prior, self.mu
        late = self._lateness(slack, waits)
        seen = []
        for point in points:
            model = self.points[point]
            if model is None:
                seen.append(UNKNOWN)
                continue
            centre = model.log_median + mu + model.bias
            spread = 1.0 if model.runs else self._uncertain_bias
            deviation = model.variance * spread * spread
            risk = late(model, centre, deviation) * model.ratio.value(prior, pooled)
            seen.append(Outlook(exp(centre) * model.shape.mean, 1.0 if risk > 1.0 else risk, sqrt(deviation)))
        return seen

    def _lateness(
        self, slack: int | None, waits: Sequence[tuple[float, int]]
    ) -> Callable[[PointModel, float, float], float]:
        """Return the risk before the ratios, as a function of a point, its log duration and that one's variance."""
        if slack is None:
            return lambda model, centre, deviation: 0.0
        if slack <= 0:
            return lambda model, centre, deviation: 1.0
        whole, variance, survival = log(slack), self.variance, self.shared.survival
        rest = [(share, log(slack - wait) if slack > wait else None) for share, wait in waits]

        def late(model: PointModel, centre: float, deviation: float) -> float:
            score, g = model.shape.score, whole - centre
            sigma = _SQRT3 * sqrt(variance + deviation)
            risk = (4.0 * survival(score(g)) + survival(score(g - sigma)) + survival(score(g + sigma))) / 6.0
            model.planned_risk = risk
            for share, left in rest:
                risk += share * ((1.0 if left is None else survival(score(left - centre))) - model.planned_risk)
            return risk

        return late

    def learn_tail(self) -> None:
        """Count the runs since the last plan that were no change of regime: call before asking for risks."""
        if not self._credited:
            return
        bins: dict[int, int] = {}
        tallies: dict[PointModel, tuple[int, int]] = {}
        for model, missed, score in self._credited:
            at = bin_of(score)
            bins[at] = bins.get(at, 0) + 1
            runs, misses = tallies.get(model, (0, 0))
            tallies[model] = runs + 1, misses + missed
        for model, (runs, misses) in tallies.items():
            self.tail.count(model.planned_risk, runs, misses)
            model.ratio.count(model.planned_risk, runs, misses)
        self._credited.clear()
        self.shared.learn(bins)

    def within(self, point: int, score: float) -> int:
        """Return the duration (ns) not exceeded at a normal score: 1.28 for nine runs in ten."""
        model = self.points[point]
        if model is None:
            return 0
        return round(exp(model.log_median + self.mu + model.bias + model.shape.quantile(score)))

    def observe(self, point: int, duration: int, slack: int | None) -> bool:
        """Learn from one run (ns), which had `slack` ns at its start; say whether a new regime has begun."""
        model = self.points[point]
        if model is None:
            self.start(point, (duration,))
            return False
        if not model.runs:
            model.variance *= self._uncertain_bias * self._uncertain_bias
        model.runs += 1
        self._runs = self._runs * _FADE + 1.0
        self._lost *= _FADE
        shape, bias = model.shape, model.variance
        prior = self.variance + self.noise
        total = prior + bias + shape.variance
        sigma = sqrt(total)
        r = log(max(1, duration)) - model.log_median - self.mu - model.bias
        x = r / sigma
        body = _NORM / sigma * exp(-0.5 * x * x)
        score = shape.score(r)
        tail = self.shared.density(score) * shape.slope(r) if score > _TAIL else 0.0
        usual = body + tail + _STRAY
        if total < (1.0 + _SETTLED) * shape.variance:
            self._suspects.append((model, slack is not None and duration > slack, score))
        if self.change.step(r, usual, bias, shape.variance):
            self._jump()
            return True
        if not self.change.evidence:
            self._credited += self._suspects
            self._suspects.clear()
        trust = body / usual
        if model.runs == 1:
            self._widen(trust, x * x)
        gain = trust * prior / total
        self.mu += gain * r
        self.variance = prior - gain * prior + trust * (1.0 - trust) * (prior / total * r) ** 2
        self._whiten(trust * x)
        gain = trust * bias / total
        model.bias += gain * r
        model.variance = (1.0 - gain) * bias + self._ageing
        return False

    def doubt(self, level: float) -> None:
        """Take it that another stage's runs have jumped by `level` (log units): these may have, too."""
        self.variance = min(self._tuning.slowdown**2, self.variance + level * level)

    @property
    def surprise(self) -> float:
        """Return the misses a run that came with changes of regime: no plan can avoid them, so they are set aside.

        lost / (1 / hazard + runs), both fading: nothing is set aside before something was lost.
        """
        return self._lost / (1.0 / self._tuning.hazard + self._runs)

    # -- inside ------------------------------------------------------------------------------------------------

    def _jump(self) -> None:
        """Take the level the detector found; what it took for misses was no tail."""
        self.mu += self.change.level
        self.variance = max(self.variance, self.change.variance)
        self.noise = self._calm
        self.alarms += 1
        self._lost += [missed for _, missed, _ in self._suspects].count(True)
        self._suspects.clear()
        self.change.reset()

    def _whiten(self, innovation: float) -> None:
        """Raise the process noise while innovations agree with the last one, lower it while they contradict it."""
        agreement = innovation * self._last
        self._last = innovation
        if agreement > 1.0:
            agreement = 1.0
        elif agreement < -1.0:
            agreement = -1.0
        noise = self.noise * (1.0 + self._quickness * agreement)
        self.noise = self._calm if noise < self._calm else min(noise, _MOST_NOISE)

    def _widen(self, trust: float, surprise: float) -> None:
        """Learn from first runs how far profiles are off: the mean square of r / sqrt(P + B + s^2), prior of 4 runs."""
        change = trust * (min(surprise, 9.0) - 1.0) / 4.0
        self._uncertain_bias = sqrt(max(0.25, self._uncertain_bias**2 * (1.0 + change)))
